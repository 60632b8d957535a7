"""The ride by hand of the README, as a newcomer does it: with curl, with the Python client, with the TypeScript one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.stack import Stack
from tools.typescript import node

ROOT = Path(__file__).resolve().parents[2]
# Each with phone numbers out of the way of those that other tests give to their people.
WAYS = {
    "curl": ([str(ROOT / "docs" / "walkthrough.sh")], "+14155559901", "+14155559902"),
    "python": ([sys.executable, str(ROOT / "docs" / "walkthrough.py")], "+14155559903", "+14155559904"),
    "typescript": ([str(node()), str(ROOT / "docs" / "walkthrough.ts")], "+14155559905", "+14155559906"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_walkthrough_ends_with_a_captured_ride_and_balanced_books(stack: Stack, way: str) -> None:
    command, rider_phone, driver_phone = WAYS[way]
    environment = {
        **os.environ,
        "REST": stack.rest_url,
        "STREAM": stack.stream_url,
        "SANDBOX": stack.sandbox_url,
        "JITNEY_HOME": str(stack.data),
        "RIDER_PHONE": rider_phone,
        "DRIVER_PHONE": driver_phone,
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=270, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    states = [line for line in done.stdout.splitlines() if re.fullmatch("[a-z_]+", line)]
    assert states == ["driver_en_route", "arrived", "in_progress", "completed"]
    said = done.stdout.replace(": ", ":").replace(", ", ",")
    assert '"state":"completed","payment_state":"captured"' in said
    assert "offer_created" in said
    assert '"sum_minor":0' in said
