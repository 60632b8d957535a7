"""From the events of payment to the facts that people are told of."""

from __future__ import annotations

from uuid import UUID

from notification_service.domain.facts import Happening, MoneyFact, ReceiptFact
from notification_service.entrypoints.fact_words import FactReaders, funding, money, uuid_or_none
from ridesharing.payment.v1 import events_pb2 as payment
from ridesharing.payment.v1 import payments_pb2, payout_service_pb2, refunds_pb2
from shared_kernel.money import Money


def _receipt(event: payment.PaymentCaptured) -> ReceiptFact:
    return ReceiptFact(
        happening=Happening.RECEIPT_READY,
        ride_id=UUID(event.payment.ride_id),
        version=event.payment.version,
        rider_id=UUID(event.payment.rider_id),
        funding=funding(payments_pb2.Funding.Name(event.receipt.funding)),
        captured=money(event.receipt.captured),
        credit_used=money(event.receipt.credit_used),
        receivable=money(event.receipt.receivable),
        card_brand=event.receipt.brand,
        card_last_digits=event.receipt.last_digits,
    )


def _standing(event: payment.DriverStandingChanged) -> MoneyFact:
    happening = Happening.CASH_ALLOWED if event.cash_allowed else Happening.CASH_STOPPED
    # Below zero the driver owes; what is owed is spoken of without a sign.
    owed = Money(event.balance.currency_code, abs(event.balance.amount_minor))
    return MoneyFact(happening, UUID(event.driver_id), owed)


def _refund(happening: Happening, refund: refunds_pb2.Refund) -> MoneyFact:
    destination = refunds_pb2.RefundDestination.Name(refund.destination).removeprefix("REFUND_DESTINATION_").lower()
    return MoneyFact(
        happening, UUID(refund.rider_id), money(refund.amount), uuid_or_none(refund.ride_id), destination=destination
    )


def _tip(event: payment.ChargeCollected) -> MoneyFact | None:
    """Tell a driver of a tip; what else was collected at once, whoever paid it did."""
    driver_id = uuid_or_none(event.tipped_driver_id)
    if driver_id is None:
        return None
    return MoneyFact(
        Happening.TIP_RECEIVED, driver_id, money(event.payment.captured), uuid_or_none(event.payment.ride_id)
    )


def _payout(happening: Happening, payout: payout_service_pb2.Payout) -> MoneyFact:
    return MoneyFact(happening, UUID(payout.driver_id), money(payout.amount), bank_last_digits=payout.last_digits)


PAYMENT_FACTS: FactReaders = {
    payment.PaymentCaptured: lambda event, _: _receipt(event),
    payment.ChargeCollected: lambda event, _: _tip(event),
    payment.PayoutPaid: lambda event, _: _payout(Happening.PAYOUT_PAID, event.payout),
    payment.PayoutFailed: lambda event, _: _payout(Happening.PAYOUT_FAILED, event.payout),
    payment.RefundPaid: lambda event, _: _refund(Happening.REFUND_PAID, event.refund),
    payment.RefundFailed: lambda event, _: _refund(Happening.REFUND_FAILED, event.refund),
    payment.DriverStandingChanged: lambda event, _: _standing(event),
}
