"""The ride by hand of the README, as a newcomer does it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.system.stack import Stack

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "walkthrough.sh"


def test_the_walkthrough_ends_with_a_captured_ride_and_balanced_books(stack: Stack) -> None:
    environment = {
        **os.environ,
        "REST": stack.rest_url,
        "STREAM": stack.stream_url,
        "SANDBOX": stack.sandbox_url,
        "JITNEY_HOME": str(stack.data),
        # Out of the way of the numbers that other tests give to their people.
        "RIDER_PHONE": "+14155559901",
        "DRIVER_PHONE": "+14155559902",
    }
    done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    states = [line for line in done.stdout.splitlines() if re.fullmatch("[a-z_]+", line)]
    assert states == ["driver_en_route", "arrived", "in_progress", "completed"]
    assert '"state":"completed","payment_state":"captured"' in done.stdout
    assert "event: offer_created" in done.stdout
    assert '"sum_minor":0' in done.stdout
