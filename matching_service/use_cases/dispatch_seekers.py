"""Rides as the matcher sees them: by what their city sells and weighs, and by how long they have waited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from matching_service.domain.assignment import head_start_seconds
from matching_service.domain.candidates import Bound, Seeker
from matching_service.domain.city import Atlas, CityPolicy, VehicleClass
from matching_service.domain.dispatch_policy import CostWeights, DispatchMode, PickupCap, SwapPolicy
from matching_service.domain.run import Sharing
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import EnRouteRide, WaitingRide


class _Rules(NamedTuple):
    """What a city decides of every ride of one of its products."""

    vehicle_classes: frozenset[VehicleClass]
    pickup_eta_cap_seconds: int
    cap: PickupCap
    swaps: SwapPolicy
    weights: CostWeights
    city: str
    broadcast_offers: int


def waiting_seekers(rides: Sequence[WaitingRide], atlas: Atlas, now: datetime) -> list[Seeker]:
    """Return the rides that look for a driver, in order; without those that no city here sells."""
    seekers: list[Seeker] = []
    known: dict[tuple[str, str], _Rules | None] = {}
    for ride in rides:
        # A ride of the time before cities had keys is looked up by its pickup.
        key = ride.city, ride.product
        if key not in known or not ride.city:
            city = atlas.of(ride.city, ride.pickup)
            # A product that the city no longer sells has no vehicles: its rides end with their search window.
            known[key] = None if city is None or ride.product not in city.products else _rules_of(city, ride.product)
        rules = known[key]
        if rules is not None:
            waited_seconds = (now - ride.requested_at).total_seconds()
            head_start = head_start_seconds(waited_seconds, ride.returned)
            seekers.append(_seeker(ride, rules, waited_seconds, head_start, None, ride.sharing, ride.passengers))
    return seekers


def bound_seeker(ride: EnRouteRide, city: CityPolicy, now: datetime, bound: Bound) -> Seeker:
    """Return a ride whose driver, who is on the way to it, may change."""
    waited_seconds = (now - ride.requested_at).total_seconds()
    return _seeker(ride, _rules_of(city, ride.product), waited_seconds, 0.0, bound, None, 1)


def _seeker(
    ride: WaitingRide | EnRouteRide,
    rules: _Rules,
    waited_seconds: float,
    head_start: float,
    bound: Bound | None,
    sharing: Sharing | None,
    passengers: int,
) -> Seeker:
    return Seeker(
        ride.ride_id,
        ride.pickup,
        rules.vehicle_classes,
        ride.excluded_driver_ids,
        head_start,
        pays_cash=ride.funding is Funding.CASH,
        dropoff=ride.dropoff,
        pickup_eta_cap_seconds=rules.pickup_eta_cap_seconds,
        needs=ride.needs,
        waited_seconds=waited_seconds,
        bound=bound,
        cap=rules.cap,
        swaps=rules.swaps,
        weights=rules.weights,
        city=rules.city,
        broadcast_offers=rules.broadcast_offers,
        shard=ride.shard,
        sharing=sharing,
        passengers=passengers,
    )


def _rules_of(city: CityPolicy, product_key: str) -> _Rules:
    dispatch, product = city.dispatch, city.products[product_key]
    # Where a party fits in is planned for one vehicle: a pooled ride is offered to one driver at a time.
    broadcast = dispatch.mode is DispatchMode.BROADCAST and product.sharing is None
    return _Rules(
        product.vehicle_classes,
        dispatch.pickup_eta_cap_seconds,
        dispatch.pickup_cap,
        dispatch.swaps,
        dispatch.weights,
        city.city,
        dispatch.broadcast_offers if broadcast else 0,
    )
