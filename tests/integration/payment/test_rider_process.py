"""Riders' money through gRPC, the service a process and the sandbox its PSP: what each charge leaves in the ledger."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import pytest

from payment_service.entrypoints.pages import write_token
from ridesharing.common.v1.money_pb2 import Money
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payments_pb2
from ridesharing.payment.v1 import wallet_service_pb2 as wallet_pb
from ridesharing.payment.v1.wallet_service_pb2_grpc import WalletServiceStub
from tests.integration.embedded import free_port
from tests.integration.payment.process import PATIENT, WAIT_SECONDS, Caller, caller, start, until

CAPTURED = payments_pb2.PAYMENT_STATUS_CAPTURED
LINE = payments_pb2.ChargeLine


def usd(amount_minor: int) -> Money:
    return Money(currency_code="USD", amount_minor=amount_minor)


def line(kind: str, amount_minor: int, commission_basis_points: int = 0, tax_jurisdiction: str = "") -> Any:
    return LINE(
        kind=payments_pb2.ChargeLineKind.Value(f"CHARGE_LINE_KIND_{kind}"),
        amount=usd(amount_minor),
        commission_basis_points=commission_basis_points,
        tax_jurisdiction=tax_jurisdiction,
    )


NOTE = (
    line("FARE", 2000, 2500),
    line("TOLL", 200),
    line("TAX", 180, tax_jurisdiction="us-ca-sf"),
    line("PROMOTION", 100),
)
"""Fare 2000, toll 200, tax 180, promotion 100, commission 500."""

CHARGES = {
    "ride": (NOTE, {"psp_receivable": 2280, "promo": 100, "driver": -1700, "commission": -500, "tax:us-ca-sf": -180}),
    "cancel fee": ((line("CANCEL_FEE", 500, 3000),), {"psp_receivable": 500, "driver": -350, "commission": -150}),
    "no-show fee": ((line("NO_SHOW_FEE", 700, 2000),), {"psp_receivable": 700, "driver": -560, "commission": -140}),
    "waiting": (
        (line("FARE", 1000, 2500), line("WAITING", 101, 2500)),
        {"psp_receivable": 1101, "driver": -826, "commission": -275},
    ),
    "tolls and tip on the way": (
        (line("FARE", 1000, 2500), line("TOLL", 350), line("TIP", 150)),
        {"psp_receivable": 1500, "driver": -1250, "commission": -250},
    ),
    "taxes of two jurisdictions": (
        (line("BOOKING_FEE", 150), line("TAX", 90, tax_jurisdiction="us-ca"), line("TAX", 30, tax_jurisdiction="us")),
        {"psp_receivable": 270, "booking_fee": -150, "tax:us-ca": -90, "tax:us": -30},
    ),
    "promotion of the whole commission": (
        (line("FARE", 1000, 2500), line("PROMOTION", 400)),
        {"psp_receivable": 600, "promo": 400, "driver": -750, "commission": -250},
    ),
}
CASH = {"driver": 580, "promo": 100, "commission": -500, "tax:us-ca-sf": -180}
WALLET = CHARGES["ride"][1] | {"rider_wallet": 2280}


@dataclass
class Running:
    """The service with its callers and its PSP."""

    ask: Caller
    sandbox: httpx.AsyncClient

    async def as_rider(self, method: str, request: Any) -> Any:
        return await self.ask.of(WalletServiceStub).as_rider(method, request)

    async def as_operator(self, method: str, request: Any) -> Any:
        return await self.ask.of(WalletServiceStub).as_operator(method, request)

    async def charge(self, lines: Any, *, funding: Any = payments_pb2.FUNDING_CARD, held_minor: int = 2280) -> UUID:
        """Hold and capture a ride; return it."""
        ride_id = uuid4()
        hold = pb.PlaceHoldRequest(
            request_id=f"{ride_id}:hold",
            ride_id=str(ride_id),
            rider_id=str(self.ask.rider_id),
            payment_method_id=self.ask.method_id if funding == payments_pb2.FUNDING_CARD else "",
            amount=usd(held_minor),
            funding=funding,
        )
        held = (await self.ask.as_matching("PlaceHold", hold)).payment
        assert held.status == payments_pb2.PAYMENT_STATUS_HELD
        capture = pb.CapturePaymentRequest(
            request_id=f"{ride_id}:capture", ride_id=str(ride_id), driver_id=str(self.ask.driver_id), lines=lines
        )
        assert (await self.ask.as_matching("CapturePayment", capture)).payment.status == CAPTURED
        return ride_id

    async def posted(self, ride_id: UUID) -> list[tuple[str, dict[str, int]]]:
        """Return the entries of a ride; accounts of people without their owner."""
        journal = await self.ask.as_operator("ListJournalEntries", pb.ListJournalEntriesRequest(ride_id=str(ride_id)))
        people = {str(self.ask.rider_id), str(self.ask.driver_id)}

        def short(account: str) -> str:
            kind, _, owner = account.partition(":")
            return kind if owner in people else account

        return [
            (entry.kind, {short(leg.account): leg.amount.amount_minor for leg in entry.postings})
            for entry in journal.entries
        ]


@pytest.fixture
async def running(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    jwks_file: Path,
    signing_keys: Path,
    sandbox_url: str,
) -> AsyncIterator[Running]:
    environment = {
        "JITNEY_PAYMENT_DATABASE_URL": migrated_postgres_url("payment"),
        "JITNEY_PAYMENT_LISTEN": f"127.0.0.1:{free_port()}",
        "JITNEY_PAYMENT_METRICS_LISTEN": "127.0.0.1:0",
        "JITNEY_PAYMENT_PSP_URL": f"{sandbox_url}/psp",
        "JITNEY_PAYMENT_SWEEP_SECONDS": "0.1",
        "JITNEY_REDIS_URL": redis_url_for(8),
        "JITNEY_JWKS_FILE": str(jwks_file),
        "JITNEY_LOG_LEVEL": "debug",
    } | PATIENT
    service = await start("serve", environment)
    address = environment["JITNEY_PAYMENT_LISTEN"]
    try:
        async with (
            caller(address, signing_keys) as ask,
            httpx.AsyncClient(base_url=sandbox_url, timeout=WAIT_SECONDS) as sandbox,
        ):
            ask.method_id = await ask.add_card("pm_card_visa")
            yield Running(ask, sandbox)
    finally:
        service.send_signal(signal.SIGTERM)
        _, log = await asyncio.wait_for(service.communicate(), WAIT_SECONDS)
    assert service.returncode == 0
    assert [line for line in log.decode().splitlines() if json.loads(line)["level"] == "error"] == []
    assert b"_secret_" not in log


async def refusal(call: Any) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code().name, caught.value.details() or ""


async def test_charges_of_every_kind_leave_the_postings_of_the_design(running: Running) -> None:
    for name, (lines, postings) in CHARGES.items():
        ride_id = await running.charge(lines)
        assert await running.posted(ride_id) == [("capture", postings)], name

    cash = await running.charge(NOTE, funding=payments_pb2.FUNDING_CASH)
    assert await running.posted(cash) == [("capture", CASH)]
    top_up = wallet_pb.TopUpWalletRequest(request_id="top-up", amount=usd(5000))
    assert (await running.as_rider("TopUpWallet", top_up)).payment.status == CAPTURED
    wallet = await running.charge(NOTE, funding=payments_pb2.FUNDING_WALLET)
    assert await running.posted(wallet) == [("capture", {k: v for k, v in WALLET.items() if k != "psp_receivable"})]

    for ride_id, source in ((await running.charge(NOTE), "psp_receivable"), (wallet, "rider_wallet")):
        tip = pb.AddTipRequest(request_id=f"{ride_id}:tip", ride_id=str(ride_id), amount=usd(300))
        assert (await running.ask.as_rider("AddTip", tip)).payment.status == CAPTURED
        assert (await running.posted(ride_id))[1:] == [("tip", {source: 300, "driver": -300})]
    refused = pb.AddTipRequest(request_id="cash", ride_id=str(cash), amount=usd(300))
    assert (await refusal(running.ask.as_rider("AddTip", refused)))[0] == "FAILED_PRECONDITION"

    await withdraw(running)
    told = (await running.as_rider("GetWallet", wallet_pb.GetWalletRequest())).balances
    assert [(row.wallet.amount_minor, row.wallet_held.amount_minor) for row in told] == [(1420, 0)]
    page = await running.as_rider("ListWalletEntries", wallet_pb.ListWalletEntriesRequest(page_size=2))
    assert [(row.kind, row.amount.amount_minor, row.balance.amount_minor) for row in page.entries] == [
        ("refund", -1000, 1420),
        ("tip", -300, 2420),
    ]
    rest = wallet_pb.ListWalletEntriesRequest(page_size=2, page_token=page.next_page_token)
    last = await running.as_rider("ListWalletEntries", rest)
    assert ([row.kind for row in last.entries], last.next_page_token) == (["capture", "top_up"], "")
    balance = await running.ask.as_operator("GetTrialBalance", pb.GetTrialBalanceRequest())
    assert [row.sum_minor for row in balance.currencies] == [0]


async def withdraw(running: Running) -> None:
    """Send 1000 back to the card that the top-up came from, and wait until the card has it."""
    wanted = wallet_pb.WithdrawFromWalletRequest(request_id="withdraw", amount=usd(1000))
    begun = (await running.as_rider("WithdrawFromWallet", wanted)).withdrawal
    assert [part.amount.amount_minor for part in begun.parts] == [1000]

    async def paid() -> bool:
        listed = await running.as_rider("ListWithdrawals", wallet_pb.ListWithdrawalsRequest())
        (told,) = listed.withdrawals
        return (told.paid.amount_minor, told.pending.amount_minor) == (1000, 0)

    await until(paid)
    beyond = wallet_pb.WithdrawFromWalletRequest(request_id="beyond", amount=usd(1421))
    assert (await refusal(running.as_rider("WithdrawFromWallet", beyond)))[0] == "FAILED_PRECONDITION"


async def test_operators_credit_debts_and_what_is_whose(running: Running) -> None:
    rider_id = str(running.ask.rider_id)
    grant = wallet_pb.GrantCreditRequest(request_id="g", rider_id=rider_id, amount=usd(300), reason="a late driver")
    granted = (await running.as_operator("GrantCredit", grant)).adjustment
    assert (await running.as_operator("GrantCredit", grant)).adjustment == granted
    revoke = wallet_pb.RevokeCreditRequest(request_id="r", rider_id=rider_id, amount=usd(301), reason="by mistake")
    assert (await refusal(running.as_operator("RevokeCredit", revoke)))[0] == "FAILED_PRECONDITION"
    revoke.request_id, revoke.amount.amount_minor = "r2", 100
    await running.as_operator("RevokeCredit", revoke)
    listed = await running.as_operator("ListCreditGrants", wallet_pb.ListCreditGrantsRequest(rider_id=rider_id))
    assert [(row.kind, row.amount.amount_minor, row.operator_id) for row in listed.adjustments] == [
        (wallet_pb.RIDER_ADJUSTMENT_KIND_CREDIT_REVOKED, 100, str(UUID(int=3))),
        (wallet_pb.RIDER_ADJUSTMENT_KIND_CREDIT_GRANT, 300, str(UUID(int=3))),
    ]

    ride_id = await running.charge(NOTE)
    assert await running.posted(ride_id) == [
        ("capture", CHARGES["ride"][1] | {"psp_receivable": 2080, "rider_credit": 200})
    ]
    await debt_stops_rides_until_it_is_paid(running)

    of_another = wallet_pb.GetWalletRequest(rider_id=str(uuid4()))
    assert (await refusal(running.as_rider("GetWallet", of_another)))[0] == "NOT_FOUND"
    assert (await refusal(running.as_rider("GrantCredit", grant)))[0] == "PERMISSION_DENIED"
    assert (await refusal(running.as_operator("GetWallet", wallet_pb.GetWalletRequest())))[0] == "INVALID_ARGUMENT"
    for token in ("nonsense", write_token(uuid4(), 10**9), write_token("x", 1), write_token(uuid4())):
        bad_token = wallet_pb.ListWalletEntriesRequest(page_token=token)
        assert (await refusal(running.as_rider("ListWalletEntries", bad_token)))[0] == "INVALID_ARGUMENT"
    too_little = wallet_pb.TopUpWalletRequest(request_id="few", amount=usd(1))
    assert (await refusal(running.as_rider("TopUpWallet", too_little)))[0] == "INVALID_ARGUMENT"


async def debt_stops_rides_until_it_is_paid(running: Running) -> None:
    rule = {"operation": "payment_intents.create", "kind": "decline", "decline_code": "insufficient_funds"}
    ride_id = uuid4()
    await running.ask.hold(ride_id, 1000)
    (await running.sandbox.post("/_sim/faults", json=rule)).raise_for_status()
    await running.ask.capture(ride_id, 1700)

    async def collection_ended() -> bool:
        told = await running.as_rider("GetArrears", wallet_pb.GetArrearsRequest())
        return [(row.owed.amount_minor, row.in_collection.amount_minor) for row in told.arrears] == [(700, 0)]

    await until(collection_ended)
    told = await running.as_rider("GetArrears", wallet_pb.GetArrearsRequest())
    assert [row.blocks_rides for row in told.arrears] == [True]
    assert (await refusal(running.ask.hold(uuid4())))[0] == "FAILED_PRECONDITION"
    some = wallet_pb.WriteOffArrearsRequest(
        request_id="w", rider_id=str(running.ask.rider_id), amount=usd(200), reason="half was ours"
    )
    await running.as_operator("WriteOffArrears", some)
    paid = await running.as_rider("PayArrears", wallet_pb.PayArrearsRequest(request_id="p", currency_code="USD"))
    assert (paid.payment.status, paid.payment.captured.amount_minor) == (CAPTURED, 500)
    assert (await running.ask.hold(uuid4())).status == payments_pb2.PAYMENT_STATUS_HELD
    listed = await running.as_operator("ListWriteOffs", wallet_pb.ListWriteOffsRequest())
    assert [row.reason for row in listed.adjustments] == ["half was ours"]


async def test_card_is_set_up_with_its_holder_and_pays_a_ride(running: Running) -> None:
    wanted = pb.SetUpPaymentMethodRequest(request_id="s", psp_token="pm_card_authenticationRequiredOnSetup")
    asked = (await running.ask.as_rider("SetUpPaymentMethod", wanted)).setup
    assert asked.status == payments_pb2.PAYMENT_METHOD_SETUP_STATUS_ACTION_REQUIRED
    assert (asked.next_action, asked.client_secret != "") == ("use_stripe_sdk", True)
    psp_setup_id = asked.client_secret.split("_secret")[0]
    acted = await running.sandbox.post(f"/_sim/setup_intents/{psp_setup_id}/authenticate", json={"succeed": True})
    acted.raise_for_status()

    finish = pb.FinishPaymentMethodSetupRequest(request_id="f", setup_id=asked.setup_id)
    done = (await running.ask.as_rider("FinishPaymentMethodSetup", finish)).setup
    assert done.status == payments_pb2.PAYMENT_METHOD_SETUP_STATUS_SUCCEEDED
    choose = pb.SetDefaultPaymentMethodRequest(request_id="d", payment_method_id=done.payment_method.payment_method_id)
    await running.ask.as_rider("SetDefaultPaymentMethod", choose)
    cards = await running.ask.as_rider("ListPaymentMethods", pb.ListPaymentMethodsRequest())
    assert [(card.last_digits, card.is_default) for card in cards.payment_methods] == [("3155", True), ("4242", False)]
    running.ask.method_id = done.payment_method.payment_method_id
    await running.charge(NOTE)
