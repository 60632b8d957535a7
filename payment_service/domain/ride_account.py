"""All that a rider paid for a ride and got back: its charge, what was above the hold, tips and refunds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.domain.payment_method import PaymentMethod
from payment_service.domain.payment_moves import PaymentStatus
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class PaidPart:
    """One payment of a ride; `brand` and `last_digits` are empty where it was not by card."""

    payment_id: UUID
    purpose: Purpose
    funding: Funding
    status: PaymentStatus
    amount: Money
    refunded: Money
    brand: str
    last_digits: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RideAccount:
    """A ride's sums: its charge and `tips` are what was `collected`, `credit_used` and `outstanding` together.

    `outstanding` was not collected by a charge of the ride itself: it is being tried, or stands among the rider's
    debts. `paid` is what the rider is without after refunds, granted credit left out.
    """

    parts: tuple[PaidPart, ...]
    tips: Money
    collected: Money
    credit_used: Money
    outstanding: Money
    refunded: Money

    @property
    def paid(self) -> Money:
        return self.collected - self.refunded


def account_of_ride(payments: Sequence[Payment], methods: Mapping[UUID, PaymentMethod]) -> RideAccount:
    """Add up the payments of a ride, its own (captured) among them."""
    [own] = [payment for payment in payments if payment.purpose is Purpose.RIDE]
    code = own.currency_code

    def captured(*purposes: Purpose) -> int:
        return sum(payment.captured_minor for payment in payments if payment.purpose in purposes)

    return RideAccount(
        parts=tuple(_part(payment, methods) for payment in payments),
        tips=Money(code, captured(Purpose.TIP)),
        collected=Money(code, captured(*Purpose)),
        credit_used=Money(code, own.credit_used_minor),
        outstanding=Money(code, own.receivable_minor - captured(Purpose.EXCESS)),
        refunded=Money(code, sum(payment.refunded_minor for payment in payments)),
    )


def _part(payment: Payment, methods: Mapping[UUID, PaymentMethod]) -> PaidPart:
    code = payment.currency_code
    method = None if payment.payment_method_id is None else methods[payment.payment_method_id]
    amount_minor = payment.captured_minor
    if payment.status is not PaymentStatus.CAPTURED:
        amount_minor = payment.requested_minor
    return PaidPart(
        payment_id=payment.id,
        purpose=payment.purpose,
        funding=payment.funding,
        status=payment.status,
        amount=Money(code, amount_minor),
        refunded=Money(code, payment.refunded_minor),
        brand="" if method is None else method.brand,
        last_digits="" if method is None else method.last_digits,
        at=payment.captured_at or payment.created_at,
    )
