"""Amounts, currencies, periods and events that fit the contract and still cannot be: refused by name and by field."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from uuid import uuid4

import pytest

from ridesharing.common.v1.money_pb2 import Money
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payments_pb2
from ridesharing.payment.v1 import reconciliation_service_pb2 as recon
from ridesharing.payment.v1 import statement_service_pb2 as books
from ridesharing.payment.v1 import wallet_service_pb2 as wallets
from ridesharing.payment.v1 import webhook_service_pb2 as events
from shared_kernel.money import MAX_AMOUNT_MINOR
from tests.integration.payment.bad_input import Told, invalid
from tests.integration.payment.good_input.drivers import payment_of
from tests.integration.payment.good_input.process import service
from tests.integration.payment.good_input.rides import place_hold
from tests.integration.payment.good_input.stage import (
    Stage,
    as_matching,
    as_operator,
    as_rider,
    capture_of,
    key,
    usd,
)
from tests.integration.payment.process import until
from tests.integration.payment.psp_stage import signed
from tests.integration.payment.refusals import complaint, refusal_of

__all__ = ["service"]


async def test_lines_that_sum_to_more_than_one_amount_may_be_are_refused(service: Stage) -> None:
    _, ride_id = await service.held_ride()
    request = capture_of(ride_id, "FARE", uuid4())
    request.lines[0].amount.amount_minor = MAX_AMOUNT_MINOR
    request.lines.append(request.lines[0])
    told = await refusal_of(service.call("PaymentService.CapturePayment", as_matching(request)))
    assert complaint(told, invalid("lines", "invalid_charge")) is None, told


async def test_credit_and_payments_above_all_bounds_are_refused_and_balances_can_still_be_told(service: Stage) -> None:
    rider_id = uuid4()
    request = wallets.GrantCreditRequest(rider_id=str(rider_id), amount=usd(MAX_AMOUNT_MINOR), reason="a slip")
    request.request_id = key()
    await service.call("WalletService.GrantCredit", as_operator(request))
    request.request_id, request.amount.amount_minor = key(), 1
    told = await refusal_of(service.call("WalletService.GrantCredit", as_operator(request)))
    assert complaint(told, invalid("amount.amount_minor", "invalid_amount")) is None, told
    driver_id = uuid4()
    await service.call("DriverAccountService.RecordDriverPayment", payment_of(driver_id, MAX_AMOUNT_MINOR))
    told = await refusal_of(service.call("DriverAccountService.RecordDriverPayment", payment_of(driver_id, 1)))
    assert complaint(told, invalid("amount.amount_minor", "invalid_amount")) is None, told
    wallet = await service.call("WalletService.GetWallet", as_rider(rider_id, wallets.GetWalletRequest()))
    assert [balance.credit.amount_minor for balance in wallet.balances] == [MAX_AMOUNT_MINOR]


@pytest.mark.parametrize(("code", "amount_minor"), [("IQD", 5000), ("MGA", 501), ("KWD", 1001), ("USD", 10**14)])
async def test_what_no_card_can_pay_is_declined_and_leaves_nothing_open(
    service: Stage, code: str, amount_minor: int
) -> None:
    ask = await place_hold(service)
    ask.request.amount.CopyFrom(Money(currency_code=code, amount_minor=amount_minor))
    payment = (await service.call("PaymentService.PlaceHold", ask)).payment
    assert payment.status == payments_pb2.PAYMENT_STATUS_DECLINED
    assert payment.decline_reason.startswith("amount_"), payment.decline_reason
    assert payment.authorized.amount_minor == 0


async def test_an_unknown_card_token_is_refused_by_its_field_and_keeps_no_card(service: Stage) -> None:
    rider_id = uuid4()
    for name, request in (
        ("AddPaymentMethod", pb.AddPaymentMethodRequest(request_id=key(), psp_token="pm_nothing")),
        ("SetUpPaymentMethod", pb.SetUpPaymentMethodRequest(request_id=key(), psp_token="pm_nothing")),
    ):
        for _ in range(2):
            told = await refusal_of(service.call(f"PaymentService.{name}", as_rider(rider_id, request)))
            assert complaint(told, invalid("psp_token", "invalid_card_token")) is None, (name, told)
    cards = await service.call("PaymentService.ListPaymentMethods", as_rider(rider_id, pb.ListPaymentMethodsRequest()))
    assert not cards.payment_methods


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("2026-02-30", "", "from_date"),
        ("", "2026-13-01", "to_date"),
        ("2026-03-02", "2026-03-01", "to_date"),
        ("2026-01-01", "2026-06-01", "to_date"),
        ("", "9999-12-31", "to_date"),
        ("0001-01-01", "0001-01-02", None),
    ],
)
async def test_a_report_of_no_period_is_refused(service: Stage, first: str, last: str, field: str | None) -> None:
    request = recon.GetReconciliationReportRequest(from_date=first, to_date=last)
    told = await refusal_of(service.call("ReconciliationService.GetReconciliationReport", as_operator(request)))
    if field is None:
        assert told is None
    else:
        assert complaint(told, invalid(field, "invalid_period")) is None, told


async def test_a_statement_of_no_account_or_period_is_refused(service: Stage) -> None:
    def asked(kind: str, owner: str, **times: int) -> Any:
        request = books.GetStatementRequest(account_kind=kind, owner=owner, currency_code="USD")
        for name, seconds in times.items():
            getattr(request, name).seconds = seconds
        return service.call("StatementService.GetStatement", as_operator(request))

    await service.captured_ride()
    for kind, owner in (("driver", ""), ("driver", "x"), ("driver", key()), ("commission", key()), ("mattress", "")):
        told = await refusal_of(asked(kind, owner))
        assert complaint(told, Told("NOT_FOUND", "account_not_found")) is None, (kind, owner, told)
    told = await refusal_of(asked("commission", "", from_time=2_000_000_000, to_time=1_000_000_000))
    assert complaint(told, invalid("to_time", "invalid_period")) is None, told
    assert await refusal_of(asked("commission", "", from_time=-62_135_596_800, to_time=253_402_300_799)) is None


@pytest.mark.parametrize(
    "body",
    [
        *("", "[]", "5", "null", "{}", '"x"', "{", '{"id": "evt_1", "type": "x", "data": null}', "[" * 50_000),
        *(json.dumps({"id": "evt_1", "type": kind, "data": {"object": {"id": "x"}}}) for kind in (5, "", "\0", None)),
        *(json.dumps({"id": "evt_1", "type": "x", "data": {"object": {"id": name}}}) for name in (5, "", "x" * 300)),
        '{"id": "\\ud800", "type": "x", "data": {"object": {"id": "x"}}}',
        '{"id": 1e999, "type": "x", "data": {"object": {"id": "x"}}}',
    ],
    ids=repr,
)
async def test_signed_bytes_that_are_no_event_are_refused_by_name(service: Stage, body: str) -> None:
    payload = body.encode() or b" "
    at = time.time()
    for signature, wanted in (
        (signed(payload, at), invalid("payload", "invalid_psp_event")),
        (signed(payload, at, "whsec_wrong"), invalid("signature", "invalid_signature")),
        (signed(payload, at - 301), invalid("signature", "invalid_signature")),
        (f"t={int(at)},v1=é", invalid("signature", "invalid_signature")),
        ("t=1,t=2,v1=0", invalid("signature", "invalid_signature")),
    ):
        request = events.ReceivePspEventRequest(
            payload=payload, signature=signature, provider=events.PSP_PROVIDER_STRIPE
        )
        told = await refusal_of(service.call("PspEventService.ReceivePspEvent", as_matching(request)))
        assert complaint(told, wanted) is None, told


async def test_a_duplicate_in_flight_is_told_to_ask_again_and_then_the_answer(service: Stage) -> None:
    ask = await place_hold(service)
    fault = {"operation": "payment_intents.create", "kind": "delay", "seconds": 600}
    made = (await service.psp.post("/../_sim/faults", json=fault)).raise_for_status().json()

    async def is_sent() -> bool:
        query = "SELECT count(*) FROM payment WHERE ride_id = $1 AND status = 'hold_pending'"
        return await service.database.fetchval(query, ask.request.ride_id) == 1

    first = asyncio.ensure_future(service.call("PaymentService.PlaceHold", ask))
    try:
        await until(is_sent)
        told = await refusal_of(service.call("PaymentService.PlaceHold", ask))
        assert complaint(told, Told("ABORTED", "request_in_flight")) is None, told
        assert told is not None
        assert told.retry
        other = await refusal_of(service.call("PaymentService.PlaceHold", ask, _dearer(ask.request)))
        assert complaint(other, Told("FAILED_PRECONDITION", "idempotency_key_reused")) is None, other
    finally:
        # The PSP begins only now.
        await service.psp.delete(f"/../_sim/faults/{made['id']}")
    answer = await first
    assert answer.payment.status == payments_pb2.PAYMENT_STATUS_HELD
    assert await service.call("PaymentService.PlaceHold", ask) == answer


def _dearer(request: Any) -> Any:
    other = type(request)()
    other.CopyFrom(request)
    other.amount.amount_minor += 1
    return other
