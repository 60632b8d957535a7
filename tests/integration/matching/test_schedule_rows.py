"""What the database refuses of scheduled rides, and requests of one rider that come at once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from matching_service.adapters.postgres_dispatch import PostgresDispatchReads
from matching_service.adapters.shard_cells import shard_of
from matching_service.domain.ride_states import RideState
from shared_kernel.errors import Conflict
from tests.fakes.matching_other_services import FakePayments
from tests.integration.matching.stage import stage_on
from tests.unit.matching.test_schedules import SCHEDULE, TOMORROW, wait_until


@pytest.mark.parametrize(
    ("attack", "constraint"),
    [
        ("UPDATE ride SET pickup_at = (SELECT min(pickup_at) FROM ride)", "ex_ride_schedule"),
        ("UPDATE ride SET timer_at = NULL", "ck_ride_timer_while_scheduled"),
        ("UPDATE ride SET state = 'matching', version = version + 1, timer_at = NULL", "ck_ride_hold_due_once_begun"),
        ("UPDATE ride SET dispatch_at = NULL", "ck_ride_schedule_whole"),
        ("UPDATE ride SET pickup_at = NULL, dispatch_at = NULL", "ck_ride_timer_of_a_schedule"),
        (
            "UPDATE ride SET state = 'offered', version = version + 1, timer_at = NULL, payment_state = 'held'"
            " WHERE pickup_at = (SELECT min(pickup_at) FROM ride)",
            "fk_ride_transition_legal_ride_move",
        ),
    ],
)
async def test_a_hand_at_the_console_is_refused(database: Database, attack: str, constraint: str) -> None:
    stage = stage_on(database, FakePayments())
    ride = await stage.scheduled(TOMORROW)
    await stage.scheduled(2 * TOMORROW, ride.rider_id)
    with pytest.raises(IntegrityError) as refused:
        async with database.transaction() as connection:
            await connection.execute(text(attack))
    assert constraint in str(refused.value)


async def test_of_requests_for_one_time_that_come_at_once_one_stands(database: Database) -> None:
    stages = [stage_on(database, FakePayments()) for _ in range(4)]
    rider_id = stages[0].new_id()
    moments = [TOMORROW + timedelta(minutes=number) for number in range(len(stages))]
    asked = (stage.scheduled(moment, rider_id) for stage, moment in zip(stages, moments, strict=True))
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    refusals = [outcome.reason for outcome in outcomes if isinstance(outcome, Conflict)]
    assert refusals == ["schedule_overlap"] * 3
    assert len(await stages[0].read.scheduled(rider_id)) == 1


async def test_the_bound_holds_for_requests_that_come_at_once(database: Database) -> None:
    stages = [stage_on(database, FakePayments()) for _ in range(SCHEDULE.max_rides + 3)]
    rider_id = stages[0].new_id()
    asked = (stage.scheduled((1 + day) * TOMORROW, rider_id) for day, stage in enumerate(stages))
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    refusals = [outcome.reason for outcome in outcomes if isinstance(outcome, Conflict)]
    assert refusals == ["too_many_scheduled"] * 3


async def test_replicas_that_sweep_at_once_see_to_a_ride_once(database: Database) -> None:
    payments = FakePayments()
    stages = [stage_on(database, payments) for _ in range(3)]
    ride = await stages[0].scheduled(TOMORROW)
    for lead in (SCHEDULE.hold_lead_seconds, SCHEDULE.remind_lead_seconds, SCHEDULE.search_lead_seconds):
        for stage in stages:
            due_at = ride.requested_at + TOMORROW - timedelta(seconds=lead)
            stage.clock.advance((due_at - stage.clock.now()).total_seconds())
        await asyncio.gather(*(stage.schedules() for stage in stages))
        await asyncio.gather(*(stage.settle() for stage in stages))
    assert (await stages[0].now(ride)).state is RideState.MATCHING
    assert payments.calls == [(f"{ride.id}:hold", ride.id)]
    told = await stages[0].told_of(ride.id)
    assert told == sorted(set(told))


async def test_a_ride_that_cannot_be_seen_to_keeps_no_other_waiting(database: Database) -> None:
    stage = stage_on(database, FakePayments())
    rides = [await stage.scheduled(TOMORROW + timedelta(seconds=number)) for number in range(3)]
    for ride in rides:
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
    # As no release leaves it: the fare of the first ride is held, and its hold is due again.
    broken = "UPDATE ride SET hold_at = pickup_at - interval '1 day', timer_at = pickup_at - interval '1 day'"
    async with database.connect() as connection:
        await connection.execute(text(f"{broken} WHERE id = :id"), {"id": rides[0].id})
    stage.clock.advance(SCHEDULE.hold_lead_seconds - SCHEDULE.search_lead_seconds)
    with pytest.raises(Conflict) as told:
        await stage.schedules()
    assert told.value.reason == "invalid_transition"
    assert [(await stage.now(ride)).state for ride in rides] == [RideState.SCHEDULED, *[RideState.MATCHING] * 2]


async def test_a_tick_reads_for_when_a_ride_whose_driver_is_on_the_way_was_asked(database: Database) -> None:
    stage = stage_on(database, FakePayments())
    now, ahead = await stage.ride(), await stage.scheduled(TOMORROW)
    offer = await stage.offer(now, await stage.driver())
    await stage.accept(stage.key(), offer.driver_id, offer.id)
    await wait_until(stage, ahead, SCHEDULE.hold_lead_seconds)
    begun = await wait_until(stage, ahead, SCHEDULE.search_lead_seconds)
    offer = await stage.offer(begun, await stage.driver())
    await stage.accept(stage.key(), offer.driver_id, offer.id)
    assert begun.schedule is not None
    shards = [shard_of(ahead.pickup.point)]
    found = {
        ride.ride_id: ride.pickup_at for ride in await PostgresDispatchReads(database).list_en_route(shards, 2, 10)
    }
    assert found == {now.id: None, ahead.id: begun.schedule.pickup_at}
