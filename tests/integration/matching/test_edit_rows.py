"""What the database refuses of edits, and edits against the end of the trip on several replicas."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from matching_service.domain.edit import EditState
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.use_cases.quote_ride_edit import EditCommand
from shared_kernel.errors import Conflict, Unknown
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import DROPOFF, Stage
from tests.integration.matching.stage import stage_on
from tests.unit.matching.test_edits import FAR, PALO_ALTO, accepted, edited, quoted
from tests.unit.matching.test_stops import BAKERY

ROUNDS = 25


@pytest.mark.parametrize(
    ("attack", "constraint"),
    [
        ("UPDATE ride_edit SET state = 'hold_pending', due_at = now()", "uq_ride_edit_under_way"),
        ("UPDATE ride_edit SET due_at = NULL WHERE state = 'awaiting_driver'", "ck_ride_edit_due_while_under_way"),
        ("UPDATE ride_edit SET state = 'applied', due_at = NULL", "ck_ride_edit_closed"),
        ("UPDATE ride_edit SET state = 'maybe', due_at = NULL", "ck_ride_edit_state"),
        ("UPDATE ride_edit SET fare_total_minor = 0", "ck_ride_edit_fare_above_zero"),
        ("UPDATE ride SET held_minor = -1", "ck_ride_held_not_negative"),
    ],
)
async def test_a_hand_at_the_console_is_refused(database: Database, attack: str, constraint: str) -> None:
    stage = stage_on(database, FakePayments())
    ride, _ = await stage.under_way()
    await edited(stage, ride, EditCommand(dropoff=PALO_ALTO))
    await quoted(stage, ride, EditCommand(dropoff=BAKERY))
    with pytest.raises(IntegrityError) as refused:
        async with database.transaction() as connection:
            await connection.execute(text(attack))
    assert constraint in str(refused.value)


async def test_an_edit_against_the_end_of_the_trip_is_charged_as_one_of_both(database: Database) -> None:
    """Whoever comes first: the fare that was captured is that of the way the ride went."""
    payments = FakePayments()
    here, there = stage_on(database, payments), stage_on(database, payments)
    ends: set[EditState | str] = set()
    for number in range(ROUNDS):
        ride, driver_id = await here.under_way()
        edit = await quoted(here, ride, EditCommand(dropoff=FAR))
        payments.failures = [Unknown("rpc_deadline_exceeded", "")] if number % 3 == 0 else []
        steps = (accepted(here, edit), there.complete(there.key(), driver_id, ride.id))
        outcome, _ = await asyncio.gather(*steps, return_exceptions=True)
        ends.add(await _judge(here, payments, ride.id, edit.id, outcome))
    assert ends <= {EditState.APPLIED, EditState.LAPSED, "not_editable"}


async def _judge(
    stage: Stage, payments: FakePayments, ride_id: UUID, edit_id: UUID, outcome: object
) -> EditState | str:
    for _ in range(4):
        stage.clock.advance(60)
        await stage.edits()
        await stage.settle()
    ride = await stage.reader.ride(ride_id)
    edit = await stage.reader.edit(ride_id, edit_id)
    assert ride is not None
    assert edit is not None
    assert (ride.state, ride.payment_state) == (RideState.COMPLETED, PaymentState.CAPTURED)
    captured = sum(line.amount.amount_minor for line in payments.captured[ride.id][1])
    assert captured == ride.fare.total.amount_minor
    if edit.state is EditState.APPLIED:
        assert (ride.dropoff, ride.fare) == (FAR, edit.plan.fare)
        return edit.state
    assert ride.dropoff == DROPOFF
    return outcome.reason if isinstance(outcome, Conflict) else edit.state
