"""The steps of a payout: asked, paid, refused, returned; each writes the row, the books and what is to be done next."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from payment_service.domain.events import PayoutFailed, PayoutPaid
from payment_service.domain.ledger import Account, AccountKind, EntryKind
from payment_service.domain.operation import Operation
from payment_service.domain.payout import Payout, PayoutKind, PayoutStatus, payout_entry
from payment_service.domain.payout_account import PayoutAccount
from payment_service.domain.payout_orders import PayoutOrder, TakeBackOrder, TransferOrder
from payment_service.use_cases.ports import Work
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


async def ask(
    work: Work,
    account: PayoutAccount,
    amount: Money,
    kind: PayoutKind,
    now: datetime,
    ids: IdSource,
    *,
    period_at: datetime | None = None,
    retry_of: Payout | None = None,
) -> Payout | None:
    """Take an amount from a driver's balance and begin to pay it out; None if this was asked already.

    The caller holds the lock of the driver's balance and has seen that it suffices; the database refuses it otherwise.
    """
    payout = Payout(
        id=ids(),
        driver_id=account.driver_id,
        currency_code=amount.currency_code,
        amount_minor=amount.amount_minor,
        kind=kind,
        period_at=period_at,
        retry_of=None if retry_of is None else retry_of.id,
        status=PayoutStatus.PENDING,
        psp_account_id=account.psp_account_id,
        psp_bank_id=account.psp_bank_id,
        last_digits=account.last_digits,
        psp_transfer_id="",
        psp_payout_id="",
        waiting_reason="",
        waits=0,
        failure_reason="",
        look_at=None,
        created_at=now,
        sent_at=None,
        paid_at=None,
        ended_at=None,
        version=1,
    )
    if not await work.payouts.insert(payout):
        return None
    await work.ledger.post(payout_entry(payout, EntryKind.PAYOUT, ids(), now))
    await next_step(work, payout, TransferOrder(payout.id, payout.psp_account_id, amount), now, ids)
    return payout


async def next_step(
    work: Work, payout: Payout, order: PayoutOrder, now: datetime, ids: IdSource, *, after_seconds: float = 0
) -> None:
    """Leave a payout's next order to the sweep."""
    await work.operations.insert(Operation.begin(ids(), order, now, after_seconds, subject_id=payout.id))


async def paid(work: Work, payout: Payout, now: datetime, ids: IdSource) -> None:
    """Book that a payout has left what the PSP holds for us."""
    payout = payout.paid(now)
    await work.payouts.save(payout)
    await work.ledger.post(payout_entry(payout, EntryKind.PAYOUT_PAID, ids(), now))
    await work.tell(PayoutPaid(payout), now)


async def come_back(work: Work, payout: Payout, reason: str, now: datetime, ids: IdSource) -> None:
    """Begin to take the money back: the bank refused it, or returned it after it was paid."""
    was_paid = payout.status is PayoutStatus.PAID
    payout = payout.recovering(reason)
    await work.payouts.save(payout)
    if was_paid:
        reversed_id = await work.ledger.id_of(EntryKind.PAYOUT_PAID, payout.id)
        await work.ledger.post(payout_entry(payout, EntryKind.PAYOUT_RETURNED, ids(), now, reversed_id))
    await next_step(work, payout, TakeBackOrder(payout.id, payout.psp_transfer_id), now, ids)


async def give_back(work: Work, payout: Payout, now: datetime, ids: IdSource) -> None:
    """Book that the money is the driver's again; the payout has failed or was returned."""
    await work.payouts.save(payout)
    reversed_id = await work.ledger.id_of(EntryKind.PAYOUT, payout.id)
    await work.ledger.post(payout_entry(payout, EntryKind.PAYOUT_FAILED, ids(), now, reversed_id))
    await work.tell(PayoutFailed(payout), now)


async def available(work: Work, account: PayoutAccount) -> Money:
    """Return what of a driver's balance can be paid out, locked until the end; below zero the driver owes."""
    theirs = Account(AccountKind.DRIVER, str(account.driver_id))
    balances = await work.ledger.lock(theirs, currency_code=account.currency_code)
    return balances[theirs].available


async def account_of(work: Work, driver_id: UUID, currency_code: str) -> PayoutAccount:
    """Return a driver's bank account for a currency; `payout_account_missing` (Conflict)."""
    account = await work.payout_accounts.get(driver_id, currency_code)
    if account is None:
        raise Conflict("payout_account_missing", f"there is no bank account for {currency_code}: set one first")
    return account
