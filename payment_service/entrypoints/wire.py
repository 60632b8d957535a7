"""Between the contract's messages and the domain."""

from __future__ import annotations

from google.protobuf.message import Message

from payment_service.domain.charge import ChargeLine, ChargeLineKind
from payment_service.domain.events import (
    ChargeCollected,
    DisputeClosed,
    DisputeOpened,
    PaymentCaptured,
    PaymentEvent,
    PayoutFailed,
    PayoutPaid,
    RefundFailed,
    RefundPaid,
)
from payment_service.domain.ledger import DriverEntry, JournalEntry, TrialBalance
from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.domain.payment_method import PaymentMethod
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.domain.receipt import Receipt
from payment_service.domain.ride_account import RideAccount
from payment_service.domain.standing import DriverStandingChanged
from payment_service.entrypoints.dispute_wire import dispute_to_wire
from payment_service.entrypoints.payout_wire import payout_to_wire
from payment_service.entrypoints.refund_wire import refund_to_wire
from payment_service.entrypoints.values import money_to_wire, text_of, time_to_wire
from payment_service.use_cases.show_card_setup import ShownCardSetup
from ridesharing.common.v1 import money_pb2
from ridesharing.payment.v1 import events_pb2, payments_pb2
from ridesharing.payment.v1 import payment_service_pb2 as pb
from shared_kernel.errors import InvalidInput
from shared_kernel.money import Money

_STATUS = {
    status: payments_pb2.PAYMENT_STATUS_PENDING
    if status.is_pending
    else payments_pb2.PaymentStatus.Value(f"PAYMENT_STATUS_{status.name}")
    for status in PaymentStatus
}
_PURPOSE = {purpose: payments_pb2.PaymentPurpose.Value(f"PAYMENT_PURPOSE_{purpose.name}") for purpose in Purpose}
_FUNDING = {funding: payments_pb2.Funding.Value(f"FUNDING_{funding.name}") for funding in Funding}
_FUNDING_FROM_WIRE = {int(wire): funding for funding, wire in _FUNDING.items()}
_LINE_KIND = {kind: payments_pb2.ChargeLineKind.Value(f"CHARGE_LINE_KIND_{kind.name}") for kind in ChargeLineKind}
_LINE_KIND_FROM_WIRE = {wire: kind for kind, wire in _LINE_KIND.items()}


def funding_from_wire(funding: int) -> Funding:
    """Read the funding; one that is not told is a card."""
    return _FUNDING_FROM_WIRE.get(funding, Funding.CARD)


def purpose_to_wire(purpose: Purpose | None) -> payments_pb2.PaymentPurpose.ValueType:
    return payments_pb2.PAYMENT_PURPOSE_UNSPECIFIED if purpose is None else _PURPOSE[purpose]


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
        ride_id=text_of(payment.ride_id),
        rider_id=text_of(payment.rider_id),
        status=_STATUS[payment.status],
        authorized=_money(code, payment.authorized_minor) if code else None,
        captured=_money(code, payment.captured_minor) if code else None,
        decline_reason=payment.decline_reason,
        version=payment.version,
        outcome_unknown=payment.status.is_pending,
        purpose=_PURPOSE[payment.purpose],
        funding=_FUNDING[payment.funding],
        credit_used=_money(code, payment.credit_used_minor) if code else None,
        receivable=_money(code, payment.receivable_minor) if code else None,
        refunded=_money(code, payment.refunded_minor) if code else None,
    )


def method_to_wire(method: PaymentMethod) -> payments_pb2.PaymentMethod:
    return payments_pb2.PaymentMethod(
        payment_method_id=str(method.id),
        brand=method.brand,
        last_digits=method.last_digits,
        expire_month=method.expire_month,
        expire_year=method.expire_year,
        create_time=time_to_wire(method.created_at),
        is_default=method.is_default,
    )


def card_setup_to_wire(shown: ShownCardSetup) -> payments_pb2.PaymentMethodSetup:
    setup, action = shown.setup, shown.action
    return payments_pb2.PaymentMethodSetup(
        setup_id=str(setup.id),
        status=payments_pb2.PaymentMethodSetupStatus.Value(f"PAYMENT_METHOD_SETUP_STATUS_{setup.status.name}"),
        payment_method=None if shown.method is None else method_to_wire(shown.method),
        client_secret="" if action is None else action.client_secret,
        next_action="" if action is None else action.kind,
        redirect_url="" if action is None else action.redirect_url,
        decline_reason=setup.decline_reason,
        create_time=time_to_wire(setup.created_at),
    )


