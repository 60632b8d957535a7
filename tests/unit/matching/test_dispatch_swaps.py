"""What a tick does about drivers on the way: it asks others to come instead, and lets some change riders."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from matching_service.use_cases.dispatch_ports import OfferOutcome
from tests.fakes.matching_dispatch import NOON
from tests.fakes.matching_one_street import City, en_route, ride


async def test_a_free_driver_much_nearer_is_asked_to_come_instead(city: City) -> None:
    former = city.driver(1, 2_000)  # 434 s off
    nearer = city.driver(2, 300)
    city.board.en_route = [en_route(1, 0, former)]
    report = await city.tick()
    [proposal] = city.board.proposed
    assert (proposal.driver_id, proposal.instead_of, proposal.pickup_eta_seconds) == (nearer, former, 66)
    assert (report.en_route, report.outcomes) == (1, {OfferOutcome.OFFERED: 1})
    assert (await city.tick()).en_route == 0  # an offer is open on it


async def test_a_gain_below_a_minute_changes_no_driver(city: City) -> None:
    former = city.driver(1, 1_000)
    city.driver(2, 740)
    city.board.en_route = [en_route(1, 0, former)]
    await city.tick()
    assert city.board.proposed == []


async def test_within_the_last_minute_no_driver_changes(city: City) -> None:
    former = city.driver(1, 270)  # 59 s off
    city.driver(2, 0)
    city.board.rides = [ride(2, 270)]
    city.board.en_route = [en_route(1, 0, former)]
    report = await city.tick()
    assert report.en_route == 0
    assert city.offered() == {2: UUID(int=1_002)}


@pytest.mark.parametrize(("seconds_ahead", "changes"), [(376, False), (375, True), (-600, True)])
async def test_a_driver_who_is_there_in_time_for_a_ride_asked_for_ahead_keeps_it(
    city: City, seconds_ahead: float, changes: bool
) -> None:
    former = city.driver(1, 2_000)  # 435 s off: with a minute gained, 375
    nearer = city.driver(2, 300)
    pickup_at = NOON + timedelta(seconds=seconds_ahead)
    city.board.en_route = [replace(en_route(1, 0, former), pickup_at=pickup_at)]
    report = await city.tick()
    assert report.en_route == changes
    assert [proposal.driver_id for proposal in city.board.proposed] == [nearer] * changes


async def test_drivers_on_the_way_change_riders_where_each_of_them_gains_a_minute(city: City) -> None:
    first, second = city.driver(1, 3_000), city.driver(2, 0)
    city.board.en_route = [en_route(1, 0, first), en_route(2, 3_500, second)]
    report = await city.tick()
    [ring] = city.board.rerouted
    assert {(step.ride_id.int, step.former_driver_id, step.driver_id) for step in ring} == {
        (1, first, second),
        (2, second, first),
    }
    assert (report.rerouted, city.board.proposed) == (2, [])


async def test_no_rider_waits_longer_for_the_sake_of_another(city: City) -> None:
    first, second = city.driver(1, 1_000), city.driver(2, 2_000)
    # The second is 217 s nearer to ride 2 by the first one's driver; ride 1 would then be picked up after 434 s.
    city.board.en_route = [en_route(1, 0, first), en_route(2, 1_000, second)]
    await city.tick()
    assert city.board.rerouted == []


@pytest.mark.parametrize(("free_meters", "asked_for", "instead"), [(-500, 1, True), (-900, 2, False)])
async def test_of_a_chain_the_free_driver_is_asked_for_the_ride_that_gains_a_minute_or_for_the_one_that_waits(
    city: City, free_meters: float, asked_for: int, instead: bool
) -> None:
    # Best in sum: ride 1 gets the free driver, ride 2 the one who is on the way to ride 1. Ride 1 gains 108 s by it, or
    # 22 s, which is no reason to change its driver as long as nothing is known of the rest.
    former = city.driver(1, 1_000)
    free = city.driver(2, free_meters)
    city.board.en_route = [en_route(1, 0, former)]
    city.board.rides = [ride(2, 1_050)]
    await city.tick()
    [proposal] = city.board.proposed
    assert (proposal.ride_id.int, proposal.driver_id) == (asked_for, free)
    assert proposal.instead_of == (former if instead else None)
    assert city.board.rerouted == []


async def test_a_chain_goes_on_with_the_driver_whom_its_first_change_sets_free(city: City) -> None:
    first, second, free = city.driver(1, 1_000), city.driver(2, 2_000), city.driver(3, -100)
    city.board.en_route = [en_route(1, 0, first), en_route(2, 1_000, second)]
    city.board.rides = [ride(3, 2_050)]
    await city.tick()
    [asked] = city.board.proposed
    assert (asked.ride_id.int, asked.driver_id, asked.instead_of) == (1, free, first)
    # The free one has said yes: the first is free now, and nearer to ride 2 than the second is.
    city.board.offers.clear()
    city.board.en_route = [en_route(1, 0, free), en_route(2, 1_000, second)]
    await city.tick()
    asked = city.board.proposed[-1]
    assert (asked.ride_id.int, asked.driver_id, asked.instead_of) == (2, first, second)
    city.board.offers.clear()
    city.board.en_route = [en_route(1, 0, free), en_route(2, 1_000, first)]
    await city.tick()
    asked = city.board.proposed[-1]
    assert (asked.ride_id.int, asked.driver_id, asked.instead_of) == (3, second, None)
