"""Drivers' money through gRPC, the service a process that dies, and the sandbox its PSP by Stripe's own library."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from jitney.stack.launch import Launcher
from ridesharing.common.v1.money_pb2 import Money
from ridesharing.payment.v1 import driver_account_service_pb2 as accounts_pb
from ridesharing.payment.v1 import payout_service_pb2 as pb
from ridesharing.payment.v1.driver_account_service_pb2_grpc import DriverAccountServiceStub
from ridesharing.payment.v1.payout_service_pb2_grpc import PayoutServiceStub
from tests.integration.embedded import free_port
from tests.integration.payment.process import PATIENT, WAIT_SECONDS, Caller, caller, let_leases_run_out, start, until
from tests.integration.sandbox.running import SandboxProcess


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A sandbox whose money may be spent at once, and whose banks work when its clock goes on."""
    with Launcher() as launcher:
        process = SandboxProcess(launcher, tmp_path)
        own = {"JITNEY_SANDBOX_SETTLEMENT": "manual", "JITNEY_SANDBOX_AVAILABLE_SECONDS": "0"}
        process.spec = replace(process.spec, environment={**process.spec.environment, **own})
        with process.running():
            async with httpx.AsyncClient(base_url=process.url, timeout=WAIT_SECONDS) as client:
                yield client


@pytest.fixture
def environment(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    jwks_file: Path,
    sandbox: httpx.AsyncClient,
) -> dict[str, str]:
    return {
        "JITNEY_PAYMENT_DATABASE_URL": migrated_postgres_url("payment"),
        "JITNEY_PAYMENT_LISTEN": f"127.0.0.1:{free_port()}",
        "JITNEY_PAYMENT_METRICS_LISTEN": "127.0.0.1:0",
        "JITNEY_PAYMENT_PSP_URL": f"{str(sandbox.base_url).rstrip('/')}/psp",
        "JITNEY_PAYMENT_SWEEP_SECONDS": "0.1",
        "JITNEY_PAYMENT_PAYOUT_LOOK_SECONDS": "1",
        "JITNEY_PAYMENT_PAYOUT_SCHEDULE": "off",
        "JITNEY_REDIS_URL": redis_url_for(7),
        "JITNEY_JWKS_FILE": str(jwks_file),
    } | PATIENT


