"""Shifts on a real database: what it refuses whoever writes, and what readers see."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from matching_service.adapters.postgres_dispatch import PostgresDispatchReads
from matching_service.adapters.postgres_shifts import PostgresShiftReader
from matching_service.domain.locations import ShiftKey, shift_tag_of
from matching_service.domain.ride_states import RideState
from matching_service.domain.shift import LOST_SECONDS, SILENT_OFF_SECONDS, EndReason
from matching_service.use_cases.end_due_shifts import EndDueShifts
from matching_service.use_cases.reader_ports import ShiftFilter
from matching_service.use_cases.watch_drivers import WatchDrivers
from shared_kernel.errors import Conflict
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, Stage
from tests.integration.matching.stage import open_database, stage_on
from tests.unit.matching.test_shift_wishes import hear

ROUNDS = 8


@pytest.fixture(scope="module")
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    """A database of its own; drivers are new each time."""
    async with open_database(migrated_postgres_url("matching")) as database:
        yield database


@pytest.fixture
def stage(database: Database) -> Stage:
    """All use cases on that database."""
    return stage_on(database, FakePayments())


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("break_since = now()", "ck_shift_break_whole"),
        ("break_since = now(), break_until = now() + interval '61 minutes'", "ck_shift_break_bounded"),
        ("heading_latitude = 37.7", "ck_shift_heading_whole"),
        ("silent_since = now()", "ck_shift_silence_whole"),
        ("end_reason = 'bored'", "ck_shift_end_reason"),
    ],
)
async def test_the_database_refuses_what_must_not_be(stage: Stage, database: Database, change: str, check: str):
    driver_id = await stage.driver()
    statement = f"UPDATE shift SET {change} WHERE driver_id = :id"  # noqa: S608 (the changes are those above)
    async with database.connect() as connection:
        with pytest.raises(DBAPIError, match=check):
            await connection.execute(text(statement), {"id": driver_id})


async def test_wishes_and_silence_are_kept_and_read_as_they_were_written(stage: Stage):
    ride, driver_id = await stage.assigned()
    await stage.change_shift.set_last_ride(stage.key(), driver_id, True)
    await stage.change_shift.set_heading(stage.key(), driver_id, GeoPoint(37.8, -122.27))
    hear(stage, driver_id)
    stage.clock.advance(LOST_SECONDS)
    assert await stage.watch(1_000) >= 1
    shift = await stage.read.current_shift(driver_id)
    assert (shift.last_ride, shift.ends_after_ride, shift.heading) == (True, True, GeoPoint(37.8, -122.27))
    seen = await stage.read.get(ride.id, rider_id=ride.rider_id)
    assert seen.driver_silent_since == shift.silent_since is not None
    silent = (await stage.list_shifts(100, None, ShiftFilter.SILENT)).shifts
    assert (driver_id, ride.id) in {(record.shift.driver_id, record.ride_id) for record in silent}
    hear(stage, driver_id)
    await stage.watch(1_000)
    assert (await stage.read.get(ride.id)).driver_silent_since is None


async def test_a_tick_is_told_of_shifts_that_ended_just_now_and_of_those_that_take_no_other_ride(
    stage: Stage, database: Database
):
    _, last_ride = await stage.assigned()
    await stage.change_shift.set_last_ride(stage.key(), last_ride, True)
    open_shift, ended, again = await stage.driver(), await stage.driver(), await stage.driver()
    keys = {
        driver_id: (driver_id, shift_tag_of((await stage.read.current_shift(driver_id)).id))
        for driver_id in (last_ride, open_shift, ended, again)
    }
    begin = stage.clock.now()
    stage.clock.advance(1)
    await stage.end_shift(stage.key(), ended)
    await stage.end_shift(stage.key(), again)
    await stage.start_shift(stage.key(), again)
    reads, ended_at = PostgresDispatchReads(database), stage.clock.now()

    async def closed(ended_since: datetime) -> set[ShiftKey]:
        return {key for key in await reads.closed_shifts(ended_since) if key[0] in keys}

    assert await closed(begin) == await closed(ended_at) == {keys[last_ride], keys[ended], keys[again]}
    assert await closed(ended_at + timedelta(seconds=1)) == {keys[last_ride]}


async def test_timers_are_rows_that_another_process_takes_up(stage: Stage, database: Database):
    paused, silent = await stage.driver(), await stage.driver()
    await stage.take_break(stage.key(), paused, 60)
    hear(stage, silent)
    stage.clock.advance(LOST_SECONDS)
    await stage.watch(1_000)
    another = stage_on(database, FakePayments(), stage.clock)
    stage.clock.advance(SILENT_OFF_SECONDS)
    while await another.end_due(100):
        pass
    assert (await another.end_shift(stage.key(), paused)).end_reason is EndReason.BREAK_OVER
    assert (await another.end_shift(stage.key(), silent)).end_reason is EndReason.SILENT


async def test_a_late_accept_on_a_break_is_refused_and_stops_no_timer_of_others(stage: Stage):
    ride, driver_id, other = await stage.ride(), await stage.driver(), await stage.driver()
    offer = await stage.offer(ride, driver_id)
    stage.clock.advance(CITY.dispatch.offer_seconds)
    while await stage.expire_offers():
        pass
    await stage.take_break(stage.key(), driver_id, 60)
    await stage.take_break(stage.key(), other, 90)
    with pytest.raises(Conflict) as refused:
        await stage.accept(stage.key(), driver_id, offer.id)
    assert refused.value.reason == "offer_expired"
    stage.clock.advance(90)
    while await stage.end_due(100):
        pass
    for paused in (driver_id, other):
        assert (await stage.end_shift(stage.key(), paused)).end_reason is EndReason.BREAK_OVER


async def test_after_an_outage_nobody_is_silent_before_the_next_pings_can_come(stage: Stage):
    ride, driver_id = await stage.assigned()
    has_turn = [True]
    watch = WatchDrivers(stage.store, stage.shifts, stage.locations, stage.clock, lambda: has_turn[0])

    async def silent_since(seconds: float) -> datetime | None:
        stage.clock.advance(seconds)
        await watch(1_000)
        return (await stage.read.get(ride.id)).driver_silent_since

    hear(stage, driver_id)
    assert await silent_since(5) is None
    has_turn[0] = False  # as while the database is away, and no ping is taken either
    assert await silent_since(LOST_SECONDS) is None
    has_turn[0] = True
    assert await silent_since(5) is None
    assert await silent_since(LOST_SECONDS - 1) is None
    hear(stage, driver_id)
    heard_at = stage.clock.now()
    assert await silent_since(LOST_SECONDS) == heard_at


async def test_a_driver_who_is_back_in_the_last_moment_keeps_the_offer_that_was_made_since(stage: Stage):
    ride, driver_id = await stage.ride(), await stage.driver()
    hear(stage, driver_id)
    stage.clock.advance(LOST_SECONDS)
    await stage.watch(1_000)
    stage.clock.advance(SILENT_OFF_SECONDS)
    hear(stage, driver_id)
    offer = await stage.offer(ride, driver_id)
    while await stage.end_due(100):
        pass
    assert (await stage.read.current_shift(driver_id)).silent_since is None
    assert (await stage.accept(stage.key(), driver_id, offer.id)).state is RideState.DRIVER_EN_ROUTE


async def test_a_driver_who_comes_back_from_a_break_while_its_end_is_seen_to_keeps_the_next_offer(
    stage: Stage, database: Database
):
    ride, driver_id = await stage.ride(), await stage.driver()
    await stage.take_break(stage.key(), driver_id, 60)
    stage.clock.advance(59)

    class SeenJustBefore(PostgresShiftReader):
        async def due(self, now: datetime, limit: int) -> list[UUID]:
            return [driver_id]

    await stage.change_shift.end_break(stage.key(), driver_id)
    offer = await stage.offer(ride, driver_id)
    stage.clock.advance(1)
    sweep = EndDueShifts(stage.store, SeenJustBefore(database), stage.locations, stage.clock)
    assert await sweep(100) == 1
    assert await stage.read.current_offer(driver_id) == offer


async def test_who_goes_online_again_after_a_long_silence_is_not_taken_offline_before_the_next_ping(stage: Stage):
    driver_id = await stage.driver()
    hear(stage, driver_id)
    stage.clock.advance(LOST_SECONDS)
    await stage.watch(1_000)
    stage.clock.advance(SILENT_OFF_SECONDS - 1)
    shift = await stage.start_shift(stage.key(), driver_id)
    stage.clock.advance(1)
    while await stage.end_due(100):
        pass
    assert await stage.read.current_shift(driver_id) == shift
    # Whose device is not heard of after that has as long again.
    await stage.watch(1_000)
    stage.clock.advance(SILENT_OFF_SECONDS)
    while await stage.end_due(100):
        pass
    assert (await stage.end_shift(stage.key(), driver_id)).end_reason is EndReason.SILENT


async def test_a_silent_driver_who_takes_a_break_keeps_it(stage: Stage):
    driver_id = await stage.driver()
    hear(stage, driver_id)
    stage.clock.advance(LOST_SECONDS)
    await stage.watch(1_000)
    await stage.take_break(stage.key(), driver_id, SILENT_OFF_SECONDS + 60)
    stage.clock.advance(SILENT_OFF_SECONDS)
    while await stage.end_due(100):
        pass
    assert (await stage.read.current_shift(driver_id)).silent_until is None


async def test_whoever_loses_the_approval_and_wants_no_last_ride_any_more_at_once_gets_no_other_ride(stage: Stage):
    for _ in range(ROUNDS):
        ride, driver_id = await stage.under_way()
        await stage.change_shift.set_last_ride(stage.key(), driver_id, True)
        stage.accounts.suspend(driver_id)
        await asyncio.gather(
            stage.stop_unapproved(stage.new_id(), driver_id),
            stage.change_shift.set_last_ride(stage.key(), driver_id, False),
        )
        shift = await stage.read.current_shift(driver_id)
        assert (shift.ends_after_ride, shift.takes_offers, shift.end_reason) == (True, False, EndReason.NOT_APPROVED)
        await stage.force_cancel(stage.key(), stage.new_id(), ride.id, "")
        assert (await stage.end_shift(stage.key(), driver_id)).end_reason is EndReason.NOT_APPROVED


async def test_a_page_of_shifts_goes_on_where_the_last_one_ended(stage: Stage):
    drivers = [await stage.driver() for _ in range(3)]
    first = await stage.list_shifts(2, None, ShiftFilter.ALL)
    second = await stage.list_shifts(2, first.next_before, ShiftFilter.ALL)
    seen = [record.shift.driver_id for record in [*first.shifts, *second.shifts]][:3]
    assert seen == drivers[::-1]
