"""Rides as the matcher sees them: by what their city sells and weighs, and by how long they have waited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from matching_service.domain.assignment import head_start_seconds
from matching_service.domain.candidates import Bound, Seeker
from matching_service.domain.city import Atlas, CityPolicy
from matching_service.domain.dispatch_policy import DispatchMode
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import EnRouteRide, WaitingRide


def waiting_seekers(rides: Sequence[WaitingRide], atlas: Atlas, now: datetime) -> list[Seeker]:
    """Return the rides that look for a driver, in order; without those that no city here sells."""
    seekers: list[Seeker] = []
    for ride in rides:
        city = atlas.of(ride.city, ride.pickup)
        # A product that the city no longer sells has no vehicles: its rides end with their search window.
        if city is not None and ride.product in city.products:
            waited_seconds = (now - ride.requested_at).total_seconds()
            seekers.append(seeker_of(ride, city, now, head_start_seconds(waited_seconds, ride.returned)))
    return seekers


def seeker_of(
    ride: WaitingRide | EnRouteRide,
    city: CityPolicy,
    now: datetime,
    head_start: float,
    bound: Bound | None = None,
) -> Seeker:
    """Return a ride as one that wants a driver; `bound`: who is on the way to it."""
    return Seeker(
        ride.ride_id,
        ride.pickup,
        city.products[ride.product].vehicle_classes,
        ride.excluded_driver_ids,
        head_start,
        pays_cash=ride.funding is Funding.CASH,
        needs=ride.needs,
        dropoff=ride.dropoff,
        pickup_eta_cap_seconds=city.dispatch.pickup_eta_cap_seconds,
        waited_seconds=(now - ride.requested_at).total_seconds(),
        bound=bound,
        cap=city.dispatch.pickup_cap,
        swaps=city.dispatch.swaps,
        weights=city.dispatch.weights,
        city=city.city,
        broadcast_offers=_broadcast_offers(ride, city),
        shard=ride.shard,
        sharing=ride.sharing if isinstance(ride, WaitingRide) else None,
        passengers=ride.passengers if isinstance(ride, WaitingRide) else 1,
    )


def _broadcast_offers(ride: WaitingRide | EnRouteRide, city: CityPolicy) -> int:
    # Where a party fits in is planned for one vehicle: a pooled ride is offered to one driver at a time.
    pooled = city.products[ride.product].sharing is not None
    return city.dispatch.broadcast_offers if city.dispatch.mode is DispatchMode.BROADCAST and not pooled else 0
