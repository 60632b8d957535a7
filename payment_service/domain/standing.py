"""How a driver stands: what is owed either way, and whether more of it may be left with the driver in cash."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class Standing:
    """A driver's balance in a currency (below zero the driver owes), and the lowest that still allows cash rides."""

    driver_id: UUID
    balance: Money
    cash_floor: Money

    @property
    def cash_allowed(self) -> bool:
        return not self.balance < self.cash_floor


@dataclass(frozen=True, slots=True)
class DriverStandingChanged:
    """A driver came to owe more than is allowed for cash rides, or no longer does.

    Its aggregate is the driver; the version counts a driver's changes in all currencies.
    """

    standing: Standing
    version: int

    @property
    def aggregate_id(self) -> UUID:
        return self.standing.driver_id

    @property
    def aggregate_version(self) -> int:
        return self.version
