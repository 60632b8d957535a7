"""The sandbox killed at work and started again; and asked to stop while clients wait."""

import asyncio
import contextlib
import signal
import subprocess
from pathlib import Path

import httpx
import pytest
import stripe

from jitney.stack.launch import Launcher
from tests.integration.embedded import free_port
from tests.integration.sandbox.running import PATIENCE_SECONDS, STRIPE_AND_HTTPX, Psp, SandboxProcess, until

pytestmark = STRIPE_AND_HTTPX


async def ready(psp: Psp) -> None:
    """Wait until it answers."""

    async def answers() -> bool:
        try:
            return (await psp.controls.get("/healthz")).status_code == 200
        except httpx.ConnectError:
            return False

    await until(answers)


async def test_what_was_answered_is_there_after_a_kill(launcher: Launcher, tmp_path: Path) -> None:
    sandbox = SandboxProcess(launcher, tmp_path)
    psp = Psp(sandbox.url)
    process = sandbox.start()
    await ready(psp)
    held = await psp.hold(key="before-the-kill")
    captured = await psp.hold(key="captured")
    await psp.client.payment_intents.capture_async(captured.id, {"amount_to_capture": 1000})
    await psp.fault("timeout_after_effect", "payment_intents.cancel")
    await psp.advance(3600)

    async def traffic() -> int:
        answered = 0
        with contextlib.suppress(stripe.APIConnectionError):
            while True:
                await psp.hold(100, key=f"traffic-{answered}", metadata={"case": "traffic"})
                answered += 1
        return answered

    busy = asyncio.create_task(traffic())

    async def under_way() -> bool:
        return len(await psp.ledger(**{"metadata[case]": "traffic"})) >= 5

    await until(under_way)
    process.kill()
    await asyncio.to_thread(process.wait)
    sandbox.forget(process)
    answered = await busy

    with sandbox.running():
        assert (await psp.hold(key="before-the-kill")).id == held.id
        [line] = await psp.ledger(payment_intent=captured.id)
        assert (line["captured_minor"], line["released_minor"]) == (1000, 1280)
        assert (await psp.controls.get("/_sim/clock")).json()["offset_seconds"] == 3600
        assert len((await psp.controls.get("/_sim/faults")).json()["faults"]) == 1
        kept = len(await psp.ledger(**{"metadata[case]": "traffic"}))
        assert kept in {answered, answered + 1}  # the last one was done, or was not; nobody was told
        for number in range(answered + 1):
            await psp.hold(100, key=f"traffic-{number}", metadata={"case": "traffic"})
        assert len(await psp.ledger(**{"metadata[case]": "traffic"})) == answered + 1
    await psp.close()


async def test_what_is_to_come_comes_after_a_kill_and_once(launcher: Launcher, tmp_path: Path) -> None:
    sandbox = SandboxProcess(launcher, tmp_path)
    psp = Psp(sandbox.url)
    process = sandbox.start()
    await ready(psp)
    intent = await psp.hold(50_000, payment_method="pm_card_bypassPending", capture_method="automatic")
    await psp.fault("fails_later", "refunds.create", seconds=3600)
    refund = await psp.client.refunds.create_async({"payment_intent": intent.id, "amount": 700})
    account = await psp.client.accounts.create_async(
        {"type": "custom", "country": "US", "capabilities": {"transfers": {"requested": True}}}
    )
    await psp.client.accounts.external_accounts.create_async(account.id, {"external_account": "btok_us_verified"})
    await psp.client.transfers.create_async({"amount": 3000, "currency": "usd", "destination": account.id})
    payout = await psp.client.payouts.create_async({"amount": 3000, "currency": "usd"}, {"stripe_account": account.id})
    # Killed while the clock runs through what is to come: each thing is done or is not, and none is done twice.
    advancing = asyncio.create_task(psp.controls.post("/_sim/clock", json={"advance_seconds": 4 * 24 * 3600}))

    async def moved() -> bool:
        return (await psp.controls.get("/_sim/clock")).json()["offset_seconds"] > 0

    await until(moved)
    process.kill()
    await asyncio.to_thread(process.wait)
    sandbox.forget(process)
    with contextlib.suppress(httpx.HTTPError):
        await advancing

    with sandbox.running():

        async def over() -> bool:
            told = await psp.client.payouts.retrieve_async(payout.id, None, {"stripe_account": account.id})
            return told.status == "paid" and (await psp.client.refunds.retrieve_async(refund.id)).status == "failed"

        await until(over)
        [line] = await psp.ledger(payment_intent=intent.id)
        assert (line["refunded_minor"], line["refunds"], line["failed_refunds"]) == (0, 1, 1)
        events = await psp.client.events.list_async({"type": "payout.paid"}, {"stripe_account": account.id})
        assert [event.data.object["id"] for event in events.data] == [payout.id]
    await psp.close()


async def test_it_stops_in_good_order_although_a_client_waits(launcher: Launcher, tmp_path: Path) -> None:
    sandbox = SandboxProcess(launcher, tmp_path)
    psp = Psp(sandbox.url)
    process = sandbox.start()
    await ready(psp)
    await psp.fault("timeout_before_effect", "customers.create", seconds=600)
    waiting = asyncio.create_task(psp.client.customers.create_async())

    async def struck() -> bool:
        return bool((await psp.controls.get("/_sim/faults")).json()["faults"][0]["fired"])

    await until(struck)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, PATIENCE_SECONDS) == 0
    sandbox.forget(process)
    with pytest.raises(stripe.APIConnectionError):
        await waiting
    await psp.close()


@pytest.mark.parametrize(
    ("changed", "words"), [("JITNEY_SANDBOX_DATA", "Address already in use"), ("JITNEY_SANDBOX_LISTEN", "is locked")]
)
def test_two_sandboxes_share_neither_address_nor_data(
    own_sandbox: SandboxProcess, tmp_path: Path, changed: str, words: str
) -> None:
    other = {"JITNEY_SANDBOX_DATA": str(tmp_path), "JITNEY_SANDBOX_LISTEN": f"127.0.0.1:{free_port()}"}
    environment = {**own_sandbox.spec.environment, changed: other[changed]}
    ended = subprocess.run(own_sandbox.spec.argv, env=environment, capture_output=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert words in ended.stderr.decode()
