"""Collect a ride's charge: from credit, from what is held, and the rest as a debt of the rider."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from payment_service.domain.charge import ChargeLine, capture_postings, charge_total, payable_in_cash
from payment_service.domain.events import PaymentCaptured
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.domain.operation import Operation
from payment_service.domain.orders import ChargeOrder
from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.domain.payment_method import PaymentMethod
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.domain.receipt import receipt_of
from payment_service.use_cases.ports import Work
from payment_service.use_cases.rider_accounts import credit_account, receivable_account, release_credit, wallet_account
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


async def from_funding(
    work: Work, payment: Payment, lines: tuple[ChargeLine, ...], *, payer_absent: bool = False
) -> Money:
    """Return how much of a charge the payment's own funding brings: what credit leaves, as far as it is there."""
    rest = max(0, charge_total(lines).amount_minor - payment.credit_held_minor)
    if payment.status is PaymentStatus.EXPIRED:
        rest = 0
    elif payment.funding is Funding.CARD:
        rest = min(rest, payment.authorized_minor)
    elif payment.funding is Funding.CASH:
        rest = 0 if payer_absent else min(rest, payable_in_cash(lines).amount_minor)
    elif payment.funding is Funding.WALLET and rest > payment.authorized_minor:
        wallet = wallet_account(payment)
        balances = await work.ledger.lock(wallet, currency_code=payment.currency_code)
        rest = min(rest, payment.authorized_minor + max(0, balances[wallet].available.amount_minor))
    return Money(payment.currency_code, rest)


async def collect(
    work: Work,
    payment: Payment,
    method: PaymentMethod | None,
    brought: Money,
    lines: tuple[ChargeLine, ...],
    driver_id: UUID,
    now: datetime,
    ids: IdSource,
) -> Payment:
    """Book a ride's charge and return its payment, captured.

    Args:
        work: the transaction; it holds the payment's lock.
        payment: the ride's own payment.
        method: its card, if it is paid by card.
        brought: what the funding brought: `from_funding`, or nothing where the PSP had let go of the hold.
        lines: the charge.
        driver_id: who earns.
        now: when.
        ids: makes the ids.
    """
    code, total = payment.currency_code, charge_total(lines)
    credit_used = Money(code, min(payment.credit_held_minor, total.amount_minor))
    receivable = total - credit_used - brought
    captured = payment.captured(
        brought, credit_used=credit_used, receivable=receivable, lines=lines, driver_id=driver_id, at=now
    )
    await work.payments.save(captured)
    # Before the posting: what is set aside cannot be taken.
    await release_credit(work, payment)
    if payment.funding is Funding.WALLET and payment.authorized_minor:
        await work.ledger.release(wallet_account(payment), Money(code, payment.authorized_minor))
    sources = [
        Posting(_source(payment, driver_id), brought),
        Posting(credit_account(payment), credit_used),
        Posting(receivable_account(payment), receivable),
    ]
    postings = capture_postings(lines, driver_id, sources)
    if postings:
        await work.ledger.post(JournalEntry(ids(), EntryKind.CAPTURE, payment.id, payment.id, now, tuple(postings)))
    if receivable.amount_minor and method is not None:
        await _charge_excess(work, payment, method, receivable, now, ids)
    await work.tell(PaymentCaptured(captured, receipt_of(captured, method), driver_id), now)
    return captured


async def _charge_excess(
    work: Work, payment: Payment, method: PaymentMethod, amount: Money, now: datetime, ids: IdSource
) -> None:
    if payment.rider_id is None:
        raise ValueError(f"payment {payment.id} has no rider")
    excess = Payment.begin(
        ids(),
        Purpose.EXCESS,
        Funding.CARD,
        payment.rider_id,
        amount,
        now,
        ride_id=payment.ride_id,
        payment_method_id=method.id,
    )
    await work.payments.insert(excess)
    # What is being collected is set aside, so that no other charge collects it as well.
    await work.ledger.hold(receivable_account(payment), amount)
    order = ChargeOrder(method.customer_id, method.psp_card_id, amount)
    # Without a lease: the ride's capture is answered now, and the sweep sends this.
    await work.operations.insert(Operation.begin(ids(), order, now, 0, rider_id=payment.rider_id, payment_id=excess.id))


def _source(payment: Payment, driver_id: UUID) -> Account:
    match payment.funding:
        case Funding.CARD:
            return Account(AccountKind.PSP_RECEIVABLE)
        case Funding.WALLET:
            return wallet_account(payment)
        case Funding.CASH:
            return Account(AccountKind.DRIVER, str(driver_id))
