"""What kinds of rides simulated people ask for, and with what vehicles drivers come."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from jitney.simulator.behavior import Behavior
from jitney.simulator.trips import Trip
from jitney.simulator.world import World
from jitney_client.models import DeliveryOrderRequest
from shared_kernel.geo import GeoPoint

SERVED_BY: Final[Mapping[str, frozenset[str]]] = {
    "economy": frozenset({"economy", "xl"}),
    "xl": frozenset({"xl"}),
    "wheelchair": frozenset({"wheelchair"}),
    "pool": frozenset({"economy", "xl"}),
    "delivery": frozenset({"economy", "xl"}),
}
"""Which vehicle classes serve a product in the packaged city."""
_EVERY_EIGHTH, _EVERY_TWELFTH = 8, 12


@dataclass(frozen=True, slots=True)
class Wish:
    """What a rider asks for beside a trip. `edits_to` is where the rider changes their mind to on the way."""

    product: str = "economy"
    passengers: int = 1
    stops: tuple[GeoPoint, ...] = ()
    edits_to: GeoPoint | None = None
    ahead_seconds: float = 0.0
    """Of the wall's clock, which the service reads; 0 asks for a ride now."""

    @property
    def names(self) -> list[str]:
        """The kinds that the ride counts among, for the report; none for a plain one."""
        kinds = {
            self.product: self.product != "economy",
            "stops": bool(self.stops),
            "edited": self.edits_to is not None,
            "scheduled": self.ahead_seconds > 0,
        }
        return [name for name, is_one in kinds.items() if is_one]


def draw_wish(world: World, trip: Trip) -> Wish:
    """Draw what somebody asks for."""
    behavior = world.behavior
    product = "economy"
    if world.happens(behavior.wheelchair_share):
        product = "wheelchair"
    elif world.happens(behavior.xl_share):
        product = "xl"
    elif world.happens(behavior.pool_share):
        return Wish(product="pool", passengers=world.chance.randint(1, 2))
    elif world.happens(behavior.delivery_share):
        return Wish(product="delivery")
    return Wish(
        product=product,
        passengers=world.chance.randint(5, 6) if product == "xl" else world.chance.randint(1, 3),
        stops=(_on_the_way(trip, 0.5, world),) if world.happens(behavior.stops_share) else (),
        edits_to=_on_the_way(trip, 0.8, world) if world.happens(behavior.edit_share) else None,
        ahead_seconds=behavior.schedule_ahead_seconds if world.happens(behavior.scheduled_share) else 0.0,
    )


def order_of(number: int) -> DeliveryOrderRequest:
    """Make up what somebody has brought."""
    return {
        "shop_name": "Corner Bakery",
        "order_reference": f"S-{number}",
        "recipient_name": "Robin",
        "items": "2 loaves of bread",
        "size": "small",
        "capabilities": ["thermal_bag"],
    }


def _on_the_way(trip: Trip, share: float, world: World) -> GeoPoint:
    """Return a place about so far along the trip, a little aside."""
    aside = world.chance.uniform(-0.002, 0.002)
    return GeoPoint(
        trip.pickup.latitude + share * (trip.dropoff.latitude - trip.pickup.latitude) + aside,
        trip.pickup.longitude + share * (trip.dropoff.longitude - trip.pickup.longitude) - aside,
    )


def vehicle_class_of(number: int, behavior: Behavior) -> Literal["economy", "xl", "wheelchair"]:
    """Return what a driver comes with; the same one in each run, so that the approval stands."""
    if behavior.wheelchair_share and number % _EVERY_TWELFTH == _EVERY_TWELFTH - 1:
        return "wheelchair"
    if behavior.xl_share and number % _EVERY_EIGHTH == _EVERY_EIGHTH - 1:
        return "xl"
    return "economy"


def stars_of(chance: random.Random) -> int:
    """Draw how many stars somebody gives: most people are content."""
    return chance.choices((5, 4, 3, 2, 1), (70, 18, 7, 3, 2))[0]


def next_place(ride: Mapping[str, Any]) -> tuple[GeoPoint, Mapping[str, Any] | None]:
    """Return where the driver of a ride goes next, and the stop that it is, if it is one."""
    if ride["state"] == "in_progress":
        for stop in ride.get("stops", ()):
            if stop["state"] in ("pending", "reached"):
                return _point(stop["place"]), stop
        return _point(ride["dropoff"]), None
    return _point(ride["pickup"]), None


def _point(place: Mapping[str, Any]) -> GeoPoint:
    return GeoPoint(place["latitude"], place["longitude"])
