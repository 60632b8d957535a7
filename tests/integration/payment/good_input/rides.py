"""Good requests about the payments of rides."""

from __future__ import annotations

from uuid import uuid4

from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payments_pb2
from tests.integration.payment.bad_input import invalid
from tests.integration.payment.good_input.stage import (
    Ask,
    Row,
    Stage,
    as_driver,
    as_matching,
    as_operator,
    as_rider,
    capture_of,
    key,
    not_found,
    usd,
)

_NO_PAYMENT, _NO_CARD = not_found("payment_not_found"), not_found("payment_method_not_found")


async def place_hold(stage: Stage) -> Ask:
    rider_id, card = await stage.rider_with_card()
    return as_matching(
        pb.PlaceHoldRequest(
            request_id=key(),
            ride_id=key(),
            rider_id=str(rider_id),
            payment_method_id=card,
            amount=usd(2500),
            funding=payments_pb2.FUNDING_CARD,
        )
    )


async def increment_hold(stage: Stage) -> Ask:
    _, ride_id = await stage.held_ride()
    return as_matching(pb.IncrementHoldRequest(request_id=key(), ride_id=ride_id, amount=usd(3000)))


async def capture(stage: Stage) -> Ask:
    _, ride_id = await stage.held_ride()
    return as_matching(capture_of(ride_id, "FARE", uuid4()))


async def void_hold(stage: Stage) -> Ask:
    _, ride_id = await stage.held_ride()
    return as_matching(pb.VoidHoldRequest(request_id=key(), ride_id=ride_id))


async def add_tip(stage: Stage) -> Ask:
    rider_id, ride_id = await stage.captured_ride()
    return as_rider(rider_id, pb.AddTipRequest(request_id=key(), ride_id=ride_id, amount=usd(300)))


async def get_payment(stage: Stage) -> Ask:
    rider_id, ride_id = await stage.captured_ride()
    return as_rider(rider_id, pb.GetPaymentRequest(ride_id=ride_id))


async def get_receipt(stage: Stage) -> Ask:
    rider_id, ride_id = await stage.captured_ride()
    return as_rider(rider_id, pb.GetReceiptRequest(ride_id=ride_id))


async def get_earnings(stage: Stage) -> Ask:
    return as_driver(uuid4(), pb.GetEarningsRequest())


async def trial_balance(stage: Stage) -> Ask:
    return as_operator(pb.GetTrialBalanceRequest())


async def journal(stage: Stage) -> Ask:
    _, ride_id = await stage.captured_ride()
    return as_operator(pb.ListJournalEntriesRequest(ride_id=ride_id))


_LINE = "lines[0].amount"

RIDES = {
    "PaymentService.PlaceHold": Row(
        place_hold,
        unknown={"ride_id": None, "rider_id": _NO_CARD, "payment_method_id": _NO_CARD},
        otherwise={"amount: another currency": None},
        other={"funding": None},
    ),
    "PaymentService.IncrementHold": Row(
        increment_hold,
        unknown={"ride_id": _NO_PAYMENT},
        otherwise={"amount: another currency": invalid("amount", "currency_mismatch")},
    ),
    "PaymentService.CapturePayment": Row(
        capture,
        unknown={"ride_id": _NO_PAYMENT, "driver_id": None},
        otherwise={
            f"{_LINE}: another currency": invalid("lines", "currency_mismatch"),
            f"{_LINE}: zero": invalid("lines", "invalid_amount"),
            f"{_LINE}: below zero": invalid(f"{_LINE}.amount_minor", "invalid_charge"),
        },
    ),
    "PaymentService.VoidHold": Row(void_hold, unknown={"ride_id": None}),
    "PaymentService.AddTip": Row(add_tip, unknown={"ride_id": _NO_PAYMENT}, foreign=_NO_PAYMENT),
    "PaymentService.GetPayment": Row(get_payment, unknown={"ride_id": _NO_PAYMENT}, foreign=_NO_PAYMENT),
    "PaymentService.GetReceipt": Row(get_receipt, unknown={"ride_id": _NO_PAYMENT}, foreign=_NO_PAYMENT),
    "PaymentService.GetEarnings": Row(get_earnings),
    "PaymentService.GetTrialBalance": Row(trial_balance),
    "PaymentService.ListJournalEntries": Row(journal, unknown={"ride_id": _NO_PAYMENT}),
}
