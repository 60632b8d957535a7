"""A reconciliation that dies at any of its steps: another process ends it, and nothing is booked twice or left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.failpoints import Failpoints
from payment_service.domain.ledger import AccountKind
from payment_service.domain.psp_transaction import TransactionKind
from payment_service.domain.reconciliation import ItemKind, RunStatus
from payment_service.settings import PaymentSettings
from payment_service.use_cases.audit_ledger import AuditLedger
from payment_service.use_cases.ports import Failpoint
from payment_service.use_cases.reconcile import PAGE, Patience, Reconcile
from shared_kernel.ids import Uuid7Source
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.books import Books, books_of_their_own
from tests.integration.payment.conftest import fare, request_key, store_over, usd

LEASE_SECONDS = 30.0
STEPS = ("taken", "read", "kept", "stepped", "recorded")
FEES = PAGE + 5


class DeadError(Exception):
    """The process ended here."""


class DiesAt:
    """A failpoint that ends the process when a step is reached so many times."""

    def __init__(self, step: str, times: int) -> None:
        self._name = f"reconcile.{step}"
        self._left = times

    def __call__(self, name: str) -> None:
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                raise DeadError


def reconcile_of(books: Books, failpoint: Failpoint) -> Reconcile:
    patience = Patience(timedelta(0), timedelta(0), timedelta(days=10_000))
    store = store_over(books.payments.database)
    return Reconcile(store, books.psp, books.clock, Uuid7Source(), failpoint, patience, lease_seconds=LEASE_SECONDS)


class Dying(AuditLedger):
    """An audit that its process does not live to end."""

    async def whole(self) -> tuple[int, int]:
        raise DeadError


def audit_of(books: Books, kind: type[AuditLedger] = AuditLedger) -> AuditLedger:
    return kind(store_over(books.payments.database), books.clock, Uuid7Source(), look_back=timedelta(days=10_000))


async def test_a_run_that_dies_anywhere_is_ended_by_another_process_once(
    migrated_postgres_url: Callable[[str], str], payment_settings: PaymentSettings, psp: FakePsp, clock: StillClock
) -> None:
    async with books_of_their_own(migrated_postgres_url("payment"), payment_settings, psp, clock) as books:
        died = 0
        for step in STEPS:
            for times in range(1, 20):
                if not await dies_and_is_ended(books, DiesAt(step, times)):
                    break
                died += 1
        # Two pages, three batches to match, one to expect, one of ages: as many deaths of each step as it is reached.
        assert died > 20


async def dies_and_is_ended(books: Books, failpoint: DiesAt) -> bool:
    """Let a run die at a failpoint and another process end it; False if it did not die."""
    # Far from the last run, so that its transactions are not read once more.
    books.clock.advance(days=2)
    await books.ride(fare(2000))
    for _ in range(FEES):
        books.psp.lists(TransactionKind.FEE, usd(-10))
    books.psp.lists(TransactionKind.CHARGE, usd(700), parent_id="pi_of_somebody", fee_minor=0)
    before = await books.total(AccountKind.PSP_FEE), len(await books.items())
    use_cases = books.payments.core.reconciliation.use_cases
    run = await use_cases.start(request_key("StartReconciliation", str(uuid4())))
    died = False
    first, other = reconcile_of(books, failpoint), reconcile_of(books, Failpoints())
    try:
        while await first():
            pass
    except DeadError:
        died = True
    books.clock.advance(seconds=LEASE_SECONDS)
    while await other():
        pass

    ended = await use_cases.read.run(run.id)
    assert (ended.status, ended.imported_count) == (RunStatus.COMPLETED, FEES + 2)
    assert await books.total(AccountKind.PSP_FEE) - before[0] == 10 * FEES + 88
    items = await books.items()
    assert len(items) - before[1] == 1
    assert items[-1].kind is ItemKind.UNKNOWN_TRANSACTION
    return died


async def test_a_process_that_was_only_slow_does_not_spoil_what_another_did(
    migrated_postgres_url: Callable[[str], str], payment_settings: PaymentSettings, psp: FakePsp, clock: StillClock
) -> None:
    async with books_of_their_own(migrated_postgres_url("payment"), payment_settings, psp, clock) as books:
        await books.ride(fare(2000))
        other = reconcile_of(books, Failpoints())
        taken_over = False

        async def take_over() -> None:
            nonlocal taken_over
            if not taken_over:
                taken_over = True
                clock.advance(seconds=LEASE_SECONDS)
                while await other():
                    pass

        ask = psp.list_transactions

        async def slow(*arguments: object) -> object:
            await take_over()
            return await ask(*arguments)  # pyright: ignore[reportArgumentType]: handed on as it came

        run = await books.payments.core.reconciliation.use_cases.start(request_key("StartReconciliation", "slow"))
        slow_one = reconcile_of(books, Failpoints())
        psp.list_transactions = slow  # pyright: ignore[reportAttributeAccessIssue]: the same, later
        with pytest.raises(RuntimeError, match="taken over"):
            await slow_one()

        ended = await books.payments.core.reconciliation.use_cases.read.run(run.id)
        assert (ended.status, ended.imported_count) == (RunStatus.COMPLETED, 1)
        assert await books.total(AccountKind.PSP_FEE) == 88


async def test_the_audit_of_a_day_is_done_once_and_by_another_process_if_the_first_dies(
    migrated_postgres_url: Callable[[str], str], payment_settings: PaymentSettings, psp: FakePsp, clock: StillClock
) -> None:
    async with books_of_their_own(migrated_postgres_url("payment"), payment_settings, psp, clock) as books:
        await books.ride(fare(2000))
        first, other = audit_of(books, Dying), audit_of(books)
        assert await other.daily() is None
        await books.payments.core.reconciliation.use_cases.start.daily()

        with pytest.raises(DeadError):
            await first.daily()
        assert await other.daily() is None
        clock.advance(hours=1)

        assert await other.daily() == 0
        clock.advance(hours=1)
        assert await other.daily() is None


async def test_a_day_of_which_the_run_rests_is_audited_once(
    migrated_postgres_url: Callable[[str], str], payment_settings: PaymentSettings, psp: FakePsp, clock: StillClock
) -> None:
    async with books_of_their_own(migrated_postgres_url("payment"), payment_settings, psp, clock) as books:
        await books.payments.core.reconciliation.use_cases.start.daily()
        audit = audit_of(books)
        assert await audit.daily() == 0
        clock.advance(days=1)
        await books.payments.core.reconciliation.use_cases.start.daily()

        assert await audit.daily() is None
