"""Amounts as Stripe writes them: mostly ISO 4217 minor units, with Stripe's own exceptions.

Source: Stripe's page on supported currencies (zero-decimal, special-case and three-decimal currencies).
"""

from __future__ import annotations

from shared_kernel.errors import InvalidInput
from shared_kernel.money import Money, exponent

_DECIMALS_AT_STRIPE = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Where Stripe's number of decimals is not ISO 4217's. ISK and UGX are written with two for old times' sake."""
_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Taken with a zero at the end alone."""
_NOT_AT_STRIPE = frozenset({"IQD", "LYD", "UYI", "CLF", "UYW"})
"""Of the currencies without two decimals, those that Stripe does not take at all."""


def to_stripe(amount: Money) -> int:
    """Return an amount in Stripe's unit; one that has no whole number there is `amount_not_payable` (InvalidInput)."""
    code = amount.currency_code
    shift = _DECIMALS_AT_STRIPE.get(code, exponent(code)) - exponent(code)
    if shift >= 0:
        scaled, rest = amount.amount_minor * 10**shift, 0
    else:
        scaled, rest = divmod(amount.amount_minor, 10**-shift)
    if rest or code in _NOT_AT_STRIPE or (code in _THREE_DECIMALS and scaled % 10):
        raise InvalidInput("amount_not_payable", f"{amount} cannot be paid by card to the last digit")
    return scaled


def payable(amount: Money) -> Money:
    """Return the most of an amount that `to_stripe` takes; an amount below zero is returned as it is."""
    code = amount.currency_code
    if amount.amount_minor < 0:
        return amount
    if code in _NOT_AT_STRIPE:
        return Money.zero(code)
    shift = _DECIMALS_AT_STRIPE.get(code, exponent(code)) - exponent(code)
    step = 10 if code in _THREE_DECIMALS else 10 ** max(0, -shift)
    return Money(code, amount.amount_minor - amount.amount_minor % step)


def from_stripe(amount: int, currency: str) -> Money:
    """Return an amount that Stripe tells, with the currency in Stripe's lower case.

    Raises:
        InvalidInput: `unknown_currency`, or `amount_not_readable` where it is less than our smallest unit.
    """
    code = currency.upper()
    shift = exponent(code) - _DECIMALS_AT_STRIPE.get(code, exponent(code))
    if shift >= 0:
        return Money(code, amount * 10**shift)
    whole, rest = divmod(amount, 10**-shift)
    if rest:
        raise InvalidInput("amount_not_readable", f"{amount} of Stripe's unit of {code} has no whole number here")
    return Money(code, whole)
