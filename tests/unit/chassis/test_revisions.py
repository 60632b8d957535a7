"""The newest revision, told by file names, is the one Alembic would go to."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from chassis.revisions import head_revision

SERVICES = ("identity_service", "matching_service", "payment_service", "notification_service")


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the revisions of an importable package `numbered_service`."""
    folder = tmp_path / "numbered_service" / "migrations" / "versions"
    folder.mkdir(parents=True)
    (tmp_path / "numbered_service" / "__init__.py").touch()
    (tmp_path / "numbered_service" / "migrations" / "__init__.py").touch()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "numbered_service", raising=False)
    monkeypatch.delitem(sys.modules, "numbered_service.migrations", raising=False)
    return folder


@pytest.mark.parametrize("package", SERVICES)
def test_the_newest_file_of_a_service_is_alembics_only_head(package: str) -> None:
    spec = importlib.util.find_spec(f"{package}.migrations")
    assert spec is not None
    assert spec.origin is not None
    assert ScriptDirectory(Path(spec.origin).parent).get_heads() == [head_revision(package)]


def test_the_highest_number_is_the_newest(versions: Path) -> None:
    for name in ("0002_later.py", "0010_latest.py", "0001_first.py"):
        (versions / name).touch()
    assert head_revision("numbered_service") == "0010"


def test_two_revisions_of_the_same_number_are_refused(versions: Path) -> None:
    for name in ("0001_first.py", "0002_one.py", "0002_other.py"):
        (versions / name).touch()
    with pytest.raises(ValueError, match="two migrations of the same number"):
        head_revision("numbered_service")


def test_a_package_without_revisions_is_refused(versions: Path) -> None:
    with pytest.raises(ValueError, match="numbered_service has no migrations"):
        head_revision("numbered_service")


@pytest.mark.parametrize("package", SERVICES)
def test_a_service_that_serves_does_not_load_the_migration_tools(package: str) -> None:
    code = f"import sys, {package}.__main__; print([name for name in ('alembic', 'mako') if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.strip() == "[]"
