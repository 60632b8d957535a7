"""Shards of rides and their leases on a real database: who was replaced opens no offer."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.postgres_dispatch import PostgresDispatchReads
from matching_service.adapters.postgres_shards import PostgresShardLeases
from matching_service.adapters.shard_cells import shard_of
from matching_service.domain.ride import Ride
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import PICKUP, Stage
from tests.integration.matching.stage import stage_on

SHARD = shard_of(PICKUP.point)
A, B = UUID(int=1), UUID(int=2)


@pytest.fixture
def stage(database: Database) -> Stage:
    return stage_on(database, FakePayments())


async def run_out(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE shard_lease SET expires_at = '-infinity'"))


async def offered(stage: Stage, ride: Ride, fence: int) -> OfferOutcome:
    [outcome] = await stage.offers.make_offers([Proposal(ride.id, await stage.driver(), 60, 60.0, fence)])
    return outcome


async def test_who_was_replaced_opens_no_offer_and_the_new_owner_does(stage: Stage, database: Database) -> None:
    leases, ride, other = PostgresShardLeases(database), await stage.ride(), await stage.ride()
    former = (await leases.claim(A, [SHARD], 30))[SHARD].fence
    await run_out(database)
    # Nobody wants it yet: the lease has run out, and is still the last owner's.
    assert await offered(stage, other, former) is OfferOutcome.OFFERED
    latter = (await leases.claim(B, [SHARD], 30))[SHARD].fence
    assert await offered(stage, ride, former) is OfferOutcome.FENCED
    assert await offered(stage, ride, 0) is OfferOutcome.FENCED
    assert await offered(stage, ride, latter) is OfferOutcome.OFFERED


async def test_while_an_offer_is_made_its_shard_is_renewed_and_not_taken_over(stage: Stage, database: Database) -> None:
    leases, ride = PostgresShardLeases(database), await stage.ride()
    await leases.claim(A, [SHARD, "elsewhere"], 30)
    async with stage.store.transaction() as tx:
        assert await tx.keep_fence(ride.id) == 1
        assert await leases.renew(A, [SHARD], 30) == {SHARD: 1}
        await run_out(database)
        # The one that is in use is passed over, the other is not held up by it.
        assert list(await leases.claim(B, [SHARD, "elsewhere"], 30)) == ["elsewhere"]
    assert (await leases.claim(B, [SHARD], 30))[SHARD].fence == 2


async def test_an_offer_waits_for_a_take_over_and_is_refused(stage: Stage, database: Database) -> None:
    leases, ride, driver_id = PostgresShardLeases(database), await stage.ride(), await stage.driver()
    await leases.claim(A, [SHARD], 30)
    async with database.transaction() as connection:
        taken = update(tables.shard_leases).values(owner_id=B, fence=2)
        await connection.execute(taken)
        late = asyncio.create_task(stage.offers.make_offers([Proposal(ride.id, driver_id, 60, 60.0, 1)]))
        async with asyncio.timeout(20):
            while not await _somebody_waits(database):
                pass
    assert await late == [OfferOutcome.FENCED]
    assert await stage.driver_is_free(driver_id)


async def _somebody_waits(database: Database) -> bool:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with database.connect() as connection:
        return bool(await connection.scalar(waiting))


async def test_rides_that_dispatch_may_move_make_their_shard_a_busy_one(stage: Stage, database: Database) -> None:
    leases, reads = PostgresShardLeases(database), PostgresDispatchReads(database)
    assert (await leases.look(A, "a", 30)).busy_shards == frozenset()
    ride, driver_id = await stage.assigned()
    assert (await leases.look(A, "a", 30)).busy_shards == {SHARD}
    await stage.give_back(stage.key(), driver_id, ride.id, "")
    assert (await leases.look(A, "a", 30)).busy_shards == {SHARD}
    assert [waiting.shard for waiting in await reads.list_waiting([SHARD], 10)] == [SHARD]
    assert await reads.list_waiting(["elsewhere"], 10) == []
    [waiting] = await reads.list_waiting([SHARD], 10, ["elsewhere", ride.city])
    assert waiting.ride_id == ride.id
    assert await reads.list_waiting([SHARD], 10, ["elsewhere"]) == []
    assert await reads.list_en_route([SHARD], 2, 10, ["elsewhere"]) == []
    await stage.cancel(stage.key(), ride.rider_id, ride.id, "", "")
    assert (await leases.look(A, "a", 30)).busy_shards == frozenset()


async def test_who_drives_as_well_is_not_asked_to_drive_themselves(stage: Stage, database: Database) -> None:
    reads, driver_id = PostgresDispatchReads(database), await stage.driver()
    ride = await stage.ride(driver_id)
    [waiting] = await reads.list_waiting([SHARD], 10)
    assert (waiting.excluded_driver_ids, waiting.returned) == ({driver_id}, False)
    assert await stage.offers.make_offers([Proposal(ride.id, driver_id, 0, 0.0)]) == [OfferOutcome.DRIVER_TAKEN]
    other = await stage.driver()
    await stage.accept(stage.key(), other, (await stage.offer(ride, other)).id)
    [under_way] = await reads.list_en_route([SHARD], 2, 10)
    assert under_way.excluded_driver_ids == {driver_id}
    await stage.end_shift(stage.key(), driver_id)
    [under_way] = await reads.list_en_route([SHARD], 2, 10)
    assert under_way.excluded_driver_ids == frozenset()


async def test_a_ride_of_a_replica_that_knows_no_shards_is_given_its_own(stage: Stage, database: Database) -> None:
    leases, ride = PostgresShardLeases(database), await stage.ride()
    async with database.transaction() as connection:
        await connection.execute(update(tables.rides).values(shard=None))
    await leases.look(A, "a", 30)
    assert (await leases.look(A, "a", 30)).busy_shards == {SHARD}
    async with database.connect() as connection:
        assert await connection.scalar(select(tables.rides.c.shard).where(tables.rides.c.id == ride.id)) == SHARD


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE shard_lease SET fence = fence - 1",
        "UPDATE shard_lease SET owner_id = '00000000-0000-0000-0000-000000000002'",
        "UPDATE shard_lease SET shard = 'elsewhere'",
        "DELETE FROM shard_lease",
    ],
)
async def test_the_database_refuses_a_fence_that_does_not_grow(database: Database, attack: str) -> None:
    leases = PostgresShardLeases(database)
    await leases.claim(A, [SHARD], 30)
    await leases.claim(A, [SHARD], 30)
    with pytest.raises(DBAPIError, match="the fence of a shard grows"):
        async with database.transaction() as connection:
            await connection.execute(text(attack))


async def test_an_owner_after_nobody_needs_a_new_fence_too(database: Database) -> None:
    leases = PostgresShardLeases(database)
    await leases.claim(A, [SHARD], 30)
    await leases.give_back(A, [SHARD])
    with pytest.raises(DBAPIError, match="the fence of a shard grows"):
        async with database.transaction() as connection:
            await connection.execute(update(tables.shard_leases).values(owner_id=A))


async def test_two_matchers_that_beat_at_once_never_own_one_shard_both(database: Database) -> None:
    leases = PostgresShardLeases(database)
    shards = [f"shard {number}" for number in range(50)]
    for _ in range(10):
        one, other = await asyncio.gather(leases.claim(A, shards, 30), leases.claim(B, shards[::-1], 30))
        assert not one.keys() & other.keys()
        assert one.keys() | other.keys() == set(shards)
        await run_out(database)
