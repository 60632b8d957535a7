"""What a simulated driver does with a ride, on a service that says yes to everything."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from jitney.simulator.behavior import Behavior
from jitney.simulator.clock import SimulationClock
from jitney.simulator.driver_view import DriverView
from jitney.simulator.driving import Driving
from jitney.simulator.logbook import Logbook
from jitney.simulator.motion import Vehicle
from jitney.simulator.world import World
from jitney_client import Client
from jitney_client.models import DriverRide
from shared_kernel.geo import GeoPoint

RIDE = "ride_one"
START, PICKUP, DROPOFF = GeoPoint(37.770, -122.420), GeoPoint(37.775, -122.420), GeoPoint(37.780, -122.420)
ALL_GOES_WELL = Behavior(driver_cancel_share=0.0, rating_share=0.0)


def ride(state: str, version: int, kind: str = "private") -> DriverRide:
    places = {"pickup": _place(PICKUP), "dropoff": _place(DROPOFF), "stops": []}
    return cast("DriverRide", {"id": RIDE, "state": state, "version": version, "kind": kind, **places})


def _place(point: GeoPoint) -> dict[str, float]:
    return {"latitude": point.latitude, "longitude": point.longitude}


class Service:
    """Does what it is asked, and notes what that was and where the vehicle stood."""

    def __init__(self, here: Callable[[], GeoPoint]) -> None:
        self.done: list[tuple[str, GeoPoint]] = []
        self._here = here

    async def arrive_at_pickup(self, ride_id: str) -> DriverRide:
        return self._did("arrive", ride_id, "arrived", 2)

    async def start_trip(self, ride_id: str, body: Any) -> DriverRide:
        return self._did(f"start by {body['pin']}", ride_id, "in_progress", 3)

    async def complete_trip(self, ride_id: str) -> DriverRide:
        return self._did("complete", ride_id, "completed", 4)

    async def fail_delivery(self, ride_id: str, body: Any) -> DriverRide:
        return self._did(body["failure"], ride_id, "returning", 4)

    def _did(self, what: str, ride_id: str, state: str, version: int) -> DriverRide:
        assert ride_id == RIDE
        self.done.append((what, self._here()))
        return ride(state, version)


class Shift:
    """One driver at the start, with what the driver knows and the rides that were brought to their end."""

    def __init__(
        self, on_the_way: Callable[[Shift], None] = lambda _: None, behavior: Behavior = ALL_GOES_WELL
    ) -> None:
        nothing = cast("Any", None)
        self.vehicle, clock = Vehicle(START), SimulationClock(10_000.0)
        self.world = World(nothing, nothing, nothing, nothing, clock, random.Random(7), behavior, nothing)
        self.service = Service(lambda: self.vehicle.place(clock.seconds()))
        self.view = DriverView(cast("Client", self.service))
        self.logbook = Logbook(clock.seconds)
        self.completed = 0
        self._meanwhile = on_the_way
        hooks: dict[str, Callable[[], Awaitable[None]]] = {
            "on_the_way": self._on_the_way,
            "trip_completed": self._trip_completed,
        }
        api = cast("Client", self.service)
        self.driving = Driving(self.world, api, self.view, self.logbook, self.vehicle, **hooks)
        self.view.know(ride("driver_en_route", 1))

    async def _on_the_way(self) -> None:
        self._meanwhile(self)

    async def _trip_completed(self) -> None:
        self.completed += 1


async def test_ride_is_brought_from_the_way_to_the_pickup_to_its_dropoff() -> None:
    shift = Shift()
    shift.world.spoken_pins[RIDE] = "4821"

    while shift.view.ride is not None:
        await shift.driving.go_on(shift.view.ride)

    assert shift.service.done == [("arrive", PICKUP), ("start by 4821", PICKUP), ("complete", DROPOFF)]
    assert (shift.completed, shift.logbook.aboard, shift.world.tally.troubles) == (1, set(), {})


async def test_vehicle_stops_where_it_is_when_the_ride_is_gone_on_the_way() -> None:
    def lose_the_ride(shift: Shift) -> None:
        shift.view.ride = None

    shift = Shift(on_the_way=lose_the_ride)
    assert shift.view.ride is not None

    await shift.driving.go_on(shift.view.ride)

    there = shift.driving.here()
    assert (shift.service.done, shift.completed) == ([], 0)
    assert START.latitude <= there.latitude < PICKUP.latitude
    assert shift.vehicle.place(shift.world.clock.seconds() + 1_000) == there


async def test_a_recipient_is_found_absent_once_and_not_while_the_courier_waits_for_the_pin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jitney.simulator.driving._ASK_PIN_WALL_SECONDS", 0.0)
    shift = Shift(behavior=Behavior(failed_delivery_share=1.0))
    order = ride("in_progress", 3, kind="delivery")
    shift.view.know(order)

    for _ in range(3):
        await shift.driving.go_on(order)
    assert shift.service.done == []

    shift.world.recipient_pins[RIDE] = "4821"
    await shift.driving.go_on(order)
    assert shift.service.done == [("recipient_absent", DROPOFF)]
