"""What holds of any amount that somebody asks to move, whatever it is for."""

from __future__ import annotations

from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.money import Money


def refuse_nothing(amount: Money) -> None:
    """Refuse an amount that is not above zero: InvalidInput `invalid_amount`, of the field `amount.amount_minor`."""
    if amount.amount_minor <= 0:
        violation = FieldViolation("amount.amount_minor", "must be above zero")
        raise InvalidInput("invalid_amount", "the amount must be above zero", violations=[violation])
