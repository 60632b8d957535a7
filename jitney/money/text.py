"""Amounts and times of the contracts, as people read them."""

from datetime import UTC
from typing import Any

from shared_kernel.money import Money


def money_text(amount: Any) -> str:
    """12.50 USD."""
    return str(Money(amount.currency_code, amount.amount_minor)) if amount.currency_code else ""


def time_text(at: Any) -> str:
    """2026-11-22 18:25:34."""
    return f"{at.ToDatetime(UTC):%Y-%m-%d %H:%M:%S}"
