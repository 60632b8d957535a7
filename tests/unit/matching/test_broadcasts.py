"""Rides that are offered to several drivers at once: the first to accept has it."""

from dataclasses import replace
from uuid import UUID

import pytest

from matching_service.adapters.city_file import parse_city
from matching_service.adapters.scipy_assignment import ScipyMatcher
from matching_service.domain.city import CityPolicy
from matching_service.domain.dispatch_policy import DispatchMode
from matching_service.domain.events import OfferClosed
from matching_service.domain.offer import Offer, OfferState
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from tests.fakes.matching_one_street import CITY, City, ride
from tests.fakes.matching_stage import Stage
from tests.fakes.matching_store import MemoryStore, MemoryTransaction
from tests.fakes.matching_tick import make_tick
from tests.unit.matching.test_city_file import DEFAULT
from tests.unit.matching.test_requests import refusal


async def broadcast(stage: Stage, count: int, funding: Funding = Funding.CARD) -> tuple[Ride, list[Offer]]:
    """A ride that `count` drivers are asked for."""
    asked = await stage.ride(funding=funding)
    drivers = [await stage.driver() for _ in range(count)]
    proposals = [Proposal(asked.id, driver_id, 180, 180.0, slot=n) for n, driver_id in enumerate(drivers, 1)]
    assert await stage.offers.make_offers(proposals) == [OfferOutcome.OFFERED] * count
    return asked, [await stage.read.current_offer(driver_id) for driver_id in drivers]


class TestOffersOpenTogether:
    """What happens to the others when one of them is answered."""

    async def test_the_first_to_accept_has_the_ride_and_the_others_are_withdrawn_with_it(self, stage: Stage):
        asked, [first, second, third] = await broadcast(stage, 3)
        await stage.accept(stage.key(), second.driver_id, second.id)
        assert (await stage.now(asked)).state is RideState.DRIVER_EN_ROUTE
        for late in (first, third):
            assert (await refusal(stage.accept(stage.key(), late.driver_id, late.id))).reason == "offer_taken"
            assert await stage.driver_is_free(late.driver_id)
        assert isinstance(stage.store, MemoryStore)
        told = [event.offer.driver_id for event in stage.store.tables.events if isinstance(event, OfferClosed)]
        assert told == [first.driver_id, third.driver_id]
        versions = await stage.told_of(asked.id)
        assert versions == sorted(set(versions))

    async def test_while_one_may_still_accept_a_decline_does_not_bring_the_ride_back(self, stage: Stage):
        asked, [first, second] = await broadcast(stage, 2)
        await stage.decline(stage.key(), first.driver_id, first.id)
        assert (await stage.now(asked)).state is RideState.OFFERED
        await stage.decline(stage.key(), second.driver_id, second.id)
        assert (await stage.now(asked)).state is RideState.MATCHING

    async def test_nobody_is_looked_for_beside_the_only_offer_of_a_ride(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ):
        looks: list[UUID] = []

        async def none_but_noted(_: MemoryTransaction, ride_id: UUID) -> list[Offer]:
            looks.append(ride_id)
            return []

        taken, declined = await stage.ride(), await stage.ride()
        offers = [await stage.offer(each, await stage.driver()) for each in (taken, declined)]
        monkeypatch.setattr(MemoryTransaction, "open_offers_of_ride", none_but_noted)
        await stage.accept(stage.key(), offers[0].driver_id, offers[0].id)
        await stage.decline(stage.key(), offers[1].driver_id, offers[1].id)
        assert (await stage.now(taken)).state is RideState.DRIVER_EN_ROUTE
        assert (await stage.now(declined)).state is RideState.MATCHING
        assert looks == []

    async def test_when_nobody_answers_the_ride_looks_on_without_those_who_were_asked(self, stage: Stage):
        asked, offers = await broadcast(stage, 3)
        stage.clock.advance(CITY.dispatch.offer_seconds)
        assert await stage.expire_offers() == 3
        assert (await stage.now(asked)).state is RideState.MATCHING
        again = [Proposal(asked.id, offer.driver_id, 60, 60.0, slot=1) for offer in offers]
        assert await stage.offers.make_offers(again) == [OfferOutcome.DRIVER_TAKEN] * 3

    async def test_a_rider_who_cancels_withdraws_them_all(self, stage: Stage):
        asked, offers = await broadcast(stage, 3)
        await stage.cancel(stage.key(), asked.rider_id, asked.id, "", "")
        _, closed = await stage.reader.history(asked.id, 10)
        assert [offer.state for offer in closed] == [OfferState.WITHDRAWN] * 3
        assert all([await stage.driver_is_free(offer.driver_id) for offer in offers])

    async def test_a_driver_who_goes_offline_takes_only_the_own_offer_along(self, stage: Stage):
        asked, [first, second] = await broadcast(stage, 2)
        await stage.end_shift(stage.key(), first.driver_id)
        assert (await stage.now(asked)).state is RideState.OFFERED
        assert (await stage.accept(stage.key(), second.driver_id, second.id)).driver is not None

    async def test_a_driver_who_may_no_longer_take_cash_loses_only_the_own_offer(self, stage: Stage):
        asked, [first, second] = await broadcast(stage, 2, Funding.CASH)
        await stage.stand(first.driver_id, 1, cash_allowed=False)
        assert (await stage.now(asked)).state is RideState.OFFERED
        await stage.stand(second.driver_id, 1, cash_allowed=False)
        assert (await stage.now(asked)).state is RideState.MATCHING

    async def test_an_offer_alone_and_a_broadcast_do_not_mix(self, stage: Stage):
        asked, driver_id, other = await stage.ride(), await stage.driver(), await stage.driver()
        await stage.offer(asked, driver_id)
        assert await stage.offers.make_offers([Proposal(asked.id, other, 60, 60.0, slot=1)]) == [OfferOutcome.RIDE_GONE]
        spread, _ = await broadcast(stage, 1)
        assert await stage.offers.make_offers([Proposal(spread.id, other, 60, 60.0)]) == [OfferOutcome.RIDE_GONE]

    async def test_a_ride_that_was_accepted_meanwhile_is_asked_of_nobody_else(self, stage: Stage):
        asked, [first] = await broadcast(stage, 1)
        await stage.accept(stage.key(), first.driver_id, first.id)
        late = Proposal(asked.id, await stage.driver(), 60, 60.0, slot=2)
        assert await stage.offers.make_offers([late]) == [OfferOutcome.RIDE_GONE]


