"""Runs the tests of the pages' modules with the Node of the locked environment: no browser, no layout, no drawing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.typescript import node

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_the_modules_keep_their_promises(name: str) -> None:
    command = [node(), "--test", "--test-reporter=tap", HERE / name]
    environment = {"TZ": "America/Los_Angeles", "LC_ALL": "en_US.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout

