"""Callers that give up after each commit: what was begun goes on, and the same request finds its answer soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.runtime import Wakeup
from payment_service.adapters.store import PostgresStore, PostgresWork
from payment_service.bootstrap import build_core
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.entrypoints.wire import event_to_wire
from payment_service.settings import PaymentSettings
from payment_service.use_cases.repositories import Needs
from shared_kernel.ids import Uuid7Source
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments, fare
from tests.integration.payment.process import until

MOST_COMMITS = 12
DRAIN_SECONDS = 60


class WatchedStore(PostgresStore):
    """Says of each commit that it is done, before whoever asked for it can go on."""

    committed: Callable[[], None] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[PostgresWork]:
        async with super().transaction() as work:
            yield work
        await self._tell()

    @asynccontextmanager
    async def together(self, needs: Sequence[Needs], now: datetime) -> AsyncGenerator[Sequence[PostgresWork]]:
        async with super().together(needs, now) as works:
            yield works
        await self._tell()

    async def _tell(self) -> None:
        if self.committed is not None:
            self.committed()
            # A caller that gave up hears of it here.
            await asyncio.sleep(0)


@pytest.fixture
def store(payment_database: Database) -> WatchedStore:
    return WatchedStore(payment_database, event_to_wire, Uuid7Source(), Wakeup())


@pytest.fixture
async def payments(
    payment_database: Database, payment_settings: PaymentSettings, store: WatchedStore, psp: FakePsp, clock: StillClock
) -> AsyncIterator[Payments]:
    core = build_core(payment_settings, store, psp, clock, Uuid7Source())
    made = Payments(core, payment_database, uuid4(), uuid4())
    made.method_id = await made.add_card("pm_card_visa")
    yield made
    async with payment_database.transaction() as connection:
        # What is left open here is not for the next test's sweep.
        close = "UPDATE psp_operation SET state = 'refused', finished_at = created_at WHERE finished_at IS NULL"
        await connection.execute(text(close))


async def give_up_after(store: WatchedStore, commits: int, ask: Callable[[], Awaitable[object]]) -> bool:
    """Ask, and give up right after so many commits; return False where fewer sufficed for an answer."""
    asked = asyncio.ensure_future(ask())
    left = commits

    def committed() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            asked.cancel()

    store.committed = committed
    try:
        await asyncio.gather(asked, return_exceptions=True)
    finally:
        store.committed = None
    return left <= 0


Asked = Callable[[Payments, UUID], Awaitable[Any]]


async def nothing(payments: Payments, ride_id: UUID) -> None:
    pass


async def a_hold(payments: Payments, ride_id: UUID) -> None:
    assert (await payments.hold(ride_id)).status is PaymentStatus.HELD


MUTATIONS: dict[str, tuple[Asked, Asked, str, PaymentStatus]] = {
    "hold": (nothing, lambda on, ride_id: on.hold(ride_id), "authorize", PaymentStatus.HELD),
    "increment": (a_hold, lambda on, ride_id: on.increment(ride_id, 3000), "increment", PaymentStatus.HELD),
    "capture": (a_hold, lambda on, ride_id: on.capture(ride_id), "capture", PaymentStatus.CAPTURED),
    "void": (a_hold, lambda on, ride_id: on.void(ride_id), "void", PaymentStatus.VOIDED),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("is_asked_again", [False, True], ids=["at first", "after a lost answer"])
async def test_who_gives_up_after_any_commit_finds_the_outcome_soon(
    payments: Payments, store: WatchedStore, psp: FakePsp, mutation: str, is_asked_again: bool
) -> None:
    before, ask, psp_method, status = MUTATIONS[mutation]
    for commits in range(1, MOST_COMMITS):
        ride_id, already = uuid4(), len(psp.calls)
        await before(payments, ride_id)
        if is_asked_again:
            psp.fail(psp_method, Fault.TIMEOUT_AFTER_EFFECT)
            await ask(payments, ride_id)

        gave_up = await give_up_after(store, commits, lambda ride_id=ride_id: ask(payments, ride_id))
        await payments.core.mutate.drain(DRAIN_SECONDS)
        found = await ask(payments, ride_id)

        assert found.status is status, f"after {commits} commits"
        assert len({key for method, key in psp.calls[already:] if method == psp_method}) == 1
        if not gave_up:
            assert commits > 2
            return
    raise AssertionError("it is never answered")


async def test_who_gives_up_while_what_is_in_the_way_is_settled_finds_the_outcome_soon(
    payments: Payments, store: WatchedStore, psp: FakePsp
) -> None:
    for commits in range(1, MOST_COMMITS):
        ride_id = uuid4()
        psp.fail("authorize", Fault.TIMEOUT_AFTER_EFFECT)
        assert (await payments.hold(ride_id)).status is PaymentStatus.HOLD_PENDING

        gave_up = await give_up_after(store, commits, lambda ride_id=ride_id: payments.capture(ride_id))
        await payments.core.mutate.drain(DRAIN_SECONDS)

        assert (await payments.capture(ride_id)).status is PaymentStatus.CAPTURED, f"after {commits} commits"
        if not gave_up:
            assert sum(intent.captures for intent in psp.intents.values()) == commits
            return
    raise AssertionError("it is never answered")


async def test_card_whose_rider_gives_up_after_any_commit_is_kept_once(
    payments: Payments, store: WatchedStore, psp: FakePsp
) -> None:
    for commits in range(1, MOST_COMMITS):
        rider_id, key = uuid4(), str(uuid4())

        def add(rider_id: UUID = rider_id, key: str = key) -> Awaitable[UUID]:
            return payments.add_card("pm_card_visa", rider_id, key=key)

        gave_up = await give_up_after(store, commits, add)
        await payments.core.mutate.drain(DRAIN_SECONDS)
        method_id = await add()

        kept = await payments.rows("SELECT id FROM payment_method WHERE rider_id = :id", id=rider_id)
        assert [row["id"] for row in kept] == [method_id], f"after {commits} commits"
        if not gave_up:
            assert commits > 2
            return
    raise AssertionError("it is never answered")


async def test_capture_given_up_while_its_intent_is_being_written_is_sent_all_the_same(
    payments: Payments, psp: FakePsp
) -> None:
    ride_id = uuid4()
    held = await payments.hold(ride_id)
    async with payments.database.transaction() as blocker:
        # Its group has run and waits for this table alone: it is committed once the table is free.
        await blocker.execute(text("LOCK TABLE psp_operation IN SHARE ROW EXCLUSIVE MODE"))
        asked = asyncio.create_task(payments.capture(ride_id, fare(2000)))
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'psp_operation'::regclass"
        await until(lambda: payments.rows(waiting))
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    await payments.core.mutate.drain(DRAIN_SECONDS)

    assert (await payments.capture(ride_id, fare(2000))).status is PaymentStatus.CAPTURED
    assert psp.intents[held.psp_payment_id].captures == 1
