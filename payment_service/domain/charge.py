"""What a rider is charged, who pays it from what, and who gets which part of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from payment_service.domain.ledger import Account, AccountKind, Posting, merged
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.money import MAX_AMOUNT_MINOR, Money

WHOLE_BASIS_POINTS = 10_000


class ChargeLineKind(StrEnum):
    """What a line is for."""

    FARE = "fare"
    WAITING = "waiting"
    CANCEL_FEE = "cancel_fee"
    NO_SHOW_FEE = "no_show_fee"
    BOOKING_FEE = "booking_fee"
    TOLL = "toll"
    """Paid by the driver on the way, and theirs in full."""
    TIP = "tip"
    TAX = "tax"
    PROMOTION = "promotion"
    """Taken off what the rider pays; the platform bears it, the driver's share is as without it."""


SPLIT_KINDS = (ChargeLineKind.FARE, ChargeLineKind.WAITING, ChargeLineKind.CANCEL_FEE, ChargeLineKind.NO_SHOW_FEE)
"""Lines that driver and platform share."""
_ABSENT_KINDS = (ChargeLineKind.CANCEL_FEE, ChargeLineKind.NO_SHOW_FEE)
"""Lines for a rider who did not come: nobody is there to hand cash over."""
_DRIVER_KINDS = (ChargeLineKind.TOLL, ChargeLineKind.TIP)


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One line; the amount is zero or more, also of a promotion, which is subtracted.

    `commission_basis_points` (0 to 10,000) is the platform's share of a shared line, `tax_jurisdiction` whom a tax is
    owed to; with other kinds they mean nothing.
    """

    kind: ChargeLineKind
    amount: Money
    commission_basis_points: int = 0
    tax_jurisdiction: str = ""

    @property
    def signed(self) -> Money:
        """What the line adds to the total."""
        return -self.amount if self.kind is ChargeLineKind.PROMOTION else self.amount


def charge_total(lines: Iterable[ChargeLine]) -> Money:
    """Check lines and return what the rider pays, zero or more.

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
    total_minor = sum(line.signed.amount_minor for line in lines)
    if not 0 <= total_minor <= MAX_AMOUNT_MINOR:
        wrong = "promotions must not exceed what they are taken from"
        if total_minor > 0:
            wrong = f"must not sum to more than {MAX_AMOUNT_MINOR} minor units"
        violation = FieldViolation("lines", wrong)
        raise InvalidInput("invalid_charge", "the lines do not make a charge", violations=[violation])
    return Money(lines[0].amount.currency_code, total_minor)


def payable_in_cash(lines: Iterable[ChargeLine]) -> Money:
    """Return the part of a charge that a rider can have handed to the driver, zero or more."""
    lines = list(lines)
    total = charge_total(lines)
    absent_minor = sum(line.amount.amount_minor for line in lines if line.kind in _ABSENT_KINDS)
    return Money(total.currency_code, max(0, total.amount_minor - absent_minor))


def shares(lines: Iterable[ChargeLine], driver_id: UUID) -> list[Posting]:
    """Return who gets what: credits for driver, platform and tax, a debit for what a promotion costs.

    A split gives the odd minor unit to the larger remainder, in a tie to the driver.
    """
    driver = Account(AccountKind.DRIVER, str(driver_id))
    postings: list[Posting] = []
    for line in lines:
        if line.kind in SPLIT_KINDS:
            weights = (WHOLE_BASIS_POINTS - line.commission_basis_points, line.commission_basis_points)
            earned, commission = line.amount.split(weights)
            postings.append(Posting(driver, -earned))
            postings.append(Posting(Account(AccountKind.COMMISSION), -commission))
        elif line.kind in _DRIVER_KINDS:
            postings.append(Posting(driver, -line.amount))
        elif line.kind is ChargeLineKind.BOOKING_FEE:
            postings.append(Posting(Account(AccountKind.BOOKING_FEE), -line.amount))
        elif line.kind is ChargeLineKind.PROMOTION:
            postings.append(Posting(Account(AccountKind.PROMO), line.amount))
        else:
            postings.append(Posting(Account(AccountKind.TAX, line.tax_jurisdiction), -line.amount))
    return merged(postings)


def capture_postings(lines: Iterable[ChargeLine], driver_id: UUID, sources: Sequence[Posting]) -> list[Posting]:
    """Return the postings of a capture: `sources` (debits that add up to the total) against the shares.

    Empty where one account is on both sides with the same amount: a driver who keeps the whole of a cash ride.
    """
    return merged([*sources, *shares(lines, driver_id)])


def _faults(line: ChargeLine, currency_code: str) -> Iterable[tuple[str, str]]:
    if line.amount.currency_code != currency_code:
        yield "amount.currency_code", f"all lines must be in one currency, here {currency_code}"
    if line.amount.amount_minor < 0:
        yield "amount.amount_minor", "must be zero or more"
    if not 0 <= line.commission_basis_points <= WHOLE_BASIS_POINTS:
        yield "commission_basis_points", f"must be from 0 to {WHOLE_BASIS_POINTS}"
    if line.kind is ChargeLineKind.TAX and not line.tax_jurisdiction:
        yield "tax_jurisdiction", "must be set on a tax line"
