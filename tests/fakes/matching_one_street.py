"""A city on one street, where a tick of dispatch runs over fakes with a real matcher."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

from matching_service.adapters.city_file import load_city
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import EnRouteRide, Matcher, OpenShift, WaitingRide
from matching_service.use_cases.dispatch_tick import DispatchTick, TickReport
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_dispatch import (
    NOON,
    FakeLiveLocations,
    FakeReservations,
    FakeRideBoard,
    FakeShifts,
    HandClock,
)
from tests.fakes.matching_tick import make_tick

CITY = load_city(None)
METERS_PER_DEGREE = 111_195.08


def at(meters_north: float) -> GeoPoint:
    return GeoPoint(37.7 + meters_north / METERS_PER_DEGREE, -122.4)


def ride(
    number: int,
    meters_north: float = 0,
    product: str = "economy",
    waited: float = 0,
    funding: Funding = Funding.CARD,
) -> WaitingRide:
    place = at(meters_north)
    asked_at = NOON - timedelta(seconds=waited)
    return WaitingRide(UUID(int=number), place, place, product, asked_at, frozenset(), returned=False, funding=funding)


def en_route(number: int, meters_north: float, driver_id: UUID) -> EnRouteRide:
    """A ride whose driver is on the way."""
    place = at(meters_north)
    return EnRouteRide(UUID(int=number), driver_id, place, place, "economy", NOON, 0, frozenset())


class City:
    """A city on one street."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.clock = HandClock()
        self.board = FakeRideBoard()
        self.locations = FakeLiveLocations()
        self.shifts = FakeShifts()
        self.reservations = FakeReservations()

    def driver(
        self, number: int, meters_north: float, vehicle_class: VehicleClass = VehicleClass.ECONOMY, age: float = 0
    ) -> UUID:
        driver_id = UUID(int=1_000 + number)
        point, measured_at = at(meters_north), NOON.timestamp() - age
        self.locations.positions[driver_id] = DriverPosition(
            driver_id, point.latitude, point.longitude, measured_at, 1, vehicle_class, 5
        )
        self.shifts.shifts[driver_id] = OpenShift(UUID(int=5), vehicle_class)
        return driver_id

    def made(self) -> DispatchTick:
        return make_tick(CITY, self.board, self.locations, self.shifts, self.matcher, self.reservations, self.clock)

    async def tick(self, fences: Mapping[str, int] = MappingProxyType({"": 1})) -> TickReport:
        return await self.made()(fences)

    def offered(self) -> dict[int, UUID]:
        return {ride_id.int: offer.driver_id for ride_id, offer in self.board.offers.items()}
