"""What all simulated people share: the interfaces, the time, the chance, and what is said at the kerb."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc
import httpx

from jitney.simulator.api import Api
from jitney.simulator.behavior import Behavior
from jitney.simulator.clock import SimulationClock
from jitney.simulator.motion import Vehicle
from shared_kernel.geo import GeoPoint, haversine_meters

_METERS_PER_DEGREE = 111_195.0


@dataclass(slots=True)
class Tally:
    """What the people saw, for the report; waits in simulated seconds."""

    requested: int = 0
    with_a_driver_near: list[str] = field(default_factory=list[str])
    """The rides that had a free driver near when they were asked for."""
    changed_minds: set[str] = field(default_factory=set[str])
    """The rides that their riders canceled without need: a driver was on the way."""
    completed: int = 0
    completed_by_funding: Counter[str] = field(default_factory=Counter[str])
    completed_with_a_driver_near: int = 0
    ends: Counter[str] = field(default_factory=Counter[str])
    waits_seconds: list[float] = field(default_factory=list[float])
    fares_minor: Counter[str] = field(default_factory=Counter[str])
    requested_by_kind: Counter[str] = field(default_factory=Counter[str])
    completed_by_kind: Counter[str] = field(default_factory=Counter[str])
    rides_by_run: Counter[str] = field(default_factory=Counter[str])
    """Pooled rides that were completed, by the run that they were part of."""
    detours_seconds: list[float] = field(default_factory=list[float])
    """How much longer than alone each pooled ride took, in simulated seconds."""
    hand_overs: Counter[str] = field(default_factory=Counter[str])
    """How orders ended: by the proof of their hand-over, or returned."""
    edits: Counter[str] = field(default_factory=Counter[str])
    """What became of edits that riders accepted, by their state."""
    after_rides: Counter[str] = field(default_factory=Counter[str])
    """Tips and ratings that were given."""
    rests: int = 0
    """How often a driver went off shift for a while."""
    tunnels: int = 0
    """How often a device was out of reach for a while."""
    acknowledged: int = 0
    """Events of live streams that drivers' apps acknowledged."""
    troubles: Counter[str] = field(default_factory=Counter[str])


@dataclass(slots=True)
class World:
    """One simulated city."""

    api: Api
    sandbox: Api
    streams: httpx.AsyncClient
    matching: grpc.aio.Channel
    clock: SimulationClock
    chance: random.Random
    behavior: Behavior
    tell: Callable[[str], None]
    notification: grpc.aio.Channel | None = None
    """Where live streams are followed by gRPC; without it everybody hears of things by server-sent events."""
    tally: Tally = field(default_factory=Tally)
    free_vehicles: dict[str, Vehicle] = field(default_factory=dict[str, Vehicle])
    """Vehicles whose drivers wait for an offer, by the driver's account."""
    spoken_pins: dict[str, str] = field(default_factory=dict[str, str])
    """The PIN that the rider of a ride tells the driver at the kerb."""
    recipient_pins: dict[str, str] = field(default_factory=dict[str, str])
    """The PIN that the recipient of an order tells its courier at the door."""
    waiting: dict[object, GeoPoint] = field(default_factory=dict[object, GeoPoint])
    """Where riders stand who have asked and have no driver yet, by whatever names them."""
    trip_seconds: dict[str, float] = field(default_factory=dict[str, float])
    """How long the trip of a ride takes; the streets know, the service does not."""

    def between(self, bounds: tuple[float, float]) -> float:
        """Draw a time."""
        return self.chance.uniform(*bounds)

    def happens(self, share: float) -> bool:
        """Draw whether something with a share of all cases happens."""
        return self.chance.random() < share

    def measured(self, place: GeoPoint) -> GeoPoint:
        """Return a place as a device takes it to be."""
        noise = self.behavior.noise_meters
        if not noise:
            return place
        north, east = self.chance.gauss(0, noise), self.chance.gauss(0, noise)
        shrunk = math.cos(math.radians(place.latitude))
        return GeoPoint(
            place.latitude + north / _METERS_PER_DEGREE, place.longitude + east / (_METERS_PER_DEGREE * shrunk)
        )

    def has_a_free_driver_near(self, place: GeoPoint, classes: frozenset[str]) -> bool:
        """Tell whether a rider who asks at a place now has a free driver near.

        That is: near the place there are more free vehicles of these classes than riders who asked earlier and still
        wait, so that one is left for this rider.
        """
        now, near_meters = self.clock.seconds(), self.behavior.near_meters
        free = sum(
            car.vehicle_class in classes and haversine_meters(car.place(now), place) <= near_meters
            for car in self.free_vehicles.values()
        )
        earlier = sum(haversine_meters(other, place) <= near_meters for other in self.waiting.values())
        return free > earlier
