"""Rides paid in cash: who is offered them, who may take them, and what a change of a driver's standing does."""

import pytest

from matching_service.domain.offer import OfferState
from matching_service.domain.ride_states import RideState
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from matching_service.use_cases.store_ports import DriverStanding
from tests.fakes.matching_stage import Stage
from tests.unit.matching.test_requests import refusal


class TestCashOffers:
    """Offers tell the funding, and none of a cash ride is made to a blocked driver."""

    @pytest.mark.parametrize("funding", list(Funding))
    async def test_an_offer_tells_how_the_ride_is_paid(self, stage: Stage, funding: Funding):
        offer = await stage.offer(await stage.ride(funding=funding), await stage.driver())
        assert offer.funding is funding

    async def test_a_blocked_driver_is_offered_rides_by_card_and_wallet_alone(self, stage: Stage):
        driver_id = await stage.driver()
        await stage.stand(driver_id, 1, cash_allowed=False)
        for funding in (Funding.CASH, Funding.WALLET):
            ride = await stage.ride(funding=funding)
            [outcome] = await stage.offers.make_offers([Proposal(ride.id, driver_id, 180, 180.0)])
            assert outcome is (OfferOutcome.DRIVER_TAKEN if funding is Funding.CASH else OfferOutcome.OFFERED)

    async def test_a_standing_in_another_currency_is_another_one(self, stage: Stage):
        driver_id = await stage.driver()
        await stage.keep_standing(stage.new_id(), DriverStanding(driver_id, "EUR", cash_allowed=False), 1)
        assert (await stage.offer(await stage.ride(funding=Funding.CASH), driver_id)).state is OfferState.OPEN


class TestStandings:
    """KeepDriverStanding."""

    async def test_a_driver_who_is_blocked_loses_the_open_cash_offer_and_its_ride_looks_on(self, stage: Stage):
        ride, driver_id, other_id = await stage.ride(funding=Funding.CASH), await stage.driver(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        await stage.stand(driver_id, 1, cash_allowed=False)
        assert (await stage.now(ride)).state is RideState.MATCHING
        error = await refusal(stage.accept(stage.key(), driver_id, offer.id))
        assert error.reason == "offer_withdrawn"
        assert (await stage.offer(await stage.now(ride), other_id)).driver_id == other_id
        versions = await stage.told_of(ride.id)
        assert versions == list(range(1, len(versions) + 1))

    async def test_an_offer_by_card_stays(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        await stage.stand(driver_id, 1, cash_allowed=False)
        assert (await stage.accept(stage.key(), driver_id, offer.id)).state is RideState.DRIVER_EN_ROUTE

    async def test_a_cash_offer_that_outlived_the_block_cannot_be_accepted(self, stage: Stage):
        ride, driver_id = await stage.ride(funding=Funding.CASH), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        async with stage.store.transaction() as tx:  # as after a crash between the news and the withdrawal
            await tx.keep_standing(DriverStanding(driver_id, "USD", cash_allowed=False), 1)
        error = await refusal(stage.accept(stage.key(), driver_id, offer.id))
        assert error.reason == "cash_not_allowed"
        assert (await stage.now(ride)).state is RideState.OFFERED

    async def test_news_that_come_again_after_a_crash_still_withdraw_the_offer(self, stage: Stage):
        ride, driver_id = await stage.ride(funding=Funding.CASH), await stage.driver()
        await stage.offer(ride, driver_id)
        event_id, blocked = stage.new_id(), DriverStanding(driver_id, "USD", cash_allowed=False)
        async with stage.store.transaction() as tx:
            await tx.first_time(event_id)
            await tx.keep_standing(blocked, 1)
        await stage.keep_standing(event_id, blocked, 1)
        assert (await stage.now(ride)).state is RideState.MATCHING

    async def test_a_ride_under_way_is_not_taken_from_a_driver(self, stage: Stage):
        ride, driver_id = await stage.ride(funding=Funding.CASH), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        await stage.accept(stage.key(), driver_id, offer.id)
        await stage.stand(driver_id, 1, cash_allowed=False)
        await stage.arrive(stage.key(), driver_id, ride.id)
        await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        assert (await stage.complete(stage.key(), driver_id, ride.id)).state is RideState.COMPLETED

    async def test_only_later_news_count(self, stage: Stage):
        driver_id = await stage.driver()
        await stage.stand(driver_id, 2, cash_allowed=True)
        await stage.stand(driver_id, 1, cash_allowed=False)  # came late
        assert (await stage.offer(await stage.ride(funding=Funding.CASH), driver_id)).state is OfferState.OPEN
        await stage.stand(driver_id, 3, cash_allowed=False)
        assert await stage.reader.open_offer(driver_id) is None
        await stage.stand(driver_id, 4, cash_allowed=True)
        assert (await stage.offer(await stage.ride(funding=Funding.CASH), driver_id)).state is OfferState.OPEN
