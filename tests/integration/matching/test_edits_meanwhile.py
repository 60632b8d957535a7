"""What becomes of an edit when its ride goes on between the price, the rider's yes and the raised hold."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta

import pytest

from chassis.database import Database
from matching_service.domain.edit import EditState
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.shift import EndReason
from matching_service.use_cases.quote_ride_edit import EditCommand
from shared_kernel.errors import Conflict
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, Stage
from tests.integration.matching.stage import open_database, stage_on
from tests.unit.matching.test_edits import (
    FAR,
    PALO_ALTO,
    TEN_BLOCKS,
    accepted,
    agreed_while_the_hold_is_unknown,
    edited,
    quoted,
    swept,
)
from tests.unit.matching.test_schedules import SCHEDULE, TOMORROW, wait_until

ROUNDS = 12


@pytest.fixture(scope="module")
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    """A database that the tests share; riders and drivers are new each time."""
    async with open_database(migrated_postgres_url("matching")) as opened:
        yield opened


@pytest.fixture
def payments() -> FakePayments:
    """payment_service, imitated."""
    return FakePayments()


@pytest.fixture
def stage(database: Database, payments: FakePayments) -> Stage:
    """All use cases on that database."""
    return stage_on(database, payments)


async def test_a_driver_who_wanted_to_stop_after_a_ride_whose_pickup_moved_away_is_offline(stage: Stage) -> None:
    ride, driver_id = await stage.assigned()
    await stage.end_shift(stage.key(), driver_id)
    await edited(stage, ride, EditCommand(pickup=TEN_BLOCKS))
    assert (await stage.now(ride)).state is RideState.MATCHING
    shift = await stage.end_shift(stage.key(), driver_id)
    assert (shift.ended_at, shift.end_reason) == (stage.clock.now(), EndReason.ASKED)


async def test_a_ride_that_was_edited_since_is_not_taken_up_by_a_late_accept(stage: Stage) -> None:
    ride, first, second = await stage.ride(), await stage.driver(), await stage.driver()
    offer = await stage.offer(ride, first)
    stage.clock.advance(CITY.dispatch.offer_seconds)
    await stage.expire_offers()
    assert (await edited(stage, ride, EditCommand(dropoff=PALO_ALTO))).state is EditState.APPLIED
    with pytest.raises(Conflict) as refused:
        await stage.accept(stage.key(), first, offer.id)
    assert refused.value.reason == "offer_expired"
    assert (await stage.now(ride)).state is RideState.MATCHING
    # Who is shown the ride as it is now may be late again.
    offer = await stage.offer(ride, second)
    stage.clock.advance(CITY.dispatch.offer_seconds)
    await stage.expire_offers()
    assert (await stage.accept(stage.key(), second, offer.id)).dropoff == PALO_ALTO


async def test_a_much_longer_trip_is_asked_of_who_drives_when_the_hold_stands_and_once(
    stage: Stage, payments: FakePayments
) -> None:
    ride, first = await stage.assigned()
    edit = await agreed_while_the_hold_is_unknown(stage, payments, ride, first)
    waiting = await stage.give_back(stage.key(), first, ride.id, "")
    second = await stage.driver()
    await stage.accept(stage.key(), second, (await stage.offer(waiting, second)).id)
    assert (await swept(stage, edit)).state is EditState.AWAITING_DRIVER
    agreed = await stage.answer_edit(stage.key(), second, ride.id, edit.id, agreed=True)
    assert (agreed.state, agreed.agreed_driver_id) == (EditState.APPLIED, second)
    other, driver_id = await stage.under_way()
    once = await agreed_while_the_hold_is_unknown(stage, payments, other, driver_id)
    assert (await swept(stage, once)).state is EditState.APPLIED


async def test_another_time_that_is_accepted_while_the_search_begins_moves_a_ride_that_waits_or_none(
    stage: Stage, database: Database
) -> None:
    other = stage_on(database, FakePayments(), stage.clock)
    ends: set[tuple[RideState, bool]] = set()
    for number in range(ROUNDS):
        ride = await stage.scheduled(TOMORROW)
        await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
        waiting = await wait_until(stage, ride, SCHEDULE.search_lead_seconds + 1)
        edit = await quoted(stage, waiting, EditCommand(pickup_at=stage.clock.now() + TOMORROW))
        stage.clock.advance(1)
        if number % 2:
            await other.schedules()
        outcome, _ = await asyncio.gather(accepted(stage, edit), other.schedules(), return_exceptions=True)
        after = await stage.now(ride)
        assert after.schedule is not None
        assert waiting.schedule is not None
        is_moved = after.schedule.pickup_at != waiting.schedule.pickup_at
        assert is_moved is not isinstance(outcome, Conflict)
        ends.add((after.state, is_moved))
        await stage.force_cancel(stage.key(), stage.new_id(), ride.id, "")
    assert ends <= {(RideState.SCHEDULED, True), (RideState.MATCHING, False)}


async def test_another_time_that_was_priced_before_the_hold_does_not_ask_for_the_hold_again(
    stage: Stage, payments: FakePayments
) -> None:
    ride = await stage.scheduled(TOMORROW)
    await wait_until(stage, ride, SCHEDULE.hold_lead_seconds + 1)
    edit = await quoted(stage, ride, EditCommand(pickup_at=stage.clock.now() + TOMORROW))
    await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
    assert (await accepted(stage, edit)).state is EditState.APPLIED
    moved = await stage.now(ride)
    for lead in (SCHEDULE.hold_lead_seconds, SCHEDULE.remind_lead_seconds, SCHEDULE.search_lead_seconds):
        moved = await wait_until(stage, moved, lead)
    assert (moved.state, moved.payment_state) == (RideState.MATCHING, PaymentState.HELD)
    assert [call for call in payments.calls if call[1] == ride.id] == [(f"{ride.id}:hold", ride.id)]


async def test_a_longer_way_that_reaches_into_the_riders_next_ride_is_refused_after_the_hold_was_raised(
    stage: Stage, payments: FakePayments
) -> None:
    ride = await stage.scheduled(TOMORROW)
    await stage.scheduled(TOMORROW + timedelta(seconds=ride.trip_seconds), ride.rider_id)
    held = await wait_until(stage, ride, SCHEDULE.hold_lead_seconds)
    edit = await edited(stage, ride, EditCommand(dropoff=FAR))
    assert payments.raised == {ride.id: edit.plan.fare.total}
    assert (edit.state, edit.reason) == (EditState.REFUSED, "schedule_overlap")
    assert (await stage.now(ride)).dropoff == held.dropoff
    stage.clock.advance(60)
    assert await stage.edits() == 0
    shorter = await edited(stage, ride, EditCommand(pickup=TEN_BLOCKS))
    assert shorter.state is EditState.APPLIED
