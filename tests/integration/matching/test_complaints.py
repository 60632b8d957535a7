"""Complaints of rides on a real database, with payment_service imitated."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from matching_service.adapters.personal_data import MatchingPersonalData
from matching_service.adapters.postgres import PostgresStore
from matching_service.adapters.postgres_complaints import PostgresComplaints, PostgresRefundQueue
from matching_service.domain.complaint import (
    COMPLAIN_WITHIN,
    MAX_COMPLAINTS,
    Complaint,
    ComplaintReason,
    ComplaintState,
    RefundBorneBy,
    RefundDecision,
)
from matching_service.domain.ride import Ride
from matching_service.use_cases.advance_saga import LEASE_SECONDS
from matching_service.use_cases.complaint_ports import RefundOutcome, RefundStatus
from matching_service.use_cases.decide_complaints import AdvanceRefunds, DecideComplaint
from matching_service.use_cases.raise_complaint import RaiseComplaint, ReadComplaints
from ridesharing.matching.v1 import complaint_service_pb2
from ridesharing.matching.v1.events_pb2 import ComplaintDecided
from shared_kernel.errors import Conflict, DomainError, Unavailable, Unknown
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import Stage, usd
from tests.integration.matching.stage import open_database, stage_on

OPERATOR = UUID(int=7)
ALL = RefundDecision(None, RefundBorneBy.PROPORTIONAL)
A_DOLLAR = RefundDecision(usd(100), RefundBorneBy.PLATFORM)
REASON = ComplaintReason.OVERCHARGED


class FakeRefunds:
    """payment_service: one refund a key; `failures` are raised first."""

    def __init__(self) -> None:
        self.failures: list[DomainError] = []
        self.status = RefundStatus.PAID
        self.calls: list[str] = []
        self.made: dict[str, tuple[UUID, RefundDecision]] = {}

    async def refund(
        self, key: str, ride_id: UUID, decision: RefundDecision, reason: str, timeout_seconds: float
    ) -> RefundOutcome:
        self.calls.append(key)
        if self.failures:
            raise self.failures.pop(0)
        self.made.setdefault(key, (ride_id, decision))
        return RefundOutcome(UUID(int=len(self.made)), self.status, "" if self.status is RefundStatus.PAID else "no")


@pytest.fixture(scope="module")
async def database(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Database]:
    """A database of its own; people are new each time."""
    async with open_database(migrated_postgres_url("matching"), pool_size=16) as database:
        yield database


@pytest.fixture
def stage(database: Database) -> Stage:
    """All use cases on that database."""
    return stage_on(database, FakePayments())


class Desk:
    """What is done with complaints."""

    def __init__(self, stage: Stage, database: Database) -> None:
        assert isinstance(stage.store, PostgresStore)
        reader = PostgresComplaints(database)
        self.stage, self.refunds = stage, FakeRefunds()
        self.complain = RaiseComplaint(stage.store, reader, stage.clock, stage.new_id)
        self.read = ReadComplaints(reader, stage.reader)
        self.sweep = AdvanceRefunds(
            stage.store, PostgresRefundQueue(database), self.refunds, stage.clock, random.Random(1)
        )
        self.decide = DecideComplaint(stage.store, reader, self.sweep, stage.clock)

    async def over(self) -> Ride:
        """A completed ride."""
        ride, driver_id = await self.stage.under_way()
        return await self.stage.complete(self.stage.key(), driver_id, ride.id)

    async def raised(self, ride: Ride | None = None) -> Complaint:
        ride = ride or await self.over()
        return await self.complain(self.stage.key(), ride.rider_id, ride.id, REASON, "too much")

    async def refund(self, complaint: Complaint, decision: RefundDecision = ALL, key: str = "") -> Complaint:
        return await self.decide.refund(key or self.stage.key(), OPERATOR, complaint.id, decision, "sorry")

    async def now(self, complaint: Complaint) -> Complaint:
        return await self.read.get(complaint.id)


@pytest.fixture
def desk(stage: Stage, database: Database) -> Desk:
    return Desk(stage, database)


async def refused(call: Awaitable[object]) -> str:
    with pytest.raises(DomainError) as error:
        await call
    return error.value.reason


async def test_a_rider_complains_the_operator_gives_back_and_the_rider_reads_it(desk: Desk, stage: Stage) -> None:
    ride, key = await desk.over(), stage.key()
    raised = await desk.complain(key, ride.rider_id, ride.id, REASON, "too much")
    assert (raised.state, raised.number) == (ComplaintState.OPEN, 1)
    assert await desk.complain(key, ride.rider_id, ride.id, REASON, "too much") == raised
    other = desk.complain(key, ride.rider_id, ride.id, REASON, "other words")
    assert await refused(other) == "idempotency_key_reused"
    assert raised in (await desk.read.page(100, None, ComplaintState.OPEN)).complaints
    done = await desk.refund(raised, A_DOLLAR)
    assert (done.state, done.answer, done.decided_by) == (ComplaintState.REFUNDED, "sorry", OPERATOR)
    assert desk.refunds.made[f"{raised.id}:refund:2"] == (ride.id, A_DOLLAR)
    assert await desk.read.of_ride(ride.id, ride.rider_id) == [done]
    assert raised.id not in {each.id for each in (await desk.read.page(100, None, ComplaintState.OPEN)).complaints}
    assert await refused(desk.refund(raised)) == "complaint_decided"
    assert await refused(desk.decide.reject(stage.key(), OPERATOR, raised.id, "no")) == "complaint_decided"


async def test_who_was_told_no_may_say_something_else_five_times_in_all(desk: Desk, stage: Stage) -> None:
    ride = await desk.over()
    for number in range(1, MAX_COMPLAINTS + 1):
        raised = await desk.raised(ride)
        assert raised.number == number
        another = "complaint_open" if number < MAX_COMPLAINTS else "too_many_complaints"
        assert await refused(desk.raised(ride)) == another
        key = stage.key()
        told = await desk.decide.reject(key, OPERATOR, raised.id, "as it was quoted")
        assert (told.state, told.answer) == (ComplaintState.REJECTED, "as it was quoted")
        assert await desk.decide.reject(key, OPERATOR, raised.id, "as it was quoted") == told
    assert await refused(desk.raised(ride)) == "too_many_complaints"
    assert desk.refunds.calls == []


async def test_of_many_complaints_of_a_ride_at_once_one_is_raised(desk: Desk) -> None:
    ride = await desk.over()
    outcomes = await asyncio.gather(*[desk.raised(ride) for _ in range(12)], return_exceptions=True)
    refusals = [getattr(outcome, "reason", outcome) for outcome in outcomes if isinstance(outcome, BaseException)]
    assert refusals == ["complaint_open"] * 11


async def test_rides_of_others_rides_under_way_and_rides_of_long_ago_are_not_complained_of(
    desk: Desk, stage: Stage
) -> None:
    live = await stage.ride()
    assert await refused(desk.raised(live)) == "ride_not_over"
    ride, stranger = await desk.over(), stage.new_id()
    assert await refused(desk.complain(stage.key(), stranger, ride.id, REASON, "")) == "ride_not_found"
    assert await refused(desk.read.of_ride(ride.id, stranger)) == "ride_not_found"
    assert await refused(desk.read.get(stranger)) == "complaint_not_found"
    stage.clock.advance(COMPLAIN_WITHIN.total_seconds() + 1)
    assert await refused(desk.raised(ride)) == "complaint_window_over"


async def test_a_refund_without_an_answer_is_asked_for_again_with_the_same_key(desk: Desk, stage: Stage) -> None:
    raised, key = await desk.raised(), stage.key()
    desk.refunds.failures = [
        Unknown("deadline_exceeded", ""),
        Unavailable("unavailable", ""),
        Conflict("payment_busy", "", retry_after_seconds=10.0),
    ]
    pending = await desk.refund(raised, ALL, key)
    assert pending.state is ComplaintState.REFUND_PENDING
    assert (await desk.refund(raised, ALL, key)).state is ComplaintState.REFUND_PENDING
    for _ in range(6):
        stage.clock.advance(LEASE_SECONDS)
        await desk.sweep()
    assert set(desk.refunds.calls) == {f"{raised.id}:refund:2"}
    assert len(desk.refunds.made) == 1
    assert (await desk.now(raised)).state is ComplaintState.REFUNDED
    assert await desk.sweep() == 0
    assert (await desk.refund(raised, ALL, key)).state is ComplaintState.REFUNDED


async def test_a_process_that_died_before_it_asked_leaves_the_refund_to_another(
    desk: Desk, stage: Stage, database: Database
) -> None:
    raised = await desk.raised()
    desk.refunds.failures = [Unknown("killed", "")]
    await desk.refund(raised)
    other = Desk(stage, database)
    stage.clock.advance(LEASE_SECONDS)
    assert await other.sweep() == 1
    assert list(other.refunds.made) == desk.refunds.calls
    assert (await desk.now(raised)).state is ComplaintState.REFUNDED


async def test_a_refund_that_is_refused_opens_the_complaint_again_for_another_decision(
    desk: Desk, stage: Stage
) -> None:
    raised, key = await desk.raised(), stage.key()
    desk.refunds.failures = [Conflict("exceeds_captured", "")]
    with pytest.raises(Conflict) as error:
        await desk.refund(raised, RefundDecision(usd(99_999), RefundBorneBy.PLATFORM), key)
    assert (error.value.reason, error.value.metadata) == ("refund_refused", {"refusal_reason": "exceeds_captured"})
    open_again = await desk.now(raised)
    assert (open_again.state, open_again.refund, open_again.decided_by) == (ComplaintState.OPEN, None, None)
    desk.refunds.status = RefundStatus.FAILED
    assert await refused(desk.refund(raised)) == "refund_refused"
    desk.refunds.status = RefundStatus.PENDING
    assert (await desk.refund(raised, A_DOLLAR)).state is ComplaintState.REFUNDED
    assert len(set(desk.refunds.calls)) == 3  # a key a decision


async def test_how_it_ended_is_told_once_and_without_the_rider_s_words(
    desk: Desk, stage: Stage, database: Database
) -> None:
    ride = await desk.over()
    refused_first = await desk.raised(ride)
    desk.refunds.failures = [Conflict("exceeds_captured", "")]
    assert await refused(desk.refund(refused_first)) == "refund_refused"
    assert await decisions_told(database, ride) == []  # it is open again
    await desk.refund(refused_first, A_DOLLAR, "the key")
    await desk.refund(refused_first, A_DOLLAR, "the key")
    second, key = await desk.raised(ride), stage.key()
    for _ in range(2):
        await desk.decide.reject(key, OPERATOR, second.id, "as it was quoted")
    told = await decisions_told(database, ride)
    assert [(each.complaint_id, each.state, each.answer) for each in told] == [
        (str(refused_first.id), complaint_service_pb2.COMPLAINT_STATE_REFUNDED, "sorry"),
        (str(second.id), complaint_service_pb2.COMPLAINT_STATE_REJECTED, "as it was quoted"),
    ]
    assert {each.ride.rider_id for each in told} == {str(ride.rider_id)}
    assert not any(b"too much" in each.SerializeToString() for each in told)


async def decisions_told(database: Database, ride: Ride) -> list[ComplaintDecided]:
    """What the others are told of the complaints of a ride, in order."""
    told = text("SELECT payload FROM outbox WHERE aggregate_id = :id AND type LIKE '%ComplaintDecided' ORDER BY seq")
    async with database.connect() as connection:
        return [ComplaintDecided.FromString(row.payload) for row in await connection.execute(told, {"id": ride.id})]


async def test_of_two_operators_at_once_one_decides(desk: Desk, stage: Stage) -> None:
    raised = await desk.raised()
    decisions = [desk.refund(raised), desk.decide.reject(stage.key(), OPERATOR, raised.id, "no")]
    outcomes = await asyncio.gather(*decisions, return_exceptions=True)
    refusals = [getattr(outcome, "reason", outcome) for outcome in outcomes if isinstance(outcome, BaseException)]
    assert refusals == ["complaint_decided"]


async def test_words_are_told_to_who_asks_for_their_data_and_erased_with_them(
    desk: Desk, stage: Stage, database: Database
) -> None:
    raised = await desk.raised()
    await desk.decide.reject(stage.key(), OPERATOR, raised.id, "no")
    await stage.settle()
    people = MatchingPersonalData(database)
    lists, _ = await people.export(raised.rider_id, 0)
    assert [row["words"] for row in lists["complaints"]] == ["too much"]
    await people.erase(raised.rider_id, "key")
    assert (await desk.now(raised)).words == ""


@pytest.mark.parametrize(
    ("attack", "constraint"),
    [
        (
            "INSERT INTO ride_complaint (id, ride_id, rider_id, number, reason, words, raised_at, state, version,"
            " answer, refusal) SELECT gen_random_uuid(), ride_id, rider_id, 2, reason, words, raised_at, state, 1,"
            " answer, refusal FROM ride_complaint WHERE id = :open",
            "uq_ride_complaint_undecided",
        ),
        ("UPDATE ride_complaint SET words = 'other' WHERE id = :open", "ck_ride_complaint_kept"),
        ("UPDATE ride_complaint SET reason = 'other' WHERE id = :open", "ck_ride_complaint_kept"),
        ("UPDATE ride_complaint SET state = 'refunded' WHERE id = :open", "ck_ride_complaint_kept"),
        ("UPDATE ride_complaint SET state = 'rejected' WHERE id = :open", "ck_ride_complaint_"),
        ("UPDATE ride_complaint SET state = 'refund_pending' WHERE id = :open", "ck_ride_complaint_"),
        ("UPDATE ride_complaint SET answer = 'yes' WHERE id = :closed", "ck_ride_complaint_kept"),
        ("UPDATE ride_complaint SET state = 'open' WHERE id = :closed", "ck_ride_complaint_kept"),
        ("DELETE FROM ride_complaint WHERE id = :closed", "ck_ride_complaint_kept"),
    ],
)
async def test_the_database_refuses(desk: Desk, stage: Stage, database: Database, attack: str, constraint: str) -> None:
    open_one, closed = await desk.raised(), await desk.raised()
    await desk.decide.reject(stage.key(), OPERATOR, closed.id, "no")
    names = {"open": open_one.id, "closed": closed.id}
    values = {name: value for name, value in names.items() if f":{name}" in attack}
    with pytest.raises(DBAPIError) as error:
        async with database.transaction() as connection:
            await connection.execute(text(attack), values)
    assert error.value.orig is not None
    assert constraint in str(getattr(error.value.orig.__cause__, "constraint_name", ""))


async def test_pages_go_on_where_the_last_one_ended(desk: Desk, stage: Stage) -> None:
    stage.clock.advance(timedelta(minutes=1).total_seconds())
    made = [(await desk.raised()).id for _ in range(3)]
    first = await desk.read.page(2, None, None)
    assert [each.id for each in first.complaints] == [made[2], made[1]]
    assert first.next_before == made[1]
    rest = await desk.read.page(2, first.next_before, None)
    assert rest.complaints[0].id == made[0]