class Broadcasting(City):
    """A city where the first to accept has the ride."""

    policy: CityPolicy = replace(CITY, dispatch=replace(CITY.dispatch, mode=DispatchMode.BROADCAST, broadcast_offers=3))

    async def asked(self) -> dict[int, list[int]]:
        """The drivers of each ride, by their slots."""
        parts = (self.board, self.locations, self.shifts, self.matcher, self.reservations, self.clock)
        await make_tick(self.policy, *parts)({"": 1})
        by_ride: dict[int, list[Proposal]] = {}
        for proposal in self.board.proposed:
            by_ride.setdefault(proposal.ride_id.int, []).append(proposal)
        for proposals in by_ride.values():
            proposals.sort(key=lambda proposal: proposal.slot)
            assert [proposal.slot for proposal in proposals] == list(range(1, len(proposals) + 1))
        return {number: [each.driver_id.int - 1_000 for each in some] for number, some in by_ride.items()}


@pytest.fixture
def city(matcher: ScipyMatcher) -> Broadcasting:
    return Broadcasting(matcher)


async def test_the_nearest_are_asked_at_once(city: Broadcasting) -> None:
    city.board.rides = [ride(1)]
    for number in (5, 4, 3, 2, 1):
        city.driver(number, 100 * number)
    assert await city.asked() == {1: [1, 2, 3]}


async def test_a_driver_is_asked_for_one_ride_and_the_longest_waiting_comes_first(city: Broadcasting) -> None:
    city.board.rides = [ride(1, 0, waited=10), ride(2, 0, waited=200)]
    for number in range(1, 5):
        city.driver(number, 100 * number)
    assert await city.asked() == {2: [1, 2, 3], 1: [4]}


async def test_in_a_city_of_batches_one_driver_is_asked(city: Broadcasting) -> None:
    city.policy = CITY
    city.board.rides = [ride(1)]
    for number in (1, 2, 3):
        city.driver(number, 100 * number)
    await city.tick()
    assert [(each.driver_id, each.slot) for each in city.board.proposed] == [(UUID(int=1_001), 0)]


def test_a_city_file_names_the_mode() -> None:
    text = DEFAULT.replace('mode = "batch"', 'mode = "broadcast"').replace(
        "broadcast_offers = 5", "broadcast_offers = 4"
    )
    policy = parse_city(text, "test").dispatch
    assert (policy.mode, policy.broadcast_offers) == (DispatchMode.BROADCAST, 4)
    assert CITY.dispatch.mode is DispatchMode.BATCH
