"""Between the contract's messages and the domain."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from payment_service.domain.charge import ChargeLine, ChargeLineKind, Receipt
from payment_service.domain.events import HoldDeclined, HoldPlaced, HoldVoided, PaymentCaptured, PaymentEvent
from payment_service.domain.ledger import DriverEntry, JournalEntry, TrialBalance
from payment_service.domain.payment import Payment, PaymentStatus
from payment_service.domain.payment_method import PaymentMethod
from ridesharing.common.v1 import money_pb2
from ridesharing.payment.v1 import events_pb2, payments_pb2
from ridesharing.payment.v1 import payment_service_pb2 as pb
from shared_kernel.errors import InvalidInput
from shared_kernel.money import Money

_STATUS = {
    PaymentStatus.HOLD_PENDING: payments_pb2.PAYMENT_STATUS_PENDING,
    PaymentStatus.HELD: payments_pb2.PAYMENT_STATUS_HELD,
    PaymentStatus.DECLINED: payments_pb2.PAYMENT_STATUS_DECLINED,
    PaymentStatus.CAPTURE_PENDING: payments_pb2.PAYMENT_STATUS_PENDING,
    PaymentStatus.CAPTURED: payments_pb2.PAYMENT_STATUS_CAPTURED,
    PaymentStatus.VOID_PENDING: payments_pb2.PAYMENT_STATUS_PENDING,
    PaymentStatus.VOIDED: payments_pb2.PAYMENT_STATUS_VOIDED,
}
_LINE_KIND = {
    ChargeLineKind.FARE: payments_pb2.CHARGE_LINE_KIND_FARE,
    ChargeLineKind.BOOKING_FEE: payments_pb2.CHARGE_LINE_KIND_BOOKING_FEE,
    ChargeLineKind.TAX: payments_pb2.CHARGE_LINE_KIND_TAX,
    ChargeLineKind.CANCEL_FEE: payments_pb2.CHARGE_LINE_KIND_CANCEL_FEE,
}
_LINE_KIND_FROM_WIRE = {wire: kind for kind, wire in _LINE_KIND.items()}


def money_from_wire(money: money_pb2.Money, path: str) -> Money:
    """Read the amount at a path of the request; `unknown_currency` (InvalidInput) for a code not in ISO 4217."""
    try:
        return Money(money.currency_code, money.amount_minor)
    except InvalidInput as error:
        raise error.within(path) from None


def line_from_wire(line: payments_pb2.ChargeLine, path: str) -> ChargeLine:
    """Read the line at a path of the request."""
    return ChargeLine(
        kind=_LINE_KIND_FROM_WIRE[line.kind],
        amount=money_from_wire(line.amount, f"{path}.amount"),
        commission_basis_points=line.commission_basis_points,
        tax_jurisdiction=line.tax_jurisdiction,
    )


def payment_to_wire(payment: Payment) -> payments_pb2.Payment:
    """Write a payment; a tombstone has no rider and no amounts."""
    code = payment.currency_code
    return payments_pb2.Payment(
        payment_id=str(payment.id),
        ride_id=str(payment.ride_id),
        rider_id=_text(payment.rider_id),
        status=_STATUS[payment.status],
        authorized=_money(code, payment.authorized_minor) if code else None,
        captured=_money(code, payment.captured_minor) if code else None,
        decline_reason=payment.decline_reason,
        version=payment.version,
        outcome_unknown=payment.status.is_pending,
    )


def method_to_wire(method: PaymentMethod) -> payments_pb2.PaymentMethod:
    return payments_pb2.PaymentMethod(
        payment_method_id=str(method.id),
        brand=method.brand,
        last_digits=method.last_digits,
        expire_month=method.expire_month,
        expire_year=method.expire_year,
        create_time=_time(method.created_at),
    )


def receipt_to_wire(receipt: Receipt) -> payments_pb2.Receipt:
    return payments_pb2.Receipt(
        payment_id=str(receipt.payment_id),
        ride_id=str(receipt.ride_id),
        capture_time=_time(receipt.captured_at),
        lines=[
            payments_pb2.ChargeLine(
                kind=_LINE_KIND[line.kind],
                amount=_amount(line.amount),
                commission_basis_points=line.commission_basis_points,
                tax_jurisdiction=line.tax_jurisdiction,
            )
            for line in receipt.lines
        ],
        total=_amount(receipt.total),
        brand=receipt.brand,
        last_digits=receipt.last_digits,
    )


def driver_entry_to_wire(entry: DriverEntry) -> pb.EarningsEntry:
    return pb.EarningsEntry(
        ride_id=str(entry.ride_id),
        kind=entry.kind,
        amount=_amount(entry.amount),
        create_time=_time(entry.created_at),
    )


def amounts_to_wire(amounts: tuple[Money, ...]) -> list[money_pb2.Money]:
    return [_amount(amount) for amount in amounts]


def journal_entry_to_wire(entry: JournalEntry) -> payments_pb2.JournalEntry:
    return payments_pb2.JournalEntry(
        entry_id=str(entry.id),
        kind=entry.kind.value,
        source_id=str(entry.source_id),
        create_time=_time(entry.created_at),
        postings=[
            payments_pb2.Posting(account=str(posting.account), amount=_amount(posting.amount))
            for posting in entry.postings
        ],
    )


def trial_balance_to_wire(balance: TrialBalance) -> pb.GetTrialBalanceResponse:
    return pb.GetTrialBalanceResponse(
        currencies=[
            pb.CurrencyBalance(currency_code=row.currency_code, sum_minor=row.sum_minor, entry_count=row.entry_count)
            for row in balance.currencies
        ],
        accounts=[
            pb.AccountKindBalance(account_kind=row.account_kind, balance=_money(row.currency_code, row.balance_minor))
            for row in balance.accounts
        ],
        read_time=_time(balance.read_at),
    )


def event_to_wire(event: PaymentEvent) -> Message:
    """Write an event as the contract's message of the same name."""
    payment = payment_to_wire(event.payment)
    match event:
        case HoldPlaced():
            return events_pb2.HoldPlaced(payment=payment)
        case HoldDeclined():
            return events_pb2.HoldDeclined(payment=payment)
        case PaymentCaptured():
            receipt = receipt_to_wire(event.receipt)
            return events_pb2.PaymentCaptured(payment=payment, receipt=receipt, driver_id=str(event.driver_id))
        case HoldVoided():
            return events_pb2.HoldVoided(payment=payment)


def _text(value: UUID | None) -> str:
    return "" if value is None else str(value)


def _time(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def _amount(amount: Money) -> money_pb2.Money:
    return _money(amount.currency_code, amount.amount_minor)


def _money(currency_code: str, amount_minor: int) -> money_pb2.Money:
    return money_pb2.Money(currency_code=currency_code, amount_minor=amount_minor)
