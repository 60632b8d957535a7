"""The service as a process against the sandbox: what it serves to whom, and what a kill leaves behind."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import grpc
import httpx
import pytest

from chassis.redis_client import open_redis
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payments_pb2
from tests.integration.embedded import free_port
from tests.integration.payment.process import (
    PATIENT,
    WAIT_SECONDS,
    Caller,
    Sandbox,
    caller,
    let_leases_run_out,
    start,
    until,
)

HELD = payments_pb2.PAYMENT_STATUS_HELD
DECLINED = payments_pb2.PAYMENT_STATUS_DECLINED
CAPTURED = payments_pb2.PAYMENT_STATUS_CAPTURED
VOIDED = payments_pb2.PAYMENT_STATUS_VOIDED


@pytest.fixture
async def sandbox(sandbox_url: str) -> AsyncIterator[Sandbox]:
    async with httpx.AsyncClient(base_url=sandbox_url, timeout=WAIT_SECONDS) as client:
        yield Sandbox(client)
        await client.delete("/_sim/faults")


@pytest.fixture
def environment(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    jwks_file: Path,
    sandbox_url: str,
) -> dict[str, str]:
    return {
        "JITNEY_PAYMENT_DATABASE_URL": migrated_postgres_url("payment"),
        "JITNEY_PAYMENT_LISTEN": f"127.0.0.1:{free_port()}",
        "JITNEY_PAYMENT_METRICS_LISTEN": "127.0.0.1:0",
        "JITNEY_PAYMENT_PSP_URL": f"{sandbox_url}/psp",
        "JITNEY_PAYMENT_SWEEP_SECONDS": "0.1",
        "JITNEY_REDIS_URL": redis_url_for(11),
        "JITNEY_JWKS_FILE": str(jwks_file),
        "JITNEY_LOG_LEVEL": "debug",
    } | PATIENT


async def refusal(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code().name


async def test_it_serves_everybody_what_is_theirs_and_drains(
    environment: dict[str, str], signing_keys: Path, sandbox: Sandbox
) -> None:
    service = await start("serve", environment)
    redis = open_redis(environment["JITNEY_REDIS_URL"])
    told = ["HoldPlaced", "PaymentCaptured", "HoldDeclined", "HoldPlaced", "HoldVoided"]

    async def all_are_told() -> bool:
        return await redis.xlen("events:payment") >= len(told)

    try:
        async with caller(environment["JITNEY_PAYMENT_LISTEN"], signing_keys) as ask:
            await serve_a_ride(ask, sandbox)
            await refuse_what_is_not_theirs(ask)
            # Events follow their commit; who is told to stop leaves the rest to the next who starts.
            await until(all_are_told)
    finally:
        service.send_signal(signal.SIGTERM)
        output, log = await asyncio.wait_for(service.communicate(), WAIT_SECONDS)
    assert (service.returncode, output) == (0, b"")
    assert {"serving", "stopped"} <= {json.loads(line)["message"] for line in log.decode().splitlines()}
    assert b"pm_card_" not in log
    assert b"sk_test" not in log

    entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", await redis.xrange("events:payment"))
    await redis.aclose()
    assert [entry[b"type"].decode().rsplit(".", 1)[1] for _, entry in entries] == told


async def serve_a_ride(ask: Caller, sandbox: Sandbox) -> None:
    charged, declined, voided = uuid4(), uuid4(), uuid4()
    ask.method_id = await ask.add_card("pm_card_visa")
    held = await ask.hold(charged)
    assert (held.status, held.authorized.amount_minor, held.outcome_unknown) == (HELD, 2500, False)
    assert (await ask.capture(charged)).status == CAPTURED
    receipt = (await ask.as_rider("GetReceipt", pb.GetReceiptRequest(ride_id=str(charged)))).receipt
    assert (receipt.total.amount_minor, receipt.brand, receipt.last_digits) == (2000, "visa", "4242")
    earnings = await ask.as_driver("GetEarnings", pb.GetEarningsRequest())
    assert [money.amount_minor for money in earnings.balances] == [1500]
    journal = await ask.as_operator("ListJournalEntries", pb.ListJournalEntriesRequest(ride_id=str(charged)))
    assert {leg.account: leg.amount.amount_minor for leg in journal.entries[0].postings} == {
        "psp_receivable": 2000,
        f"driver:{ask.driver_id}": -1500,
        "commission": -500,
    }
    balance = await ask.as_operator("GetTrialBalance", pb.GetTrialBalanceRequest())
    assert [(row.currency_code, row.sum_minor, row.entry_count) for row in balance.currencies] == [("USD", 0, 1)]

    good, ask.method_id = ask.method_id, await ask.add_card("pm_card_chargeCustomerFail")
    payment = await ask.hold(declined)
    assert (payment.status, payment.decline_reason) == (DECLINED, "generic_decline")
    ask.method_id = good
    await ask.hold(voided)
    assert (await ask.void(voided)).status == VOIDED
    assert (await sandbox.truth(voided))["status"] == "canceled"
    cards = await ask.as_rider("ListPaymentMethods", pb.ListPaymentMethodsRequest())
    assert [card.last_digits for card in cards.payment_methods] == ["0341", "4242"]
    for card in cards.payment_methods:
        await ask.as_rider(
            "RemovePaymentMethod",
            pb.RemovePaymentMethodRequest(request_id=str(uuid4()), payment_method_id=card.payment_method_id),
        )
    assert not (await ask.as_rider("ListPaymentMethods", pb.ListPaymentMethodsRequest())).payment_methods
    assert [entry.ride_id for entry in earnings.entries] == [str(charged)]
    stranger = pb.GetPaymentRequest(ride_id=str(charged))
    assert await refusal(ask.as_rider("GetPayment", stranger, rider_id=uuid4())) == "NOT_FOUND"


async def refuse_what_is_not_theirs(ask: Caller) -> None:
    ride_id = str(uuid4())
    assert await refusal(ask.as_rider("VoidHold", pb.VoidHoldRequest(request_id="r", ride_id=ride_id))) == (
        "PERMISSION_DENIED"
    )
    assert await refusal(ask.as_rider("GetTrialBalance", pb.GetTrialBalanceRequest())) == "PERMISSION_DENIED"
    assert await refusal(ask.as_matching("GetEarnings", pb.GetEarningsRequest())) == "PERMISSION_DENIED"
    assert await refusal(ask.stub.GetPayment(pb.GetPaymentRequest(ride_id=ride_id))) == "UNAUTHENTICATED"
    assert await refusal(ask.as_matching("GetPayment", pb.GetPaymentRequest(ride_id=ride_id))) == "NOT_FOUND"
    assert await refusal(ask.as_matching("VoidHold", pb.VoidHoldRequest(request_id="r", ride_id="x"))) == (
        "INVALID_ARGUMENT"
    )


async def test_killed_between_the_psps_effect_and_its_record_it_charges_once(
    environment: dict[str, str], signing_keys: Path, sandbox: Sandbox
) -> None:
    holding, capturing, voiding = uuid4(), uuid4(), uuid4()
    service = await start("serve", environment)
    try:
        async with caller(environment["JITNEY_PAYMENT_LISTEN"], signing_keys) as ask:
            ask.method_id = await ask.add_card("pm_card_visa")
            for ride_id in (capturing, voiding):
                assert (await ask.hold(ride_id)).status == HELD
            for operation in ("create", "capture", "cancel"):
                await sandbox.fail(f"payment_intents.{operation}", "timeout_after_effect", seconds=60)
            calls = [
                asyncio.ensure_future(call) for call in (ask.hold(holding), ask.capture(capturing), ask.void(voiding))
            ]

            async def all_have_happened() -> bool:
                truths = [await sandbox.truth(ride_id) for ride_id in (holding, capturing, voiding)]
                return [truth.get("status") for truth in truths] == ["requires_capture", "succeeded", "canceled"]

            await until(all_have_happened)
            service.kill()
            await service.communicate()
            assert all(
                isinstance(end, grpc.aio.AioRpcError) for end in await asyncio.gather(*calls, return_exceptions=True)
            )
    finally:
        if service.returncode is None:
            service.kill()
            await service.communicate()

    await let_leases_run_out(environment)
    service = await start("serve", environment)
    try:
        async with caller(environment["JITNEY_PAYMENT_LISTEN"], signing_keys) as ask:

            async def all_are_known() -> bool:
                payments = [await ask.payment(ride_id) for ride_id in (holding, capturing, voiding)]
                return [payment.status for payment in payments] == [HELD, CAPTURED, VOIDED]

            await until(all_are_known)
            await compare_with_the_sandbox(ask, sandbox, [holding, capturing, voiding])
    finally:
        service.send_signal(signal.SIGTERM)
        await asyncio.wait_for(service.communicate(), WAIT_SECONDS)


async def compare_with_the_sandbox(ask: Caller, sandbox: Sandbox, ride_ids: list[UUID]) -> None:
    collected_minor = 0
    for ride_id in ride_ids:
        payment, truth = await ask.payment(ride_id), await sandbox.truth(ride_id)
        assert (truth["authorizations"], truth["authorized_minor"]) == (1, payment.authorized.amount_minor)
        assert truth["captures"] == (payment.status == CAPTURED)
        assert truth["captured_minor"] == payment.captured.amount_minor
        collected_minor += truth["captured_minor"]
    balance = await ask.as_operator("GetTrialBalance", pb.GetTrialBalanceRequest())
    assert [row.sum_minor for row in balance.currencies] == [0]
    assert {row.account_kind: row.balance.amount_minor for row in balance.accounts}["psp_receivable"] == collected_minor
