"""One statement that is a transaction by itself, on a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.domain.psp_event import PspEvent, PspEventState
from shared_kernel.money import Money
from tests.integration.payment.conftest import Payments, store_over

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_what_one_statement_changes_is_kept(payments: Payments) -> None:
    store, event = store_over(payments.database), _event()
    async with store.single() as work:
        assert await work.psp_events.insert([event]) == {event.id}
    async with store.single() as work:
        assert await work.psp_events.get(event.id) == event


async def test_a_second_statement_is_refused(payments: Payments) -> None:
    store, event, another = store_over(payments.database), _event(), _event()
    async with store.single() as work:
        await work.psp_events.insert([event])
        with pytest.raises(RuntimeError, match="belong together"):
            await work.psp_events.insert([another])
    async with store.single() as work:
        assert await work.psp_events.get(another.id) is None


async def test_what_would_wait_for_the_end_of_a_transaction_is_refused(payments: Payments) -> None:
    postings = (
        Posting(Account(AccountKind.BANK), Money("USD", 100)),
        Posting(Account(AccountKind.RIDER_WALLET, str(payments.rider_id)), Money("USD", -100)),
    )
    with pytest.raises(RuntimeError, match="takes a transaction"):
        async with store_over(payments.database).single() as work:
            await work.ledger.post(JournalEntry(uuid4(), EntryKind.TOP_UP, uuid4(), None, _NOW, postings))
    assert await payments.balance(AccountKind.RIDER_WALLET, payments.rider_id) == 0


def _event() -> PspEvent:
    return PspEvent(
        id=f"evt_{uuid4().hex}",
        type="payment_intent.succeeded",
        object_id="pi_1",
        psp_payment_id="pi_1",
        operation_id=None,
        account_id="",
        payload=b"{}",
        received_at=_NOW,
        state=PspEventState.IGNORED,
        tries=0,
        detail="",
    )
