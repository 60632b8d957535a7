"""The page for people: what it shows, and that nothing on it can be made to run."""

import os
import re
import subprocess
from pathlib import Path
from unittest.mock import Mock

from jitney.sandbox.acts import Acts
from jitney.sandbox.fault_kinds import FAULTS
from jitney.sandbox.handed_over import HandedOver
from jitney.sandbox.psp.banks import TOKENS
from jitney.sandbox.psp.cards import all_names
from jitney.sandbox.psp.catalog import OPERATIONS
from jitney.sandbox.reference import CONTROLS
from jitney.sandbox.simulation import Simulation
from tests.integration.sandbox.running import STRIPE_AND_HTTPX, Psp, SandboxProcess
from tests.integration.sandbox.test_sms import send

pytestmark = STRIPE_AND_HTTPX


async def test_the_page_shows_codes_payments_and_faults(psp: Psp) -> None:
    await send(psp, "+14155550201", "Your Jitney code is 302817.")
    held = await psp.hold(123_456, metadata={"ride": "shown"})
    await psp.fault("rate_limited", "customers.list")
    page = await psp.controls.get("/", params={"to": "+14155550201"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for text in ('data-copy="302817"', held.id, "1,234.56 USD", "ride shown", "Rate limited", "<!doctype html>"):
        assert text in page.text
    live = await psp.controls.get("/?live&to=14155550201")
    assert 'data-copy="302817"' in live.text
    assert "<!doctype html>" not in live.text
    other = await psp.controls.get("/", params={"to": "+14155550299"})
    assert "302817" not in other.text
    assert "Nothing was sent to +14155550299" in other.text


async def test_what_was_sent_is_text_and_never_markup(psp: Psp) -> None:
    await send(psp, "+14155550202", "<script>alert(1)</script>")
    page = await psp.controls.get("/", params={"to": "+14155550202"})
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_the_page_takes_nothing_from_elsewhere(psp: Psp) -> None:
    page = (await psp.controls.get("/")).text
    assert "http://" not in page
    assert "https://" not in page
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript")):
        asset = await psp.controls.get(f"/assets/{name}")
        assert (asset.status_code, asset.headers["content-type"].partition(";")[0]) == (200, kind)
    assert (await psp.controls.get("/assets/..%2Fsettings.py")).status_code == 404


async def test_the_page_shows_what_else_moved_and_what_is_to_come(psp: Psp) -> None:
    paid = await psp.hold(5000, payment_method="pm_card_pendingRefund", capture_method="automatic")
    refund = await psp.client.refunds.create_async({"payment_intent": paid.id, "amount": 777})
    disputed = await psp.hold(4000, capture_method="automatic")
    await psp.controls.post(f"/_sim/charges/{disputed.latest_charge}/dispute", json={})
    page = (await psp.controls.get("/")).text
    for text in (refund.id, "7.77 USD", "Pending", "the refund succeeds", "Needs response", "Disputed"):
        assert text in page


async def test_the_reference_names_every_card_fault_operation_and_control(psp: Psp) -> None:
    page = (await psp.controls.get("/reference")).text
    assert "http://" not in page
    names = [*FAULTS, *(f"pm_card_{name}" for name in all_names()), *TOKENS]
    names += [operation.name.partition(".")[2] for operation in OPERATIONS]
    assert [name for name in names if name not in page] == []
    parts = Simulation(Mock(), Mock()), HandedOver(Mock()), Acts(Mock())
    served = {route.path for part in parts for route in part.routes()}
    assert {path.replace("/faults/{id}", "/faults") for path in served} == {path for _, path, _ in CONTROLS}


def test_the_commands_of_the_guide_work_and_its_faults_are_those_there_are(own_sandbox: SandboxProcess) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text()
    for kind, fault in FAULTS.items():
        assert f"| `{kind}` | {', '.join(fault.targets)} | {fault.words} |" in guide
    script = "set -euo pipefail\n" + "\n".join(re.findall(r"^```sh\n(.*?)^```", guide, re.MULTILINE | re.DOTALL))
    ended = subprocess.run(
        ["/usr/bin/env", "bash", "-c", script],
        env={**os.environ, "SANDBOX": own_sandbox.url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    told = ended.stdout.splitlines()
    for word in (
        "succeeded",
        "failed",
        "expired_or_canceled_card",
        "6789",
        "paid",
        "under_review",
        "won",
        "2000",
    ):
        assert word in told
