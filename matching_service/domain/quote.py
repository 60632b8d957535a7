"""Places, fares and quotes: a price that is promised until it expires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money

MAX_ADDRESS_LENGTH = 200
"""Bound of an address, as in the contract's Place."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point with the words people use for it; the address may be empty."""

    point: GeoPoint
    address: str = ""

    def __post_init__(self) -> None:
        if len(self.address) > MAX_ADDRESS_LENGTH:
            raise InvalidInput(
                "invalid_place",
                "the address is too long",
                violations=[FieldViolation("address", f"must have at most {MAX_ADDRESS_LENGTH} characters")],
            )


class FareLineKind(StrEnum):
    """What a line of a fare is for; the names are those of the contract's FareLineKind."""

    BASE = "base"
    DISTANCE = "distance"
    TIME = "time"
    MINIMUM = "minimum"
    SURGE = "surge"
    BOOKING_FEE = "booking_fee"
    TAX = "tax"
    CANCEL_FEE = "cancel_fee"
    NO_SHOW_FEE = "no_show_fee"
    RETURN_FEE = "return_fee"
    FLAT = "flat"
    WAITING = "waiting"
    TOLL = "toll"
    SURCHARGE = "surcharge"


@dataclass(frozen=True, slots=True)
class FareLine:
    """One line of a fare. No line is negative: discounts are not lines of a fare."""

    kind: FareLineKind
    amount: Money
    name: str = ""
    """What people call it, where lines of a kind differ: the toll, the surcharge, the tax's jurisdiction."""

    def __post_init__(self) -> None:
        if self.amount.amount_minor < 0:
            raise ValueError(f"the {self.kind} line of a fare is negative")


@dataclass(frozen=True, slots=True)
class Fare:
    """An amount owed and how it comes about; the lines are in one currency and sum to the total."""

    total: Money
    lines: tuple[FareLine, ...]

    def __post_init__(self) -> None:
        if sum_lines(self.total.currency_code, self.lines) != self.total:
            raise ValueError("the lines of a fare sum to its total")

    @classmethod
    def of(cls, currency_code: str, lines: Sequence[FareLine]) -> Self:
        """Make the fare of these lines; the total follows from them."""
        return cls(sum_lines(currency_code, lines), tuple(lines))

    def amount_of(self, kind: FareLineKind) -> Money:
        """Return the sum of the lines of one kind; zero when there is none."""
        return sum_lines(self.total.currency_code, [line for line in self.lines if line.kind is kind])


def sum_lines(currency_code: str, lines: Sequence[FareLine]) -> Money:
    """Add up lines; a line of another currency is a ValueError."""
    return sum((line.amount for line in lines), Money.zero(currency_code))


@dataclass(frozen=True, slots=True)
class Quote:
    """A price for one product from one place to another, kept for one rider until it expires.

    `pickup_eta_seconds` is None when no free driver was near. `surge_permille` is the multiplier of demand that the
    fare contains, in thousandths (1000 is none). `distance_meters` and `trip_eta_seconds` are of all legs by way of the
    stops, the time allowed for waiting at them included.
    """

    id: UUID
    rider_id: UUID
    product: str
    pickup: Place
    dropoff: Place
    fare: Fare
    distance_meters: int
    trip_eta_seconds: int
    pickup_eta_seconds: int | None
    expires_at: datetime
    surge_permille: int
    city: str = ""
    """The key of the city whose policy made the price; empty for a quote of the time before cities had keys."""
    policy_version: int = 0
    """Which version of that policy; a ride asked for with this quote keeps to it."""
    surge_consent_token: str = ""
    """What a request must bring back to show that the rider said yes to the surge; empty where none is asked for."""
    stops: tuple[Place, ...] = ()
    passengers: int = 1
    polyline: str = field(default="", compare=False)
    """The way on the map (see domain/polyline), for the answer alone: it is not kept. Empty where no map tells it."""
    pickup_at: datetime | None = None
    """When the ride is to begin; None for now."""
    max_detour_seconds: int | None = None
    """Of a pooled product: how much longer the ride may become for others; the request says that it may."""

    def is_expired(self, now: datetime) -> bool:
        """Whether the promise is over: the moment of expiry itself no longer counts."""
        return now >= self.expires_at
