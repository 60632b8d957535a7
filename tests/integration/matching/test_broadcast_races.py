"""Broadcasts on a real database: many accept at once, one has the ride; what the database refuses whoever writes."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from matching_service.domain.offer import OfferState
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from shared_kernel.errors import DomainError
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import Stage
from tests.integration.matching.stage import open_database, stage_on
from tests.unit.matching.test_broadcasts import broadcast

ROUNDS = 6


@pytest.fixture(scope="module")
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    """A database that the races share; riders and drivers are new each time."""
    async with open_database(migrated_postgres_url("matching"), pool_size=16) as database:
        yield database


@pytest.fixture
def stage(database: Database) -> Stage:
    """All use cases on that database."""
    return stage_on(database, FakePayments())


async def test_of_all_who_accept_at_once_one_has_the_ride(stage: Stage):
    for _ in range(ROUNDS):
        asked, offers = await broadcast(stage, 5)
        outcomes = await asyncio.gather(
            *(stage.accept(stage.key(), offer.driver_id, offer.id) for offer in offers), return_exceptions=True
        )
        won = [outcome for outcome in outcomes if isinstance(outcome, Ride)]
        lost = [outcome.reason for outcome in outcomes if isinstance(outcome, DomainError)]
        assert (len(won), lost) == (1, ["offer_taken"] * 4)
        _, closed = await stage.reader.history(asked.id, 10)
        states = [offer.state for offer in closed]
        assert sorted(states) == sorted([OfferState.ACCEPTED, *[OfferState.WITHDRAWN] * 4])
    assert (await stage.read.summary(stage.clock.now().replace(year=2000))).double_assignment_count == 0


async def test_accepts_declines_and_a_cancel_at_once_leave_nothing_half_done(stage: Stage):
    for _ in range(ROUNDS):
        asked, [first, second, third] = await broadcast(stage, 3)
        await asyncio.gather(
            stage.accept(stage.key(), first.driver_id, first.id),
            stage.decline(stage.key(), second.driver_id, second.id),
            stage.end_shift(stage.key(), third.driver_id),
            stage.cancel(stage.key(), asked.rider_id, asked.id, "", ""),
            return_exceptions=True,
        )
        _, offers = await stage.reader.history(asked.id, 10)
        now = await stage.now(asked)
        accepted = [offer for offer in offers if offer.state is OfferState.ACCEPTED]
        assert all(offer.state is not OfferState.OPEN for offer in offers)
        assert len(accepted) <= 1
        assert now.state in (RideState.CANCELED_BY_RIDER, RideState.DRIVER_EN_ROUTE)
        assert now.state is RideState.CANCELED_BY_RIDER or accepted


async def test_two_matchers_that_broadcast_one_ride_ask_each_slot_once(stage: Stage):
    for _ in range(ROUNDS):
        asked, drivers = await stage.ride(), [await stage.driver() for _ in range(6)]
        halves = [
            [Proposal(asked.id, driver_id, 60, 60.0, slot=slot) for slot, driver_id in enumerate(half, 1)]
            for half in (drivers[:3], drivers[3:])
        ]
        outcomes = await asyncio.gather(*map(stage.offers.make_offers, halves))
        assert sum(some.count(OfferOutcome.OFFERED) for some in outcomes) == 3
        _, offers = await stage.reader.history(asked.id, 10)
        assert sorted(offer.slot for offer in offers) == [1, 2, 3]


@pytest.mark.parametrize(
    ("slot", "state", "closed", "refusal"),
    [
        (1, "open", "NULL", "uq_offer_open_slot"),
        (11, "open", "NULL", "ck_offer_slot"),
        (-1, "open", "NULL", "ck_offer_slot"),
    ],
)
async def test_the_database_refuses_more_open_offers_than_there_are_slots(
    stage: Stage, database: Database, slot: int, state: str, closed: str, refusal: str
):
    asked, _ = await broadcast(stage, 2)
    with pytest.raises(DBAPIError, match=refusal):
        await _copy_offer(database, asked, slot, state, closed)


async def test_the_database_refuses_a_second_offer_alone_and_a_second_accept(stage: Stage, database: Database):
    alone, driver_id = await stage.ride(), await stage.driver()
    await stage.offer(alone, driver_id)
    with pytest.raises(DBAPIError, match="uq_offer_open_ride"):
        await _copy_offer(database, alone, 0, "open", "NULL")
    asked, [first, *_] = await broadcast(stage, 3)
    await stage.accept(stage.key(), first.driver_id, first.id)
    with pytest.raises(DBAPIError, match="uq_offer_accepted_ride"):
        await _copy_offer(database, asked, 2, "accepted", "now()")


async def _copy_offer(database: Database, ride: Ride, slot: int, state: str, closed: str) -> None:
    """Write another offer of a ride past all rules of the code, to a driver whom nobody knows."""
    statement = (
        "INSERT INTO offer (id, ride_id, driver_id, state, created_at, expires_at, closed_at, pickup_eta_seconds, cost,"  # noqa: S608 (the test's own words)
        f" earnings_minor, slot) VALUES (gen_random_uuid(), :ride_id, gen_random_uuid(), '{state}', now(), now(),"
        f" {closed}, 1, 1, 1, {slot})"
    )
    async with database.transaction() as connection:
        await connection.execute(text(statement), {"ride_id": ride.id})