async def refusal(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value.code().name


async def effects(sandbox: httpx.AsyncClient, kind: str) -> list[tuple[int, int]]:
    """Return what really was moved, and what of it came back."""
    lines = (await sandbox.get(f"/_sim/ledger/{kind}")).raise_for_status().json()[kind]
    return [(line["moved_minor"], line["returned_minor"]) for line in lines]


async def standing(accounts: Caller) -> Any:
    request = accounts_pb.GetDriverStandingRequest(currency_code="USD")
    return (await accounts.as_driver("GetDriverStanding", request)).standing


@pytest.mark.parametrize("failpoint", ["transfer.asked", "send_payout.asked", "send_payout.recorded"])
async def test_payout_reaches_the_bank_once_though_the_service_dies(
    environment: dict[str, str], signing_keys: Path, sandbox: httpx.AsyncClient, failpoint: str
) -> None:
    address, people = environment["JITNEY_PAYMENT_LISTEN"], (uuid4(), uuid4())
    dying = await start("serve", environment | {"JITNEY_FAILPOINT": failpoint})
    async with caller(address, signing_keys) as ask:
        ask.rider_id, ask.driver_id = people
        payouts = ask.of(PayoutServiceStub)
        ask.method_id = await ask.add_card("pm_card_visa")
        ride_id = uuid4()
        await ask.hold(ride_id)
        await ask.capture(ride_id)
        bank = pb.SetPayoutAccountRequest(request_id="bank", bank_token="btok_us_verified", country_code="US")
        account = (await payouts.as_driver("SetPayoutAccount", bank)).payout_account
        assert (account.last_digits, account.currency_code) == ("6789", "USD")
        asked = pb.RequestPayoutRequest(request_id="all", currency_code="USD")
        # Its worker may be quicker to die than its answer to come.
        try:
            pending = (await payouts.as_driver("RequestPayout", asked)).payout
        except grpc.aio.AioRpcError as lost:
            if lost.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
        else:
            assert (pending.amount.amount_minor, pending.status) == (1500, pb.PAYOUT_STATUS_PENDING)
        async with asyncio.timeout(WAIT_SECONDS):
            await dying.communicate()
    assert dying.returncode == -signal.SIGKILL
    await let_leases_run_out(environment)

    service = await start("serve", environment)
    try:
        async with caller(address, signing_keys) as ask:
            ask.rider_id, ask.driver_id = people
            payouts, accounts = ask.of(PayoutServiceStub), ask.of(DriverAccountServiceStub)
            payout = (await payouts.as_driver("RequestPayout", asked)).payout

            async def stands(status: Any) -> bool:
                shown = await payouts.as_driver("GetPayout", pb.GetPayoutRequest(payout_id=payout.payout_id))
                return shown.payout.status == status

            await until(lambda: stands(pb.PAYOUT_STATUS_SENT))
            (await sandbox.post("/_sim/clock", json={"advance_seconds": 3 * 86_400})).raise_for_status()
            await until(lambda: stands(pb.PAYOUT_STATUS_PAID))
            again = (await payouts.as_driver("RequestPayout", asked)).payout
            assert again.payout_id == payout.payout_id
            assert (await standing(accounts)).balance.amount_minor == 0
            await only_theirs(payouts, accounts, payout.payout_id)
    finally:
        service.send_signal(signal.SIGTERM)
        await asyncio.wait_for(service.communicate(), WAIT_SECONDS)

    assert await effects(sandbox, "transfers") == [(1500, 0)]
    assert await effects(sandbox, "payouts") == [(1500, 0)]


async def only_theirs(payouts: Caller, accounts: Caller, payout_id: str) -> None:
    """A driver sees the own things alone, riders see nothing, operators all."""
    stranger = replace(payouts, driver_id=uuid4())
    one = pb.GetPayoutRequest(payout_id=payout_id)
    assert await refusal(stranger.as_driver("GetPayout", one)) == "NOT_FOUND"
    assert await refusal(payouts.as_rider("GetPayout", one)) == "PERMISSION_DENIED"
    assert await refusal(payouts.as_driver("RetryPayout", pb.RetryPayoutRequest())) == "PERMISSION_DENIED"
    named = pb.ListPayoutsRequest(driver_id=str(payouts.driver_id))
    assert await refusal(stranger.as_driver("ListPayouts", named)) == "NOT_FOUND"
    assert len((await payouts.as_operator("ListPayouts", named)).payouts) == 1
    for token in ("nonsense", "bm9uc2Vuc2U="):
        asked = pb.ListPayoutsRequest(page_token=token)
        assert await refusal(payouts.as_driver("ListPayouts", asked)) == "INVALID_ARGUMENT"
    request = accounts_pb.GetDriverStandingRequest(currency_code="XXZ")
    assert await refusal(accounts.as_driver("GetDriverStanding", request)) == "INVALID_ARGUMENT"
    unnamed = accounts_pb.GetDriverStandingRequest(currency_code="USD")
    assert await refusal(accounts.as_operator("GetDriverStanding", unnamed)) == "INVALID_ARGUMENT"


async def test_terms_payments_statement_and_patronage_through_the_contract(
    environment: dict[str, str], signing_keys: Path
) -> None:
    service = await start("serve", environment)
    try:
        async with caller(environment["JITNEY_PAYMENT_LISTEN"], signing_keys) as ask:
            accounts = ask.of(DriverAccountServiceStub)
            driver_id = str(ask.driver_id)
            terms = accounts_pb.SetDriverTermsRequest(
                request_id="terms", driver_id=driver_id, model=accounts_pb.REMUNERATION_MODEL_PATRONAGE
            )
            first = await accounts.as_operator("SetDriverTerms", terms)
            assert await accounts.as_operator("SetDriverTerms", terms) == first
            terms.model = accounts_pb.REMUNERATION_MODEL_COMMISSION
            assert await refusal(accounts.as_operator("SetDriverTerms", terms)) == "FAILED_PRECONDITION"
            shown = await accounts.as_driver("GetDriverTerms", accounts_pb.GetDriverTermsRequest())
            assert shown.terms.model == accounts_pb.REMUNERATION_MODEL_PATRONAGE

            begin = now()
            ask.method_id = await ask.add_card("pm_card_visa")
            ride_id = uuid4()
            await ask.hold(ride_id)
            await ask.capture(ride_id)
            paid_in = accounts_pb.RecordDriverPaymentRequest(
                request_id="desk", driver_id=driver_id, amount=usd(300), reference="R-1"
            )
            recorded = await accounts.as_operator("RecordDriverPayment", paid_in)
            assert recorded.standing.balance.amount_minor == 1800
            paid_in.amount.amount_minor = 0
            paid_in.request_id = "desk-2"
            assert await refusal(accounts.as_operator("RecordDriverPayment", paid_in)) == "INVALID_ARGUMENT"

            end = now()
            surplus = accounts_pb.DeclarePatronageRequest(
                request_id="surplus", start_time=begin, end_time=end, amount=usd(200)
            )
            declared = (await accounts.as_operator("DeclarePatronage", surplus)).patronage
            assert (declared.commission.amount_minor, declared.member_count) == (500, 1)

            async def posted() -> bool:
                return (await standing(accounts)).balance.amount_minor == 2000

            await until(posted)
            mine = await accounts.as_driver("ListPatronage", accounts_pb.ListPatronageRequest())
            assert [(it.share.amount_minor, it.HasField("amount")) for it in mine.patronages] == [(200, False)]
            statement = await accounts.as_driver(
                "GetEarningsStatement",
                accounts_pb.GetEarningsStatementRequest(
                    currency_code="USD", start_time=begin, end_time=now(), page_size=2
                ),
            )
            sums = statement.sums
            assert (sums.gross_fares.amount_minor, sums.commission.amount_minor) == (2000, -500)
            assert (sums.payments.amount_minor, sums.patronage.amount_minor) == (300, 200)
            assert statement.closing_balance.amount_minor == 2000
            assert [line.kind for line in statement.lines] == ["patronage", "driver_payment"]
            assert statement.next_page_token
            assert await refusal(accounts.as_driver("DeclarePatronage", surplus)) == "PERMISSION_DENIED"
            of_matching = accounts_pb.GetDriverStandingRequest(driver_id=driver_id, currency_code="USD")
            seen = await accounts.as_matching("GetDriverStanding", of_matching)
            assert seen.standing.cash_allowed
    finally:
        service.send_signal(signal.SIGTERM)
        await asyncio.wait_for(service.communicate(), WAIT_SECONDS)


def usd(amount_minor: int) -> Money:
    return Money(currency_code="USD", amount_minor=amount_minor)


def now() -> Timestamp:
    stamp = Timestamp()
    stamp.GetCurrentTime()
    return stamp
