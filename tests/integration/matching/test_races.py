"""Many at once on one database: the indexes judge, one wins, nothing is half done."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import TRANSITIONS, RideState
from matching_service.domain.shift import Shift
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from matching_service.use_cases.end_shift import EndShift
from matching_service.use_cases.store_ports import Store
from shared_kernel.errors import DomainError
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, Stage
from tests.fakes.matching_swaps import ring_of, swap_offer
from tests.integration.matching.stage import open_database, stage_on

ROUNDS = 12


@pytest.fixture(scope="module")
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    """A database that the races share; riders and drivers are new each time."""
    async with open_database(migrated_postgres_url("matching"), pool_size=24) as database:
        yield database


@pytest.fixture
def payments() -> FakePayments:
    """payment_service, imitated."""
    return FakePayments()


@pytest.fixture
def stage(database: Database, payments: FakePayments) -> Stage:
    """All use cases on that database."""
    return stage_on(database, payments)


async def at_once(attempts: Iterable[Awaitable[Any]]) -> list[Any]:
    """Run all at once; refusals come back as errors, anything else fails the test."""
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, DomainError):
            raise outcome
    return outcomes


def reasons(outcomes: list[Any]) -> set[str]:
    return {outcome.reason for outcome in outcomes if isinstance(outcome, DomainError)}


async def check_nothing_is_doubled(stage: Stage, database: Database) -> None:
    summary = await stage.read.summary(stage.clock.now().replace(year=2000))
    assert summary.double_assignment_count == 0
    async with database.connect() as connection:
        open_twice = await connection.scalar(
            text(
                "SELECT count(*) FROM (SELECT ride_id FROM assignment WHERE released_at IS NULL"
                " GROUP BY ride_id HAVING count(*) > 1) AS twice"
            )
        )
    assert open_twice == 0


async def test_twenty_accepts_of_one_offer_bind_the_ride_once(stage: Stage, database: Database):
    ride, driver_id = await stage.ride(), await stage.driver()
    offer = await stage.offer(ride, driver_id)
    outcomes = await at_once(stage.accept(stage.key(), driver_id, offer.id) for _ in range(20))
    assert all(isinstance(outcome, Ride) and outcome.state is RideState.DRIVER_EN_ROUTE for outcome in outcomes)
    moves, _ = await stage.reader.history(ride.id, 100)
    assert [move.to_state for move in moves].count(RideState.DRIVER_EN_ROUTE) == 1
    assert len(await stage.told_of(ride.id)) == 4
    await check_nothing_is_doubled(stage, database)


async def test_the_same_key_twenty_times_is_one_request(stage: Stage, payments: FakePayments):
    rider_id, card, key = stage.new_id(), stage.card(), stage.key()
    quote = await stage.quote(rider_id)
    outcomes = await at_once(stage.request_ride(key, rider_id, quote.id, card, "") for _ in range(20))
    assert len({ride.id for ride in outcomes}) == 1
    assert len(payments.calls) == 1


async def test_twenty_requests_of_one_rider_make_one_ride(stage: Stage):
    rider_id = stage.new_id()
    quotes = [await stage.quote(rider_id) for _ in range(20)]
    outcomes = await at_once(stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "") for quote in quotes)
    assert sum(isinstance(outcome, Ride) for outcome in outcomes) == 1
    assert reasons(outcomes) == {"active_ride"}


async def test_twenty_drivers_and_one_ride_make_one_offer(stage: Stage):
    ride = await stage.ride()
    drivers = [await stage.driver() for _ in range(20)]
    batches = await at_once(stage.offers.make_offers([Proposal(ride.id, driver_id, 60, 60.0)]) for driver_id in drivers)
    outcomes = [outcome for batch in batches for outcome in batch]
    assert outcomes.count(OfferOutcome.OFFERED) == 1
    assert outcomes.count(OfferOutcome.RIDE_GONE) == 19


async def test_twenty_rides_and_one_driver_make_one_offer(stage: Stage):
    rides = [await stage.ride() for _ in range(20)]
    driver_id = await stage.driver()
    batches = await at_once(stage.offers.make_offers([Proposal(ride.id, driver_id, 60, 60.0)]) for ride in rides)
    outcomes = [outcome for batch in batches for outcome in batch]
    assert outcomes.count(OfferOutcome.OFFERED) == 1
    assert outcomes.count(OfferOutcome.DRIVER_TAKEN) == 19


async def test_an_accept_and_a_cancel_leave_the_ride_to_one_of_them(stage: Stage, database: Database):
    for _ in range(ROUNDS):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        accepted, canceled = await at_once(
            [
                stage.accept(stage.key(), driver_id, offer.id),
                stage.cancel(stage.key(), ride.rider_id, ride.id, "", ""),
            ]
        )
        # The cancel wins either way: before the accept it withdraws the offer, after it it is still free.
        assert isinstance(canceled, Ride)
        if isinstance(accepted, DomainError):
            assert accepted.reason == "offer_withdrawn"
        assert (await stage.now(ride)).state is RideState.CANCELED_BY_RIDER
        assert await stage.driver_is_free(driver_id)
    await check_nothing_is_doubled(stage, database)


async def test_an_accept_and_an_expiry_leave_the_offer_to_one_of_them(stage: Stage, database: Database):
    for _ in range(ROUNDS):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        # Two replicas: to the one that accepts, the offer's time is not yet over.
        late = stage_on(database, stage.payments)
        late.clock.time = offer.expires_at
        late.clock.time += timedelta(seconds=ride.terms.late_accept_seconds)
        accepted, again, _ = await at_once(
            [
                stage.accept(stage.key(), driver_id, offer.id),
                late.accept(late.key(), driver_id, offer.id),
                late.expire_offers(),
            ]
        )
        # By its own clock the first is in time, or within the grace once the other has closed the offer.
        assert isinstance(accepted, Ride)
        assert (await stage.now(ride)).state is RideState.DRIVER_EN_ROUTE
        assert isinstance(again, Ride) or again.reason == "offer_expired"
    await check_nothing_is_doubled(stage, database)


async def test_a_decline_and_an_expiry_close_the_offer_once(stage: Stage, database: Database):
    for _ in range(ROUNDS):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        late = stage_on(database, stage.payments)
        late.clock.time = offer.expires_at
        await at_once([stage.decline(stage.key(), driver_id, offer.id), late.expire_offers(), late.expire_offers()])
        told = await stage.told_of(ride.id)
        assert told == list(range(1, len(told) + 1))
        assert (await stage.now(ride)).state is RideState.MATCHING


async def test_a_cancel_and_a_new_offer_leave_no_offer_for_a_dead_ride(stage: Stage):
    for _ in range(ROUNDS):
        ride, driver_id = await stage.ride(), await stage.driver()
        _, canceled = await at_once(
            [
                stage.offers.make_offers([Proposal(ride.id, driver_id, 60, 60.0)]),
                stage.cancel(stage.key(), ride.rider_id, ride.id, "", ""),
            ]
        )
        assert isinstance(canceled, Ride)
        assert await stage.driver_is_free(driver_id)


async def test_a_cancel_and_a_give_back_end_the_ride_and_free_the_driver(stage: Stage, database: Database):
    for _ in range(ROUNDS):
        ride, driver_id = await stage.assigned()
        given, canceled = await at_once(
            [
                stage.give_back(stage.key(), driver_id, ride.id, ""),
                stage.cancel(stage.key(), ride.rider_id, ride.id, "", ""),
            ]
        )
        assert isinstance(canceled, Ride)
        assert isinstance(given, Ride) or given.reason == "invalid_transition"
        assert (await stage.now(ride)).state is RideState.CANCELED_BY_RIDER
        assert await stage.driver_is_free(driver_id)
    await check_nothing_is_doubled(stage, database)


async def test_going_offline_and_a_new_offer_leave_no_offer_to_a_driver_who_is_gone(stage: Stage):
    for _ in range(ROUNDS):
        ride, driver_id = await stage.ride(), await stage.driver()
        _, ended = await at_once(
            [
                stage.offers.make_offers([Proposal(ride.id, driver_id, 60, 60.0)]),
                stage.end_shift(stage.key(), driver_id),
            ]
        )
        assert not isinstance(ended, DomainError)
        assert await stage.driver_is_free(driver_id)
        assert (await stage.now(ride)).state is RideState.MATCHING


class PausingStore:
    """A Store whose transactions wait before they lock a shift."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.paused, self.go_on = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Any]:
        async with self.store.transaction() as tx:
            lock_shift = tx.lock_shift

            async def after_a_pause(driver_id: UUID) -> Shift | None:
                self.paused.set()
                await self.go_on.wait()
                return await lock_shift(driver_id)

            with patch.object(tx, "lock_shift", after_a_pause):
                yield tx


