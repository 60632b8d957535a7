"""Amounts and times as people read them."""

from __future__ import annotations

from datetime import datetime

# ISO 4217 minor units that are not two digits, as Stripe counts them.
_CURRENCIES_BY_DIGITS = {
    0: "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf",
    3: "bhd jod kwd omr tnd",
}
_DIGITS = {currency: digits for digits, names in _CURRENCIES_BY_DIGITS.items() for currency in names.split()}


def money(amount_minor: int, currency: str) -> str:
    """Write an amount for people: `12.80 USD`."""
    digits = _DIGITS.get(currency, 2)
    return f"{amount_minor / 10**digits:,.{digits}f} {currency.upper()}"


def age(now: datetime, moment: datetime) -> str:
    """Say how long ago something was: `12 s`, `5 min`, `3 h`, `2 d`."""
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
