"""Refunds and disputes against the PSP's list: whatever becomes of them, both sides are the same in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from payment_service.domain.dispute import DisputeStatus
from payment_service.domain.ledger import AccountKind
from payment_service.domain.payment import Payment
from payment_service.domain.psp_transaction import TransactionKind
from payment_service.domain.reconciliation import ItemKind, Resolution
from payment_service.domain.refund import RefundStatus
from payment_service.settings import PaymentSettings
from payment_service.use_cases.resolve_item import ItemDecision
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.books import Books, books_of_their_own
from tests.integration.payment.conftest import usd
from tests.integration.payment.psp_stage import Stage


@dataclass
class Office:
    """The books, and who asks for refunds."""

    books: Books
    stage: Stage

    async def agrees(self) -> bool:
        """Reconcile; tell whether nothing is open and nothing waits."""
        await self.books.reconcile()
        waiting = await self.books.payments.rows("SELECT id FROM psp_balance_transaction WHERE state <> 'matched'")
        return not waiting and not await self.books.open_items()

    async def disputed(self, payment: Payment) -> str:
        """Let a payment be disputed, at the PSP and here."""
        name = self.books.psp.dispute_opens(payment.psp_payment_id)
        await self.stage.tell_of_dispute("charge.dispute.created", name)
        await self.stage.apply()
        return name


@pytest.fixture
async def office(
    migrated_postgres_url: Callable[[str], str], payment_settings: PaymentSettings, psp: FakePsp, clock: StillClock
) -> AsyncIterator[Office]:
    async with books_of_their_own(migrated_postgres_url("payment"), payment_settings, psp, clock) as books:
        yield Office(books, Stage(books.payments, psp, clock))


async def test_a_refund_that_is_paid_agrees(office: Office) -> None:
    payment = await office.stage.captured()
    await office.stage.refund(payment, 500)

    assert await office.agrees()
    assert await office.books.total(AccountKind.PSP_RECEIVABLE) == 2000 - 88 - 500


async def test_a_refund_that_is_pending_here_waits_and_agrees_when_it_is_paid(office: Office) -> None:
    office.books.psp.refunds_begin = RefundStatus.PENDING
    payment = await office.stage.captured()
    refund = await office.stage.refund(payment, 500)
    assert not await office.agrees()
    assert await office.books.open_items() == []

    [name] = office.books.psp.refunds
    office.books.psp.refund_ends(name, RefundStatus.PAID)
    await office.stage.tell_of_refund("refund.updated", refund, payment)
    await office.stage.apply()

    assert await office.agrees()


async def test_a_refund_that_the_bank_sends_back_agrees_on_both_ways(office: Office) -> None:
    payment = await office.stage.captured()
    refund = await office.stage.refund(payment, 500)
    assert await office.agrees()

    [name] = office.books.psp.refunds
    office.books.psp.lists(TransactionKind.REFUND, usd(500), source_id=name, parent_id=payment.psp_payment_id)
    office.books.psp.refund_ends(name, RefundStatus.FAILED, "expired_or_canceled_card")
    await office.stage.tell_of_refund("refund.failed", refund, payment)
    await office.stage.apply()

    assert await office.agrees()
    assert await office.books.total(AccountKind.PSP_RECEIVABLE) == 2000 - 88


@pytest.mark.parametrize("together", [True, False])
async def test_what_was_booked_and_taken_back_and_never_listed_is_no_item(office: Office, together: bool) -> None:
    payment = await office.stage.captured()
    refund = await office.stage.refund(payment, 500)
    psp = office.books.psp
    [name] = psp.refunds
    psp.transactions.pop()
    if not together:
        office.books.clock.advance(days=4)
        await office.books.reconcile()
        assert await office.books.open_items() == [(ItemKind.MISSING_AT_PSP, 500)]
    psp.refund_ends(name, RefundStatus.FAILED, "expired_or_canceled_card")
    await office.stage.tell_of_refund("refund.failed", refund, payment)
    await office.stage.apply()
    assert await office.books.total(AccountKind.PSP_RECEIVABLE) == 2000 - (0 if together else 88)

    office.books.clock.advance(days=4)

    assert await office.agrees()


async def test_a_line_that_came_after_the_difference_was_told_is_not_resolved_with_it(office: Office) -> None:
    payment = await office.stage.captured()
    await office.stage.refund(payment, 500)
    psp = office.books.psp
    [name] = psp.refunds
    told = psp.transactions.pop()
    psp.lists(TransactionKind.REFUND, usd(-600), source_id=name, parent_id=payment.psp_payment_id)
    office.books.clock.advance(days=4)
    await office.books.reconcile()
    [item] = await office.books.items()
    assert (item.kind, item.amount) == (ItemKind.AMOUNT_DIFFERS, usd(-100))
    # What the refund's line says now may be on its way here.
    later = psp.lists(TransactionKind.REFUND, usd(-30), source_id=name, parent_id=told.parent_id)
    await office.books.reconcile()

    await office.books.decide(ItemDecision(item.id, Resolution.BOOKED, "goodwill", "by hand", "operator"))
    states = "SELECT state FROM psp_balance_transaction WHERE id = :id"
    assert await office.books.payments.rows(states, id=later.id) == [{"state": "waiting"}]
    office.books.clock.advance(days=4)
    await office.books.reconcile()

    assert [(one.kind, one.amount) for one in await office.books.items()] == [(ItemKind.AMOUNT_DIFFERS, usd(-30))]


async def test_a_refund_made_at_the_psp_by_hand_is_an_item(office: Office) -> None:
    payment = await office.stage.captured()
    office.books.psp.lists(TransactionKind.REFUND, usd(-500), source_id="re_by_hand", parent_id=payment.psp_payment_id)
    office.books.clock.advance(days=1)

    assert not await office.agrees()
    assert await office.books.open_items() == [(ItemKind.UNKNOWN_TRANSACTION, -500)]


@pytest.mark.parametrize(("status", "left_minor"), [(DisputeStatus.WON, 0), (DisputeStatus.LOST, -2000)])
async def test_a_dispute_agrees_with_its_fee_however_it_ends(
    office: Office, status: DisputeStatus, left_minor: int
) -> None:
    payment = await office.stage.captured()
    name = await office.disputed(payment)
    psp = office.books.psp
    fee_minor = psp.disputes[name].fee_minor
    psp.lists(TransactionKind.DISPUTE, usd(-2000), fee_minor=fee_minor, source_id=name)
    assert await office.agrees()
    assert await office.books.total(AccountKind.PSP_RECEIVABLE) == -88 - fee_minor

    psp.dispute_ends(name, status)
    if status is DisputeStatus.WON:
        psp.lists(TransactionKind.DISPUTE, usd(2000), source_id=name)
    await office.stage.tell_of_dispute("charge.dispute.closed", name)
    await office.stage.apply()

    assert await office.agrees()
    assert await office.books.total(AccountKind.PSP_RECEIVABLE) == 2000 - 88 - fee_minor + left_minor
    story = await office.books.payments.core.reconciliation.statements.story(payment.id)
    assert {"payment", "operation", "entry", "psp_transaction", "dispute", "psp_event"} <= {
        event.subject for event in story.events
    }