async def test_who_goes_offline_and_a_matcher_with_the_next_offer_do_not_wait_in_a_ring(
    stage: Stage, database: Database
):
    ride, other, driver_id = await stage.ride(), await stage.ride(), await stage.driver()
    await stage.offer(ride, driver_id)
    store = PausingStore(stage.store)
    leaving = asyncio.create_task(EndShift(store, stage.clock)(stage.key(), driver_id))
    await store.paused.wait()
    # The open offer is closed, which is not committed yet, and the next one has to wait for that.
    offering = asyncio.create_task(stage.offers.make_offers([Proposal(other.id, driver_id, 60, 60.0)]))
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(20), database.connect() as connection:
        while not await connection.scalar(waiting):
            pass
    store.go_on.set()
    assert (await leaving).ended_at is not None
    assert await offering == [OfferOutcome.DRIVER_TAKEN]
    assert await stage.driver_is_free(driver_id)


async def test_an_accept_and_an_offer_of_another_ride_do_not_bind_the_driver_twice(stage: Stage, database: Database):
    for _ in range(ROUNDS):
        ride, other, driver_id = await stage.ride(), await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        accepted, [outcome] = await at_once(
            [
                stage.accept(stage.key(), driver_id, offer.id),
                stage.offers.make_offers([Proposal(other.id, driver_id, 60, 60.0)]),
            ]
        )
        assert isinstance(accepted, Ride)
        assert outcome is OfferOutcome.DRIVER_TAKEN
        assert await stage.reader.open_offer(driver_id) is None
    await check_nothing_is_doubled(stage, database)


