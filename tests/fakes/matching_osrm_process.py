"""Starts the OSRM of the tests as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def osrm_server() -> Generator[str]:
    """Yield its address; it ends with the block."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.fakes.matching_osrm"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()
