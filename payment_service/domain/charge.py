"""What a rider is charged, and who gets which part of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from payment_service.domain.ledger import Account, AccountKind, Posting, merged
from payment_service.domain.payment import Payment
from payment_service.domain.payment_method import PaymentMethod
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.money import Money

WHOLE_BASIS_POINTS = 10_000


class ChargeLineKind(StrEnum):
    """What a line is for."""

    FARE = "fare"
    BOOKING_FEE = "booking_fee"
    TAX = "tax"
    CANCEL_FEE = "cancel_fee"


_SPLIT_KINDS = (ChargeLineKind.FARE, ChargeLineKind.CANCEL_FEE)


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One line; the amount is zero or more.

    `commission_basis_points` (0 to 10,000) is the platform's share of a fare or cancel fee, `tax_jurisdiction` whom a
    tax is owed to; with other kinds they mean nothing.
    """

    kind: ChargeLineKind
    amount: Money
    commission_basis_points: int = 0
    tax_jurisdiction: str = ""


def charge_total(lines: Iterable[ChargeLine]) -> Money:
    """Check lines and return their sum.

    Raises:
        InvalidInput: `invalid_charge`, naming each wrong line.
    """
    lines = list(lines)
    violations = [
        FieldViolation(f"lines[{index}].{field}", description)
        for index, line in enumerate(lines)
        for field, description in _faults(line, lines[0].amount.currency_code)
    ]
    if violations or not lines:
        raise InvalidInput("invalid_charge", "the lines do not make a charge", violations=violations)
    total = Money.zero(lines[0].amount.currency_code)
    for line in lines:
        total += line.amount
    return total


def capture_postings(lines: Iterable[ChargeLine], driver_id: UUID) -> list[Posting]:
    """Return the postings of a capture by card: the PSP owes us the total, and we owe or earn its parts.

    A split gives the odd minor unit to the larger remainder, in a tie to the driver. Lines of zero leave no posting.
    """
    driver = Account(AccountKind.DRIVER, str(driver_id))
    postings: list[Posting] = []
    for line in lines:
        postings.append(Posting(Account(AccountKind.PSP_RECEIVABLE), line.amount))
        if line.kind in _SPLIT_KINDS:
            weights = (WHOLE_BASIS_POINTS - line.commission_basis_points, line.commission_basis_points)
            earned, commission = line.amount.split(weights)
            postings.append(Posting(driver, -earned))
            postings.append(Posting(Account(AccountKind.COMMISSION), -commission))
        elif line.kind is ChargeLineKind.BOOKING_FEE:
            postings.append(Posting(Account(AccountKind.BOOKING_FEE), -line.amount))
        else:
            postings.append(Posting(Account(AccountKind.TAX, line.tax_jurisdiction), -line.amount))
    return merged(postings)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a rider was charged."""

    payment_id: UUID
    ride_id: UUID
    captured_at: datetime
    lines: tuple[ChargeLine, ...]
    total: Money
    brand: str
    last_digits: str


def receipt_of(payment: Payment, lines: tuple[ChargeLine, ...], method: PaymentMethod) -> Receipt:
    """Make the receipt of a captured payment; of any other it is a ValueError."""
    if payment.captured_at is None:
        raise ValueError("a payment that is not captured has no receipt")
    return Receipt(
        payment_id=payment.id,
        ride_id=payment.ride_id,
        captured_at=payment.captured_at,
        lines=lines,
        total=Money(payment.currency_code, payment.captured_minor),
        brand=method.brand,
        last_digits=method.last_digits,
    )


def _faults(line: ChargeLine, currency_code: str) -> Iterable[tuple[str, str]]:
    if line.amount.currency_code != currency_code:
        yield "amount.currency_code", f"all lines must be in one currency, here {currency_code}"
    if line.amount.amount_minor < 0:
        yield "amount.amount_minor", "must be zero or more"
    if not 0 <= line.commission_basis_points <= WHOLE_BASIS_POINTS:
        yield "commission_basis_points", f"must be from 0 to {WHOLE_BASIS_POINTS}"
    if line.kind is ChargeLineKind.TAX and not line.tax_jurisdiction:
        yield "tax_jurisdiction", "must be set on a tax line"
