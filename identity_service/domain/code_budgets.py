"""Budgets of one-time codes beyond those of a phone: what a device, an address, a block of numbers and a country may
use up, and what a day may cost.

Pumping fraud asks for codes to blocks of numbers that share a prefix and a revenue; guessing asks from few addresses
for many phones. A budget counts in a window that begins with its first use, so that one of N admits at most 2 N in any
stretch as long as the window.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from shared_kernel.errors import FieldViolation, InvalidInput

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_BLOCK_DIGITS = 4
_HOME_PREFIX_BITS = 64


class BudgetKind(StrEnum):
    """What a budget is of."""

    DEVICE = "device"
    ADDRESS = "address"
    BLOCK = "block"
    COUNTRY = "country"
    SPENDING = "spending"
    GUESSES = "guesses"


@dataclass(frozen=True, slots=True)
class Charge:
    """What one request takes out of a budget."""

    kind: BudgetKind
    key: str
    amount: int
    limit: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class BudgetLimits:
    """The operator's settings."""

    per_device_per_hour: int
    per_address_per_hour: int
    per_block_per_hour: int
    per_country_per_hour: int
    wrong_guesses_per_address_per_hour: int
    daily_spending_micros: int
    """Millionths of the currency that SMS and calls are paid in."""
    default_price_micros: int
    price_micros_by_country: Mapping[str, int] = field(default_factory=dict[str, int])
    countries: frozenset[str] = frozenset()
    """ISO 3166 codes of the countries that get codes; all where empty."""
    default_voice_price_micros: int | None = None
    """Of a call of a minute; None: countries without a price of their own get no calls."""
    voice_price_micros_by_country: Mapping[str, int] = field(default_factory=dict[str, int])

    def charges(self, phone_number: str, country: str, device_id: str, address: str) -> Sequence[Charge]:
        """Return what a request for a code takes out, the most contended budgets last.

        Raises:
            InvalidInput: `phone_not_supported`, for a country that gets no codes.
        """
        if self.countries and country not in self.countries:
            violation = FieldViolation("phone_number", "is of a country that this service does not send codes to")
            raise InvalidInput(
                "phone_not_supported", "codes cannot be sent to this phone number", violations=[violation]
            )
        # The call may follow within seconds, made by who counts nothing: what it would cost is set aside at once.
        price = self.price_micros_by_country.get(country, self.default_price_micros) + (self._call_price(country) or 0)
        found = [
            Charge(BudgetKind.BLOCK, phone_number[:-_BLOCK_DIGITS], 1, self.per_block_per_hour, _HOUR),
            Charge(BudgetKind.COUNTRY, country, 1, self.per_country_per_hour, _HOUR),
            Charge(BudgetKind.SPENDING, "all", price, self.daily_spending_micros, _DAY),
        ]
        if address:
            found.insert(0, Charge(BudgetKind.ADDRESS, address, 1, self.per_address_per_hour, _HOUR))
        if device_id:
            found.insert(0, Charge(BudgetKind.DEVICE, device_id, 1, self.per_device_per_hour, _HOUR))
        return found

    def may_call(self, country: str) -> bool:
        """Tell whether a code for a country may be told by a call: where it has a price, so that it is counted."""
        return self._call_price(country) is not None

    def _call_price(self, country: str) -> int | None:
        return self.voice_price_micros_by_country.get(country, self.default_voice_price_micros)

    def mail_charges(self, account_id: UUID, mailbox: str) -> Sequence[Charge]:
        """Return what a request for a code by mail takes out: an account and a mailbox have the budget of a device, so
        that nobody is flooded by many accounts.
        """
        return [
            Charge(BudgetKind.DEVICE, f"account {account_id}", 1, self.per_device_per_hour, _HOUR),
            Charge(BudgetKind.BLOCK, f"mailbox {mailbox}", 1, self.per_device_per_hour, _HOUR),
        ]

    def guess(self, address: str) -> Charge | None:
        """Return what a wrong guess takes out; None where nobody knows where it came from."""
        if not address:
            return None
        return Charge(BudgetKind.GUESSES, address, 1, self.wrong_guesses_per_address_per_hour, _HOUR)


def address_key(text: str) -> str:
    """Return what requests from an address share: an IPv4 address, or the network (/64) of a home by IPv6.

    An empty text, and one that is no address, is nobody's.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _HOME_PREFIX_BITS), strict=False))
    return str(address)
