"""A city at its fullest: riders who wait and free drivers, drawn by a seed, in a real PostgreSQL and Redis."""

import random
from collections.abc import Callable
from typing import Any

from jitney.bench.evening_service import MatchingService
from jitney.bench.parts import matching
from shared_kernel.geo import GeoPoint

_CENTER = GeoPoint(37.77, -122.43)
_SPREAD_DEGREES = 0.06
"""About 13 by 11 km: 20,000 drivers stand 90 m apart."""


def draw_points(count: int, chance: random.Random) -> list[GeoPoint]:
    """Places that crowd around the center."""
    return [
        GeoPoint(
            _CENTER.latitude + chance.triangular(-_SPREAD_DEGREES, _SPREAD_DEGREES),
            _CENTER.longitude + chance.triangular(-_SPREAD_DEGREES, _SPREAD_DEGREES),
        )
        for _ in range(count)
    ]


async def put_drivers(service: MatchingService, points: list[GeoPoint]) -> None:
    """Drivers on shift who just told where they are."""
    from sqlalchemy import insert

    tables, economy = matching("adapters.tables"), matching("domain.city").VehicleClass.ECONOMY
    position = matching("domain.locations").DriverPosition
    now = service.clock.now()
    ids = [service.new_id() for _ in points]
    rows = [
        {
            "id": service.new_id(),
            "driver_id": driver_id,
            "driver_name": "Driver",
            "vehicle_model": "Prius",
            "vehicle_color": "white",
            "vehicle_plate": "7ABC123",
            "vehicle_class": economy.value,
            "started_at": now,
        }
        for driver_id in ids
    ]
    async with service.database.transaction() as connection:
        await connection.execute(insert(tables.shifts), rows)
    positions = [
        position(driver_id, point.latitude, point.longitude, now.timestamp(), 1, economy, 0)
        for driver_id, point in zip(ids, points, strict=True)
    ]
    for first in range(0, len(positions), 1_000):
        await service.locations.record(positions[first : first + 1_000])


async def put_riders(
    service: MatchingService, points: list[GeoPoint], dropoffs: list[GeoPoint], chance: random.Random
) -> None:
    """Rides that look for a driver; each was asked for in the usual way, some seconds ago."""
    place, paid_by = matching("domain.quote").Place, matching("use_cases.request_ride").PaidBy
    command = matching("use_cases.create_quotes").CreateQuotesCommand
    begin = service.clock.seconds
    for point, dropoff in zip(points, dropoffs, strict=True):
        service.clock.seconds = begin - chance.uniform(0, 30)
        rider_id = service.new_id()
        [quote] = await service.create_quotes(command(rider_id, place(point), place(dropoff), "economy"))
        await service.request_ride(service.new_id().hex, rider_id, quote.id, paid_by.card(service.new_id()), "")
    service.clock.seconds = begin


def dense_least_cost(picture: Any, all_seconds: Callable[[Any, Any], Any]) -> float:
    """The cost of the best choice among all pairs there are: seconds with all terms, and what the unserved count."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    assignment = matching("domain.assignment")
    seekers = picture.seekers
    seconds = all_seconds(seekers, picture.drivers)
    cap_seconds = matching("domain.candidates").pickup_cap_seconds
    caps = np.array([cap_seconds(seeker) for seeker in seekers])
    unserved = np.array([assignment.unserved_seconds(seeker, seeker.pickup_eta_cap_seconds) for seeker in seekers])
    # Whom nobody serves may as well get the farthest driver: what that pair costs is what being unserved does.
    costs = np.where(seconds <= caps[:, None], seconds + _other_terms(picture, seconds), unserved[:, None])
    rows, columns = linear_sum_assignment(costs)
    return float(costs[rows, columns].sum())


def _other_terms(picture: Any, seconds: Any) -> Any:
    """What each pair costs beside its way to the pickup, as `pair_costs` weighs it; all rides are of one city."""
    import numpy as np

    seekers = picture.seekers
    worth = picture.worth_by_city.get(seekers[0].city)
    if worth is None:
        return 0.0
    weights = seekers[0].weights
    terms = np.array([worth.terms(driver) for driver in picture.drivers])
    of_drivers = weights.decline_seconds * terms[:, 1]
    of_ends = np.array([seeker.dropoff_extra_idle_seconds for seeker in seekers])
    fairness = np.minimum(weights.fairness_share * seconds, weights.fairness_seconds) * -terms[None, :, 0]
    return fairness + of_drivers[None, :] + weights.destination * (of_ends[:, None] - terms[None, :, 2])


def all_seconds(travel: Any, seekers: Any, drivers: Any) -> Any:
    """Seconds of every pair, as `CrowFliesEta` tells them, on the sphere."""
    import numpy as np

    from shared_kernel.geo import EARTH_RADIUS_METERS

    eta = matching("domain.eta").CrowFliesEta(travel)

    def radians(points: Any) -> Any:
        return np.radians(np.array([(point.latitude, point.longitude) for point in points]))

    pickups, places = radians([seeker.pickup for seeker in seekers]), radians(drivers)
    half = np.sin((pickups[:, None, 0] - places[None, :, 0]) / 2) ** 2
    half += (
        np.cos(pickups[:, None, 0])
        * np.cos(places[None, :, 0])
        * (np.sin((pickups[:, None, 1] - places[None, :, 1]) / 2) ** 2)
    )
    meters = 2 * EARTH_RADIUS_METERS * np.arcsin(np.sqrt(half))
    return np.maximum(1.0, np.ceil(meters / eta.reach_meters(1.0)))
