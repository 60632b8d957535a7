"""A ride changes drivers while one is on the way: by an offer to a free driver, or within a ring of rides."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.domain.assignment import PairCost
from matching_service.domain.candidates import Bound, Seeker
from matching_service.domain.moves import moves_of
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from shared_kernel.errors import Conflict
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_stage import Stage
from tests.fakes.matching_swaps import ring_of, swap_offer
from tests.unit.matching.test_requests import refusal


def driver_of(ride: Ride) -> UUID:
    assert ride.driver is not None
    return ride.driver.driver_id


async def test_the_ride_keeps_its_driver_until_the_new_one_accepts(stage: Stage) -> None:
    ride, former = await stage.assigned()
    nearer = await stage.driver()
    offer = await swap_offer(stage, ride, former, nearer)
    asked = await stage.now(ride)
    assert (asked.state, driver_of(asked)) == (RideState.DRIVER_EN_ROUTE, former)
    stage.clock.advance(5)
    swapped = await stage.accept(stage.key(), nearer, offer.id)
    assert (swapped.state, driver_of(swapped), swapped.swap_count) == (RideState.DRIVER_EN_ROUTE, nearer, 1)
    assert swapped.promised_pickup_at == ride.promised_pickup_at
    assert swapped.pickup_eta_seconds == 90
    assert await stage.driver_is_free(former)
    assert not await stage.driver_is_free(nearer)
    moves, _ = await stage.reader.history(ride.id, 20)
    assert [(move.to_state, move.driver_id) for move in moves][-2:] == [
        (RideState.DRIVER_EN_ROUTE, former),
        (RideState.DRIVER_EN_ROUTE, nearer),
    ]
    told = await stage.told_of(ride.id)
    assert told == sorted(set(told))


async def test_the_former_driver_can_neither_arrive_nor_accept_again(stage: Stage) -> None:
    ride, former = await stage.assigned()
    _, offers = await stage.reader.history(ride.id, 20)
    nearer = await stage.driver()
    offer = await swap_offer(stage, ride, former, nearer)
    await stage.accept(stage.key(), nearer, offer.id)
    for step in (
        stage.arrive(stage.key(), former, ride.id),
        stage.start(stage.key(), former, ride.id, ride.start_pin),
        stage.give_back(stage.key(), former, ride.id, ""),
    ):
        error = await refusal(step)
        assert isinstance(error, Conflict)
        assert (error.reason, error.metadata) == ("ride_reassigned", {})
        assert "wait for the next offer" in error.message
    assert (await refusal(stage.arrive(stage.key(), await stage.driver(), ride.id))).reason == "ride_not_found"
    with pytest.raises(Conflict) as refused:
        await stage.accept(stage.key(), former, offers[0].id)
    assert refused.value.reason == "offer_withdrawn"


async def test_an_answer_after_the_arrival_comes_too_late(stage: Stage) -> None:
    ride, former = await stage.assigned()
    nearer = await stage.driver()
    offer = await swap_offer(stage, ride, former, nearer)
    await stage.arrive(stage.key(), former, ride.id)
    with pytest.raises(Conflict) as refused:
        await stage.accept(stage.key(), nearer, offer.id)
    assert refused.value.reason == "offer_taken"
    assert driver_of(await stage.now(ride)) == former
    assert await stage.driver_is_free(nearer)


@pytest.mark.parametrize("declines", [True, False])
async def test_who_does_not_want_to_come_instead_changes_nothing(stage: Stage, declines: bool) -> None:
    ride, former = await stage.assigned()
    nearer = await stage.driver()
    offer = await swap_offer(stage, ride, former, nearer)
    if declines:
        await stage.decline(stage.key(), nearer, offer.id)
    else:
        stage.clock.advance(16)
        await stage.expire_offers()
    kept = await stage.now(ride)
    assert (kept.state, driver_of(kept), kept.swap_count) == (RideState.DRIVER_EN_ROUTE, former, 0)
    assert await stage.driver_is_free(nearer)
    again = await stage.offers.make_offers([Proposal(ride.id, nearer, 90, 150.0, instead_of=former)])
    assert again == [OfferOutcome.DRIVER_TAKEN]
    assert (await stage.arrive(stage.key(), former, ride.id)).state is RideState.ARRIVED


async def test_a_ride_given_back_while_another_is_asked_looks_for_a_driver_without_an_open_offer(stage: Stage) -> None:
    ride, former = await stage.assigned()
    nearer = await stage.driver()
    offer = await swap_offer(stage, ride, former, nearer)
    returned = await stage.give_back(stage.key(), former, ride.id, "flat tire")
    assert returned.state is RideState.MATCHING
    with pytest.raises(Conflict, match="withdrawn"):
        await stage.accept(stage.key(), nearer, offer.id)
    assert await stage.driver_is_free(nearer)
    await stage.offer(returned, nearer)


async def test_a_cancel_while_another_is_asked_frees_both_drivers(stage: Stage) -> None:
    ride, former = await stage.assigned()
    nearer = await stage.driver()
    await swap_offer(stage, ride, former, nearer)
    await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
    assert await stage.driver_is_free(former)
    assert await stage.driver_is_free(nearer)


async def test_a_swap_proposed_for_a_driver_who_is_no_longer_the_rides_is_too_late(stage: Stage) -> None:
    ride, former = await stage.assigned()
    second, third = await stage.driver(), await stage.driver()
    offer = await swap_offer(stage, ride, former, second)
    await stage.accept(stage.key(), second, offer.id)
    outcomes = await stage.offers.make_offers([Proposal(ride.id, third, 60, 120.0, instead_of=former)])
    assert outcomes == [OfferOutcome.RIDE_GONE]


async def test_a_former_driver_who_wanted_to_stop_after_the_ride_goes_offline(stage: Stage) -> None:
    ride, former = await stage.assigned()
    await stage.end_shift(stage.key(), former)
    nearer = await stage.driver()
    offer = await swap_offer(stage, ride, former, nearer)
    await stage.accept(stage.key(), nearer, offer.id)
    assert await stage.reader.open_shift(former) is None


async def test_two_rides_change_drivers_at_once(stage: Stage) -> None:
    first, one = await stage.assigned()
    second, other = await stage.assigned()
    stage.clock.advance(5)
    assert await stage.reroute.reroute(ring_of(first, second))
    after = [await stage.now(first), await stage.now(second)]
    assert [driver_of(ride) for ride in after] == [other, one]
    assert [(ride.swap_count, ride.pickup_eta_seconds, ride.state) for ride in after] == [
        (1, 80, RideState.DRIVER_EN_ROUTE),
        (1, 70, RideState.DRIVER_EN_ROUTE),
    ]
    moves, _ = await stage.reader.history(first.id, 20)
    assert [move.driver_id for move in moves][-2:] == [one, other]
    assert await stage.reroute.reroute(ring_of(*after))
    assert driver_of(await stage.now(first)) == one
    assert (await stage.reader.summary(stage.clock.now() - timedelta(hours=1))).double_assignment_count == 0
    error = await refusal(stage.arrive(stage.key(), other, first.id))
    assert (error.reason, error.metadata) == ("ride_reassigned", {"current_ride_id": str(second.id)})
    await stage.arrive(stage.key(), one, first.id)


async def test_a_ring_in_which_a_rider_would_drive_themselves_changes_nothing(stage: Stage) -> None:
    first, driver_id = await stage.assigned()
    asked, other = await stage.ride(driver_id), await stage.driver()
    second = await stage.accept(stage.key(), other, (await stage.offer(asked, other)).id)
    assert not await stage.reroute.reroute(ring_of(first, second))
    assert await stage.now(second) == second


async def test_a_ring_of_which_one_has_arrived_changes_nothing(stage: Stage) -> None:
    first, one = await stage.assigned()
    second, other = await stage.assigned()
    ring = ring_of(first, second)
    await stage.arrive(stage.key(), other, second.id)
    assert not await stage.reroute.reroute(ring)
    assert driver_of(await stage.now(first)) == one


async def test_a_ring_of_which_one_is_offered_to_another_changes_nothing(stage: Stage) -> None:
    first, one = await stage.assigned()
    second, other = await stage.assigned()
    await swap_offer(stage, second, other, await stage.driver())
    assert not await stage.reroute.reroute(ring_of(first, second))
    assert driver_of(await stage.now(first)) == one


@st.composite
def choices(draw: st.DrawFn) -> tuple[list[Seeker], list[PairCost], dict[int, int]]:
    """Any exclusive choice: free drivers first, then one bound driver a bound seeker."""
    waiting, bound, free = draw(st.integers(0, 4)), draw(st.integers(0, 4)), draw(st.integers(0, 4))
    here, nobody = GeoPoint(37.7, -122.4), frozenset[UUID]()
    seekers = [Seeker(UUID(int=number), here, frozenset(), nobody, 0.0) for number in range(waiting)]
    seekers += [Seeker(UUID(int=9), here, frozenset(), nobody, 0.0, bound=Bound(UUID(int=8), 1)) for _ in range(bound)]
    own = {waiting + number: free + number for number in range(bound)}
    drivers = draw(st.permutations([*range(free + bound), *[None] * (waiting + bound)]))
    paired = zip(range(len(seekers)), drivers, strict=False)
    chosen = [PairCost(seeker, driver, 1.0) for seeker, driver in paired if driver is not None]
    return seekers, chosen, own


@given(choices())
def test_moves_of_any_choice_use_a_driver_and_a_ride_at_most_once(
    choice: tuple[list[Seeker], list[PairCost], dict[int, int]],
) -> None:
    seekers, chosen, own = choice
    moves = moves_of(chosen, seekers, own)
    ring_pairs = [pair for ring in moves.reroutes for pair in ring]
    pairs = [*moves.offers, *moves.swaps, *ring_pairs]
    assert len({pair.seeker for pair in pairs}) == len(pairs)
    assert len({pair.driver for pair in pairs}) == len(pairs)
    bound_drivers = set(own.values())
    assert all(seekers[pair.seeker].bound is None and pair.driver not in bound_drivers for pair in moves.offers)
    assert all(seekers[pair.seeker].bound is not None and pair.driver not in bound_drivers for pair in moves.swaps)
    assert len(moves.offers) + len(moves.swaps) == len([pair for pair in chosen if pair.driver not in bound_drivers])
    for ring in moves.reroutes:
        assert len(ring) > 1
        assert {pair.driver for pair in ring} == {own[pair.seeker] for pair in ring}
        assert all(own[pair.seeker] != pair.driver for pair in ring)


def test_every_ring_and_every_free_driver_of_a_choice_is_taken_wherever_it_stands() -> None:
    here, nobody = GeoPoint(37.7, -122.4), frozenset[UUID]()
    waits = Seeker(UUID(int=1), here, frozenset(), nobody, 0.0)
    bound = Seeker(UUID(int=9), here, frozenset(), nobody, 0.0, bound=Bound(UUID(int=8), 1))
    seekers, own = [bound] * 5 + [waits], {seeker: 10 + seeker for seeker in range(5)}
    # Ride 4 gets a free driver, two rings of two change among themselves, and ride 4's driver may go to who waits.
    pairs = [(0, 11), (1, 10), (5, 14), (4, 20), (2, 13), (3, 12)]

    moves = moves_of([PairCost(seeker, driver, 1.0) for seeker, driver in pairs], seekers, own)

    assert moves.offers == []
    assert moves.swaps == [(4, 20)]
    assert [set(ring) for ring in moves.reroutes] == [{(0, 11), (1, 10)}, {(2, 13), (3, 12)}]


def test_ring_behind_a_ride_that_is_settled_is_found() -> None:
    here, nobody = GeoPoint(37.7, -122.4), frozenset[UUID]()
    bound = Seeker(UUID(int=9), here, frozenset(), nobody, 0.0, bound=Bound(UUID(int=8), 1))
    # The first ride gets a free driver; the two behind it change drivers.
    pairs = [(0, 20), (1, 12), (2, 11)]

    chosen = [PairCost(seeker, driver, 1.0) for seeker, driver in pairs]
    moves = moves_of(chosen, [bound] * 3, {0: 10, 1: 11, 2: 12})

    assert moves.swaps == [(0, 20)]
    assert [set(ring) for ring in moves.reroutes] == [{(1, 12), (2, 11)}]