def receipt_to_wire(receipt: Receipt) -> payments_pb2.Receipt:
    return payments_pb2.Receipt(
        payment_id=str(receipt.payment_id),
        ride_id=str(receipt.ride_id),
        capture_time=time_to_wire(receipt.captured_at),
        lines=[
            payments_pb2.ChargeLine(
                kind=_LINE_KIND[line.kind],
                amount=money_to_wire(line.amount),
                commission_basis_points=line.commission_basis_points,
                tax_jurisdiction=line.tax_jurisdiction,
            )
            for line in receipt.lines
        ],
        total=money_to_wire(receipt.total),
        brand=receipt.brand,
        last_digits=receipt.last_digits,
        funding=_FUNDING[receipt.funding],
        captured=money_to_wire(receipt.captured),
        credit_used=money_to_wire(receipt.credit_used),
        receivable=money_to_wire(receipt.receivable),
        refunds=[refund_to_wire(refund, with_reason=False) for refund in receipt.refunds],
    )


def ride_account_to_wire(account: RideAccount) -> pb.RideAccount:
    return pb.RideAccount(
        parts=[
            pb.PaidPart(
                payment_id=str(part.payment_id),
                purpose=_PURPOSE[part.purpose],
                funding=_FUNDING[part.funding],
                status=_STATUS[part.status],
                amount=money_to_wire(part.amount),
                refunded=money_to_wire(part.refunded),
                brand=part.brand,
                last_digits=part.last_digits,
                pay_time=time_to_wire(part.at),
            )
            for part in account.parts
        ],
        tips=money_to_wire(account.tips),
        collected=money_to_wire(account.collected),
        credit_used=money_to_wire(account.credit_used),
        outstanding=money_to_wire(account.outstanding),
        refunded=money_to_wire(account.refunded),
        paid=money_to_wire(account.paid),
    )


def driver_entry_to_wire(entry: DriverEntry) -> pb.EarningsEntry:
    return pb.EarningsEntry(
        ride_id=text_of(entry.ride_id),
        kind=entry.kind,
        amount=money_to_wire(entry.amount),
        create_time=time_to_wire(entry.created_at),
    )


def amounts_to_wire(amounts: tuple[Money, ...]) -> list[money_pb2.Money]:
    return [money_to_wire(amount) for amount in amounts]


def journal_entry_to_wire(entry: JournalEntry) -> payments_pb2.JournalEntry:
    return payments_pb2.JournalEntry(
        entry_id=str(entry.id),
        kind=entry.kind.value,
        source_id=str(entry.source_id),
        create_time=time_to_wire(entry.created_at),
        postings=[
            payments_pb2.Posting(account=str(posting.account), amount=money_to_wire(posting.amount))
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
        read_time=time_to_wire(balance.read_at),
    )


def event_to_wire(event: PaymentEvent) -> Message:  # noqa: PLR0911 (an arm a kind of event)
    """Write an event as the contract's message of the same name."""
    if isinstance(event, RefundPaid | RefundFailed):
        return getattr(events_pb2, type(event).__name__)(refund=refund_to_wire(event.refund))
    if isinstance(event, DisputeOpened | DisputeClosed):
        return getattr(events_pb2, type(event).__name__)(dispute=dispute_to_wire(event.dispute))
    if isinstance(event, PayoutPaid | PayoutFailed):
        # As its driver sees it: notification is told no more.
        shown = payout_to_wire(event.payout, event.payout.driver_id)
        return getattr(events_pb2, type(event).__name__)(payout=shown)
    if isinstance(event, DriverStandingChanged):
        standing = event.standing
        return events_pb2.DriverStandingChanged(
            driver_id=str(standing.driver_id),
            balance=money_to_wire(standing.balance),
            cash_allowed=standing.cash_allowed,
        )
    payment = payment_to_wire(event.payment)
    if isinstance(event, PaymentCaptured):
        receipt = receipt_to_wire(event.receipt)
        return events_pb2.PaymentCaptured(payment=payment, receipt=receipt, driver_id=str(event.driver_id))
    if isinstance(event, ChargeCollected):
        return events_pb2.ChargeCollected(payment=payment, tipped_driver_id=text_of(event.tipped_driver_id))
    return getattr(events_pb2, type(event).__name__)(payment=payment)


def _money(currency_code: str, amount_minor: int) -> money_pb2.Money:
    return money_pb2.Money(currency_code=currency_code, amount_minor=amount_minor)
