"""What the end of a charge at once means: above a hold, a tip, debts, wallet money."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from payment_service.domain.events import ChargeCollected, ChargeDeclined
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.domain.payment import Payment, Purpose
from payment_service.use_cases.answers import Answer, PaymentAnswer
from payment_service.use_cases.conclusions.parts import Concluding, Definite, payment_of, reason_of
from payment_service.use_cases.outcomes import Succeeded
from payment_service.use_cases.rider_accounts import receivable_account, wallet_account
from shared_kernel.money import Money

_DEBTS = (Purpose.EXCESS, Purpose.ARREARS)


async def charged(concluding: Concluding, outcome: Definite) -> Answer:
    payment = await payment_of(concluding)
    work, amount = concluding.work, Money(payment.currency_code, payment.requested_minor)
    if payment.purpose in _DEBTS:
        # It is no longer being collected: now it is paid, or it is a debt that may be tried again.
        await work.ledger.release(receivable_account(payment), amount)
    if not isinstance(outcome, Succeeded):
        payment = payment.declined(reason_of(outcome))
        await work.payments.save(payment)
        await work.tell(ChargeDeclined(payment), concluding.now)
        return PaymentAnswer(payment)
    payment = payment.charged(outcome.psp_object_id, concluding.now)
    await work.payments.save(payment)
    source = Account(AccountKind.PSP_RECEIVABLE)
    await work.ledger.post(charge_entry(payment, source, concluding.ids(), concluding.now))
    await work.tell(ChargeCollected(payment), concluding.now)
    return PaymentAnswer(payment)


def charge_entry(payment: Payment, source: Account, entry_id: UUID, now: datetime) -> JournalEntry:
    """Return the entry of a payment that was collected at once from a source."""
    amount = Money(payment.currency_code, payment.requested_minor)
    kind, to = _credited(payment)
    return JournalEntry(
        entry_id,
        kind,
        payment.id,
        payment.id,
        now,
        (Posting(source, amount), Posting(to, -amount)),
    )


def _credited(payment: Payment) -> tuple[EntryKind, Account]:
    match payment.purpose:
        case Purpose.EXCESS | Purpose.ARREARS:
            return EntryKind.COLLECTION, receivable_account(payment)
        case Purpose.TIP:
            return EntryKind.TIP, Account(AccountKind.DRIVER, str(payment.driver_id))
        case Purpose.TOP_UP:
            return EntryKind.TOP_UP, wallet_account(payment)
        case Purpose.RIDE:
            raise ValueError(f"payment {payment.id} is a ride's own: it is held and captured")
