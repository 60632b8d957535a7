"""What a rider is told of a charge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payment_service.domain.charge import ChargeLine, charge_total
from payment_service.domain.payment import Funding, Payment
from payment_service.domain.payment_method import PaymentMethod
from payment_service.domain.refund import Refund
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a rider was charged for a ride: every line, and what of the total was paid from where.

    `brand` and `last_digits` are empty where no card was asked.
    """

    payment_id: UUID
    ride_id: UUID
    captured_at: datetime
    lines: tuple[ChargeLine, ...]
    total: Money
    funding: Funding
    captured: Money
    credit_used: Money
    receivable: Money
    brand: str
    last_digits: str
    refunds: tuple[Refund, ...] = ()
    """What went back of the ride's payments or is on its way; refunds that failed are left out."""


def receipt_of(payment: Payment, method: PaymentMethod | None, refunds: tuple[Refund, ...] = ()) -> Receipt:
    """Make the receipt of a ride's captured payment; of any other it is a ValueError."""
    if payment.captured_at is None or payment.lines is None or payment.ride_id is None:
        raise ValueError("only the captured payment of a ride has a receipt")
    code = payment.currency_code
    return Receipt(
        payment_id=payment.id,
        ride_id=payment.ride_id,
        captured_at=payment.captured_at,
        lines=payment.lines,
        total=charge_total(payment.lines),
        funding=payment.funding,
        captured=Money(code, payment.captured_minor),
        credit_used=Money(code, payment.credit_used_minor),
        receivable=Money(code, payment.receivable_minor),
        brand="" if method is None else method.brand,
        last_digits="" if method is None else method.last_digits,
        refunds=refunds,
    )
