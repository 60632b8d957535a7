"""Watch the fleet: the picture of a box on the map, and the pulse of the whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from matching_service.domain.fleet import FlyingOffer, LiveRide, PulseStep, Standing, VehicleOnShift
from matching_service.domain.locations import GONE_SECONDS, DriverPosition
from matching_service.domain.zones import Bounds
from matching_service.use_cases.location_ports import LiveLocations
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.geo import GeoPoint

MOST_STEPS = 240


class FleetReader(Protocol):
    """Reads for watching that change nothing."""

    async def on_shift(self, driver_ids: Sequence[UUID]) -> list[VehicleOnShift]:
        """Return what those of these drivers who are on shift do."""
        ...

    async def live_rides(self, box: Bounds, limit: int) -> list[LiveRide]:
        """Return live rides that begin or end in a box, newest first, without those that wait for their time."""
        ...

    async def open_offers(self, ride_ids: Sequence[UUID]) -> list[FlyingOffer]:
        """Return the open offers of rides."""
        ...

    async def standing(self) -> Standing:
        """Count drivers on shift, live rides and open offers."""
        ...

    async def steps(self, since: datetime, step: timedelta) -> list[PulseStep]:
        """Return what rides asked for since a time came to; steps in which nothing happened may be left out."""
        ...


class SeenVehicle(NamedTuple):
    """A vehicle on shift and where it is."""

    vehicle: VehicleOnShift
    position: DriverPosition


@dataclass(frozen=True, slots=True)
class FleetPicture:
    """What is in a box."""

    taken_at: datetime
    vehicles: list[SeenVehicle]
    vehicle_count: int
    """Heard of in the box, those beyond the limit included."""
    rides: list[LiveRide]
    offers: list[FlyingOffer]


@dataclass(frozen=True, slots=True)
class LookAtFleet:
    """The use case of the map."""

    fleet: FleetReader
    locations: LiveLocations
    shards_within: Callable[[Bounds], Collection[str] | None]
    """The shards that hold a box; None where it is too wide to count them."""
    clock: Clock

    async def __call__(
        self, southwest: GeoPoint, northeast: GeoPoint, vehicle_limit: int, ride_limit: int
    ) -> FleetPicture:
        """Return the picture of a box. Raises InvalidInput `invalid_box`."""
        if southwest.latitude >= northeast.latitude or southwest.longitude >= northeast.longitude:
            violation = FieldViolation("northeast", "must lie north and east of southwest")
            raise InvalidInput("invalid_box", "the corners span no box", violations=[violation])
        box = Bounds(southwest.latitude, southwest.longitude, northeast.latitude, northeast.longitude)
        now = self.clock.now()
        heard = await self._heard(box, now)
        # Which ones are cut off must not change from look to look, or vehicles would flicker.
        shown = {each.driver_id: each for each in sorted(heard, key=_spread)[:vehicle_limit]}
        vehicles = await self.fleet.on_shift(list(shown))
        rides = await self.fleet.live_rides(box, ride_limit)
        offers = await self.fleet.open_offers([ride.id for ride in rides])
        seen = [SeenVehicle(vehicle, shown[vehicle.driver_id]) for vehicle in vehicles]
        return FleetPicture(now, seen, len(heard), rides, offers)

    async def _heard(self, box: Bounds, now: datetime) -> list[DriverPosition]:
        shards = self.shards_within(box)
        known = await (
            self.locations.snapshot() if shards is None else self.locations.snapshot_near(shards, reach_meters=0.0)
        )
        oldest = now.timestamp() - GONE_SECONDS
        return [position for position in known if position.measured_at >= oldest and _is_in(box, position)]


@dataclass(frozen=True, slots=True)
class Pulse:
    """How it goes."""

    taken_at: datetime
    standing: Standing
    steps: list[PulseStep]


@dataclass(frozen=True, slots=True)
class FeelPulse:
    """The use case of counts and plots."""

    fleet: FleetReader
    clock: Clock

    async def __call__(self, since: datetime, step_seconds: int) -> Pulse:
        """Return counts of now and all steps since a time, the quiet ones too. Raises InvalidInput `invalid_period`."""
        now, step = self.clock.now(), timedelta(seconds=step_seconds)
        if not timedelta(0) <= now - since <= step * MOST_STEPS:
            violation = FieldViolation("since_time", f"must lie at most {MOST_STEPS} steps back, and not ahead")
            raise InvalidInput("invalid_period", "the period cannot be told in these steps", violations=[violation])
        happened = {item.started_at: item for item in await self.fleet.steps(since, step)}
        starts = [since + step * number for number in range(min(MOST_STEPS, (now - since) // step + 1))]
        return Pulse(now, await self.fleet.standing(), [happened.get(start, PulseStep(start)) for start in starts])


def _is_in(box: Bounds, position: DriverPosition) -> bool:
    return box.south <= position.latitude <= box.north and box.west <= position.longitude <= box.east


def _spread(position: DriverPosition) -> bytes:
    # The last bytes of a UUIDv7 are random: whoever is shown is a fair share of all, not the oldest accounts.
    return position.driver_id.bytes[::-1]


def measured_at(position: DriverPosition) -> datetime:
    """Return when a position was measured."""
    return datetime.fromtimestamp(position.measured_at, UTC)
