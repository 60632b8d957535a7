"""Reads key files at the start; a missing or wrong one ends the process in plain words, like a wrong setting."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def load_or_exit(variable: str, load: Callable[[], T]) -> T:
    """Return what `load` reads; if it cannot, name the variable on stderr and exit with status 2."""
    try:
        return load()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{variable}: cannot be read ({type(error).__name__})\n")
        sys.exit(2)