async def test_replicas_that_sweep_at_once_ask_for_each_capture_once(
    stage: Stage, database: Database, payments: FakePayments
):
    rides: list[Ride] = []
    for _ in range(10):
        ride, driver_id = await stage.under_way()
        rides.append(await stage.complete(stage.key(), driver_id, ride.id))
    payments.calls.clear()
    replicas = [stage_on(database, payments, stage.clock) for _ in range(5)]
    await at_once(replica.saga() for replica in replicas)
    mine = {ride.id for ride in rides}
    assert sorted(ride_id for _, ride_id in payments.calls if ride_id in mine) == sorted(mine)


async def test_a_restart_drops_no_timer(stage: Stage, database: Database, payments: FakePayments):
    offered, driver_id, lone = await stage.ride(), await stage.driver(), await stage.ride()
    done, other = await stage.under_way()
    await stage.complete(stage.key(), other, done.id)
    offer = await stage.offer(offered, driver_id)
    # The process is gone; another one, with nothing in memory, finds all that is due.
    after = stage_on(database, payments)
    after.clock.time = offer.expires_at
    await after.expire_offers()
    assert (await after.now(offered)).state is RideState.MATCHING
    after.clock.advance(CITY.dispatch.search_window_seconds)
    await after.close_searches(1_000)
    assert (await after.now(lone)).state is RideState.NO_DRIVER_AVAILABLE
    await after.settle()
    assert (await after.now(done)).payment_state.value == "captured"
    assert (await after.now(lone)).payment_state.value == "voided"


async def test_the_database_knows_the_table_of_states(database: Database):
    async with database.connect() as connection:
        rows = await connection.execute(select(tables.legal_ride_moves))
        assert {(row.from_state, row.to_state) for row in rows} == {(item.source, item.target) for item in TRANSITIONS}


async def test_the_database_refuses_an_illegal_move_whoever_makes_it(stage: Stage, database: Database):
    ride, driver_id = await stage.under_way()
    done = await stage.complete(stage.key(), driver_id, ride.id)
    backwards = update(tables.rides).where(tables.rides.c.id == ride.id)
    backwards = backwards.values(state="arrived", ended_at=None, version=done.version + 1)
    with pytest.raises(DBAPIError, match="fk_ride_transition_legal_ride_move"):
        async with database.transaction() as connection:
            await connection.execute(backwards)


@pytest.mark.parametrize("of_a_card", [True, False])
@pytest.mark.parametrize("funding", ["card", "wallet", "cash", "gold"])
async def test_the_database_refuses_a_card_that_pays_no_card_ride_and_the_reverse(
    stage: Stage, database: Database, funding: str, of_a_card: bool
):
    ride = await stage.ride()
    values = {"funding": funding, "payment_method_id": stage.new_id() if of_a_card else None}
    other = update(tables.rides).where(tables.rides.c.id == ride.id).values(**values)
    if funding != "gold" and (funding == "card") == of_a_card:
        async with database.transaction() as connection:
            await connection.execute(other)
        return
    with pytest.raises(DBAPIError, match=r"ck_ride_(card_named|funding)"):
        async with database.transaction() as connection:
            await connection.execute(other)


async def test_an_offer_in_cash_that_races_with_a_block_is_not_made_or_taken_back(stage: Stage):
    for turn in range(ROUNDS):
        ride, driver_id = await stage.ride(funding=Funding.CASH), await stage.driver()
        if turn % 2:  # with a standing to change, and without one
            await stage.stand(driver_id, 1, cash_allowed=True)
        proposals = [Proposal(ride.id, driver_id, 180, 180.0)]
        await at_once([stage.offers.make_offers(proposals), stage.stand(driver_id, 2, cash_allowed=False)])
        assert await stage.reader.open_offer(driver_id) is None
        assert (await stage.now(ride)).state is RideState.MATCHING


