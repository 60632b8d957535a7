"""Amounts as people write them."""

from __future__ import annotations

from decimal import Decimal

from shared_kernel.money import exponent


def decimal_text(currency_code: str, amount_minor: int) -> str:
    """Write an amount in major units with all the digits of its currency: 1250 cents are 12.50."""
    digits = exponent(currency_code)
    return f"{Decimal(amount_minor).scaleb(-digits):.{digits}f}"
