"""Which revision a service's schema should stand at, told by the names of its migrations alone.

A process that serves asks this once and never migrates, so it need not load Alembic.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path


def head_revision(package: str) -> str:
    """Return the id of the package's newest revision (`0002` of `0002_ledger.py`).

    Revisions are numbered in their order (`chassis.migrations.draft` sees to that); a package without any, or with two
    of the same number, is a ValueError.
    """
    spec = importlib.util.find_spec(f"{package}.migrations")
    if spec is None or spec.origin is None:
        raise ValueError(f"{package} has no migrations package")
    versions = Path(spec.origin).parent / "versions"
    numbers = sorted(file.name.split("_", 1)[0] for file in versions.glob("[0-9]*_*.py"))
    if not numbers:
        raise ValueError(f"{package} has no migrations")
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"{package} has two migrations of the same number")
    return numbers[-1]