async def test_an_accept_in_cash_that_races_with_a_block_binds_the_ride_or_gives_it_back(stage: Stage):
    for _ in range(ROUNDS):
        ride, driver_id = await stage.ride(funding=Funding.CASH), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        accept = stage.accept(stage.key(), driver_id, offer.id)
        outcomes = await at_once([accept, stage.stand(driver_id, 1, cash_allowed=False)])
        now = await stage.now(ride)
        if isinstance(outcomes[0], Ride):
            assert now.state is RideState.DRIVER_EN_ROUTE
        else:
            assert reasons(outcomes) <= {"cash_not_allowed", "offer_withdrawn"}
            assert now.state is RideState.MATCHING


async def test_the_summary_finds_a_double_assignment(stage: Stage, database: Database):
    since = stage.clock.now()
    first, driver_id = await stage.assigned()
    second, _ = await stage.assigned()
    async with database.transaction() as connection:
        for ride in (first, second):
            values = {"ride_id": ride.id, "driver_id": stage.new_id(), "assigned_at": since, "released_at": since}
            await connection.execute(insert(tables.assignments).values(**values))
        stage.clock.advance(60)
        # What the indexes do not see: two closed assignments of one driver that lay over each other.
        values = {"ride_id": second.id, "driver_id": driver_id, "assigned_at": since, "released_at": stage.clock.now()}
        await connection.execute(insert(tables.assignments).values(**values))
    found = (await stage.read.summary(since)).double_assignment_count
    async with database.transaction() as connection:
        await connection.execute(
            tables.assignments.delete().where(
                tables.assignments.c.driver_id == driver_id, tables.assignments.c.ride_id == second.id
            )
        )
    # With the driver's own ride, and with the other driver of the second ride.
    assert found == 2


async def test_swap_accepted_against_arrival_cancel_and_give_back(stage: Stage, database: Database) -> None:
    for number in range(ROUNDS):
        ride, former = await stage.assigned()
        nearer = await stage.driver()
        offer = await swap_offer(stage, ride, former, nearer)
        rivals = (
            lambda ride=ride, former=former: stage.arrive(stage.key(), former, ride.id),
            lambda ride=ride: stage.cancel(stage.key(), ride.rider_id, ride.id, "", ""),
            lambda ride=ride, former=former: stage.give_back(stage.key(), former, ride.id, ""),
        )
        await at_once([stage.accept(stage.key(), nearer, offer.id), rivals[number % 3]()])
        after = await stage.now(ride)
        bound = {former, nearer} - {each for each in (former, nearer) if await stage.driver_is_free(each)}
        assert bound == ({after.driver.driver_id} if after.has_driver and after.driver is not None else set())
    await check_nothing_is_doubled(stage, database)


async def test_rings_that_share_rides_and_swaps_of_the_same_rides(stage: Stage, database: Database) -> None:
    for _ in range(ROUNDS):
        rides = [(await stage.assigned())[0] for _ in range(3)]
        nearer = await stage.driver()
        assert rides[0].driver is not None
        proposal = Proposal(rides[0].id, nearer, 90, 150.0, instead_of=rides[0].driver.driver_id)
        outcomes = await at_once(
            [
                stage.reroute.reroute(ring_of(rides[0], rides[1])),
                stage.reroute.reroute(ring_of(rides[1], rides[2])),
                stage.reroute.reroute(ring_of(rides[2], rides[0])),
                stage.offers.make_offers([proposal]),
            ]
        )
        assert outcomes[:3].count(True) <= 1
        drivers = {(await stage.now(ride)).driver for ride in rides}
        assert drivers == {ride.driver for ride in rides}
    await check_nothing_is_doubled(stage, database)


async def test_no_ride_is_swapped_more_often_than_the_table_allows(stage: Stage, database: Database) -> None:
    ride, _ = await stage.assigned()
    with pytest.raises(DBAPIError, match="ck_ride_swap_count"):
        async with database.transaction() as connection:
            await connection.execute(update(tables.rides).where(tables.rides.c.id == ride.id).values(swap_count=11))


async def test_a_swap_by_hand_is_recorded_as_a_move(stage: Stage, database: Database) -> None:
    ride, _ = await stage.assigned()
    row = tables.rides.c
    swapped = update(tables.rides).where(row.id == ride.id).values(driver_id=stage.new_id(), version=row.version + 1)
    async with database.transaction() as connection:
        await connection.execute(swapped)
    moves, _ = await stage.reader.history(ride.id, 20)
    assert moves[-1].from_state is moves[-1].to_state is RideState.DRIVER_EN_ROUTE
