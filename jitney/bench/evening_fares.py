"""What the trips of a replay bring their drivers, by the fares of the city."""

from collections.abc import Callable
from datetime import datetime, timedelta

from jitney.bench.evening_cars import drive_seconds
from jitney.bench.evening_service import CIRCUITY, POLICIES, Policy, replayed_city
from jitney.bench.parts import matching
from jitney.simulator.trips import Trip
from shared_kernel.geo import haversine_meters


def earnings_minor(begin: datetime, policy: Policy = POLICIES["own"]) -> Callable[[Trip], int]:
    """A function that prices a trip as its quote would and tells the driver's share, in minor units."""
    pricing = matching("domain.pricing")
    no_surge = matching("domain.surge").NONE_PERMILLE
    city = replayed_city(policy)
    product = city.products["economy"]

    def of(trip: Trip) -> int:
        meters = int(haversine_meters(trip.pickup, trip.dropoff) * CIRCUITY)
        begins_at = begin + timedelta(seconds=trip.at_seconds)
        points = [trip.pickup, trip.dropoff]
        priced = pricing.PricedTrip(begins_at, points, meters, int(drive_seconds(*points)), line=points)
        fare = pricing.price_trip(city, product, priced, no_surge)
        share: int = pricing.driver_earnings(fare, city.commission_basis_points).amount_minor
        return share

    return of
