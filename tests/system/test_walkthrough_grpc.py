"""The ride by hand over gRPC: grpcurl and a token, as docs/walkthrough_grpc.sh tells."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system.stack import Stack

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools" / "bin"


def test_grpcurl_with_a_token_walks_a_ride(stack: Stack) -> None:
    if shutil.which("grpcurl", path=f"{TOOLS}{os.pathsep}{os.environ['PATH']}") is None:
        pytest.skip("there is no grpcurl here: docs/walkthrough_grpc.sh tells how to get it")
    environment = {
        **os.environ,
        "IDENTITY": stack.addresses["JITNEY_IDENTITY_LISTEN"],
        "MATCHING": stack.matching_target,
        "NOTIFICATION": stack.notification_target,
        "PAYMENT": stack.addresses["JITNEY_PAYMENT_LISTEN"],
        "SANDBOX": stack.sandbox_url,
        "JITNEY_HOME": str(stack.data),
        "RIDER_PHONE": "+14155559907",
        "DRIVER_PHONE": "+14155559908",
    }
    command = [str(ROOT / "docs" / "walkthrough_grpc.sh")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=270, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    states = [line for line in done.stdout.splitlines() if re.fullmatch("RIDE_STATE_[A-Z_]+", line)]
    steps = ("DRIVER_EN_ROUTE", "ARRIVED", "IN_PROGRESS", "COMPLETED")
    assert states == [f"RIDE_STATE_{state}" for state in steps]
    assert '"type": "offer_created"' in done.stdout
    assert "Code: Unauthenticated" in done.stdout
    assert '"total"' in done.stdout
