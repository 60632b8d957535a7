"""Amounts as Stripe writes them: mostly ISO 4217 minor units, with Stripe's own exceptions.

Source: Stripe's page on supported currencies (zero-decimal, special-case and three-decimal currencies).
"""

from __future__ import annotations

from shared_kernel.errors import InvalidInput
from shared_kernel.money import Money, exponent

_DECIMALS_AT_STRIPE = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Where Stripe's number of decimals is not ISO 4217's."""


def to_stripe(amount: Money) -> int:
    """Return an amount in Stripe's unit; one that has no whole number there is `amount_not_payable` (InvalidInput)."""
    code = amount.currency_code
    shift = _DECIMALS_AT_STRIPE.get(code, exponent(code)) - exponent(code)
    if shift >= 0:
        scaled, rest = amount.amount_minor * 10**shift, 0
    else:
        scaled, rest = divmod(amount.amount_minor, 10**-shift)
    # Stripe takes three decimals only with a zero at the end.
    if rest or (exponent(code) == 3 and scaled % 10):
        raise InvalidInput("amount_not_payable", f"{amount} cannot be paid by card to the last digit")
    return scaled
