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
from tests.integration.sandbox.running import STRIPE_AND_HTTPX, Psp, SandboxProcess, until

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


async def test_it_stops_in_good_order_although_a_client_waits(launcher: Launcher, tmp_path: Path) -> None:
    sandbox = SandboxProcess(launcher, tmp_path)
    psp = Psp(sandbox.url, timeout_seconds=60)
    process = sandbox.start()
    await ready(psp)
    await psp.fault("timeout_before_effect", "customers.create", seconds=600)
    waiting = asyncio.create_task(psp.client.customers.create_async())

    async def struck() -> bool:
        return bool((await psp.controls.get("/_sim/faults")).json()["faults"][0]["fired"])

    await until(struck)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 15) == 0
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
