"""Between the contract's messages and the domain: payouts and bank accounts."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.payout import Payout, PayoutKind, PayoutStatus
from payment_service.domain.payout_account import PayoutAccount
from payment_service.entrypoints.values import money_to_wire, text_of, time_to_wire
from ridesharing.payment.v1 import payout_service_pb2 as pb
from shared_kernel.money import Money

_STATUS = {status: pb.PayoutStatus.Value(f"PAYOUT_STATUS_{status.name}") for status in PayoutStatus}
_STATUS_FROM_WIRE = {int(wire): status for status, wire in _STATUS.items()}
_KIND = {kind: pb.PayoutKind.Value(f"PAYOUT_KIND_{kind.name}") for kind in PayoutKind}


def payout_amount_from_wire(currency_code: str, amount_minor: int) -> Money:
    """Read how much is to be paid out; `unknown_currency` (InvalidInput) for a code not in ISO 4217."""
    return Money(currency_code, amount_minor)


def payout_status_from_wire(status: int) -> PayoutStatus | None:
    return _STATUS_FROM_WIRE.get(status)


def account_to_wire(account: PayoutAccount) -> pb.PayoutAccount:
    return pb.PayoutAccount(
        driver_id=str(account.driver_id),
        currency_code=account.currency_code,
        country_code=account.country_code,
        bank_name=account.bank_name,
        last_digits=account.last_digits,
        update_time=time_to_wire(account.set_at),
    )


def payout_to_wire(payout: Payout, only_of_driver: UUID | None) -> pb.Payout:
    """Write a payout; a driver is not told what the platform waits for at the PSP."""
    return pb.Payout(
        payout_id=str(payout.id),
        driver_id=str(payout.driver_id),
        amount=money_to_wire(payout.amount),
        status=_STATUS[payout.status],
        kind=_KIND[payout.kind],
        last_digits=payout.last_digits,
        failure_reason=payout.failure_reason,
        waiting_reason=payout.waiting_reason if only_of_driver is None else "",
        create_time=time_to_wire(payout.created_at),
        send_time=None if payout.sent_at is None else time_to_wire(payout.sent_at),
        pay_time=None if payout.paid_at is None else time_to_wire(payout.paid_at),
        end_time=None if payout.ended_at is None else time_to_wire(payout.ended_at),
        retry_of=text_of(payout.retry_of),
        version=payout.version,
    )
