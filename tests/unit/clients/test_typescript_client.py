"""Runs client.test.ts with the Node of the locked environment."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.typescript import node

TESTS = Path(__file__).parent / "client.test.ts"


def test_the_typescript_client_keeps_its_promises() -> None:
    done = subprocess.run(
        [node(), "--test", "--test-reporter=tap", TESTS], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 9" in done.stdout
