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
from shared_kernel.money import Money, charge_step

BASIS_POINTS = 10_000
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
    PROMOTION = "promotion"
    """Taken off: the total is the sum of the other lines less this one."""


@dataclass(frozen=True, slots=True)
class FareLine:
    """One line of a fare. No amount is negative, also not of a promotion, which is subtracted."""

    kind: FareLineKind
    amount: Money
    name: str = ""
    """What people call it, where lines of a kind differ: the toll, the surcharge, the tax's jurisdiction."""

    def __post_init__(self) -> None:
        if self.amount.amount_minor < 0:
            raise ValueError(f"the {self.kind} line of a fare is negative")

    @property
    def signed(self) -> Money:
        """What the line adds to the total."""
        return -self.amount if self.kind is FareLineKind.PROMOTION else self.amount


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
        amounts = (line.amount for line in self.lines if line.kind is kind)
        return sum(amounts, Money.zero(self.total.currency_code))

    def fee(self, kind: FareLineKind, amount_minor: int) -> FareLine | None:
        """Make the fee of a ride of this fare, rounded half up to what can be charged.

        It is no more than is held for the ride; None where it is nothing.
        """
        fee = min(Money(self.total.currency_code, amount_minor).charged(), self.total, key=lambda of: of.amount_minor)
        return FareLine(kind, fee) if fee.amount_minor > 0 else None


def sum_lines(currency_code: str, lines: Sequence[FareLine]) -> Money:
    """Add up lines, less promotions; a line of another currency is a ValueError."""
    return sum((line.signed for line in lines), Money.zero(currency_code))


@dataclass(frozen=True, slots=True)
class Discount:
    """What is taken off a fare: a part of it or an amount, up to a cap; a ride keeps it as it was promised.

    Exactly one of `percent_off_basis_points` (1 to 10,000) and `amount_off_minor` is above zero. `most_off_minor` None
    is no cap. At least `least_paid_minor` is left to pay: cards are charged from some minimum on.
    """

    code: str
    currency_code: str
    percent_off_basis_points: int
    amount_off_minor: int
    most_off_minor: int | None
    least_paid_minor: int

    def off(self, fare: Fare) -> Money:
        """Return what is taken off a fare: zero or more, and less than its total.

        A part is one of all lines but tolls, which the driver paid to somebody else, rounded half up. What is taken off
        is what can be charged, rounded down: what is left can be charged as well.
        """
        plain = without_promotion(fare)
        if plain.total.currency_code != self.currency_code:
            return Money.zero(plain.total.currency_code)
        base_minor = plain.total.amount_minor - plain.amount_of(FareLineKind.TOLL).amount_minor
        part_minor = (2 * base_minor * self.percent_off_basis_points + BASIS_POINTS) // (2 * BASIS_POINTS)
        off_minor = part_minor + min(self.amount_off_minor, base_minor)
        if self.most_off_minor is not None:
            off_minor = min(off_minor, self.most_off_minor)
        left_minor = plain.total.amount_minor - self.least_paid_minor
        step = charge_step(self.currency_code)
        return Money(self.currency_code, max(0, min(off_minor, left_minor)) // step * step)

    def applied(self, fare: Fare) -> Fare:
        """Return a fare with what is taken off it as its last line; as it is where that is nothing."""
        plain, off = without_promotion(fare), self.off(fare)
        if not off.amount_minor:
            return plain
        return Fare.of(self.currency_code, [*plain.lines, FareLine(FareLineKind.PROMOTION, off)])


def without_promotion(fare: Fare) -> Fare:
    """Return a fare before any promotion."""
    lines = [line for line in fare.lines if line.kind is not FareLineKind.PROMOTION]
    return Fare.of(fare.total.currency_code, lines)


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
    promotion_id: UUID | None = None
    discount: Discount | None = None
    """The promotion of the rider's that the fare contains, and its terms, which a ride asked for with this keeps."""

    def is_expired(self, now: datetime) -> bool:
        """Whether the promise is over: the moment of expiry itself no longer counts."""
        return now >= self.expires_at
