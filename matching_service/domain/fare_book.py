"""What a city's fares depend on beyond a product's own rates: places, hours, tolls, surcharges and taxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum

from matching_service.domain.zones import Gate, ServiceArea
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of some weekdays by the city's clock, from `start` up to, not including, `end`.

    `days` counts from Monday, 0. Where the end is not after the start, the window runs over midnight, into the morning
    after each of its days; so does a whole day from 00:00 to 00:00.
    """

    days: frozenset[int]
    start: time
    end: time

    def holds(self, local: datetime) -> bool:
        """Whether a moment of the city's clock falls into it."""
        clock, day = local.time().replace(tzinfo=None), local.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= clock < self.end
        return (day in self.days and clock >= self.start) or ((day - 1) % 7 in self.days and clock < self.end)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where and when a ride is priced: the zones of its ends, and the time by the city's clock."""

    local: datetime
    pickup_zones: frozenset[str]
    dropoff_zones: frozenset[str]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rides something is for; what is empty asks nothing."""

    products: frozenset[str] = frozenset()
    pickup_zones: frozenset[str] = frozenset()
    """The pickup lies in one of them."""
    dropoff_zones: frozenset[str] = frozenset()
    windows: tuple[Window, ...] = ()

    def covers(self, product: str, moment: Moment) -> bool:
        """Whether a ride of a product at a place and time is meant."""
        return (
            (not self.products or product in self.products)
            and (not self.pickup_zones or bool(self.pickup_zones & moment.pickup_zones))
            and (not self.dropoff_zones or bool(self.dropoff_zones & moment.dropoff_zones))
            and (not self.windows or any(window.holds(moment.local) for window in self.windows))
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates that take the place of a product's own; None leaves the product's."""

    flat: Money | None = None
    """In place of base, distance, time and minimum, whatever the way; no surge comes on top."""
    base: Money | None = None
    per_kilometer: Money | None = None
    per_minute: Money | None = None
    minimum: Money | None = None
    booking_fee: Money | None = None


@dataclass(frozen=True, slots=True)
class FareRule:
    """Other rates for some rides. Of the rules that cover a ride the first of the document counts."""

    name: str
    scope: Scope
    rates: Rates


class PaidBy(StrEnum):
    """Who pays a surcharge on to whom it is owed, and therefore gets it."""

    DRIVER = "driver"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Surcharge:
    """An amount on top for some rides, for example of an airport. All that cover a ride count."""

    name: str
    scope: Scope
    amount: Money
    paid_by: PaidBy


@dataclass(frozen=True, slots=True)
class Toll:
    """What the driver pays for passing a gate or being in a zone, once a trip; the rider gives it back."""

    name: str
    scope: Scope
    amount: Money
    place: Gate | ServiceArea

    def is_due(self, line: Sequence[GeoPoint]) -> bool:
        """Whether a way costs it."""
        return self.place.is_passed_by(line) if isinstance(self.place, Gate) else self.place.is_touched_by(line)


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax on fares: on all lines but tolls and other taxes, rounded half up once on their sum."""

    rate_basis_points: int
    jurisdiction: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class FareBook:
    """All of it, in the document's order."""

    zones: Mapping[str, ServiceArea] = field(default_factory=dict[str, ServiceArea])
    rules: tuple[FareRule, ...] = ()
    surcharges: tuple[Surcharge, ...] = ()
    tolls: tuple[Toll, ...] = ()
    taxes: tuple[Tax, ...] = ()

    def zones_at(self, point: GeoPoint) -> frozenset[str]:
        """Return the zones a point lies in; they may overlap."""
        return frozenset(name for name, zone in self.zones.items() if zone.contains(point))

    def moment(self, local: datetime, pickup: GeoPoint, dropoff: GeoPoint | None) -> Moment:
        """Return what scopes are held against; without a drop-off, no scope that asks for one covers it."""
        there = frozenset[str]() if dropoff is None else self.zones_at(dropoff)
        return Moment(local, self.zones_at(pickup), there)
