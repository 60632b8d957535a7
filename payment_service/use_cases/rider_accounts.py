"""What a ride holds of its rider's own accounts here: granted credit, and the wallet."""

from __future__ import annotations

from payment_service.domain.ledger import Account, AccountKind
from payment_service.domain.payment import Payment
from payment_service.use_cases.ports import Work
from shared_kernel.money import Money


def credit_account(payment: Payment) -> Account:
    return Account(AccountKind.RIDER_CREDIT, str(payment.rider_id))


def wallet_account(payment: Payment) -> Account:
    return Account(AccountKind.RIDER_WALLET, str(payment.rider_id))


def receivable_account(payment: Payment) -> Account:
    return Account(AccountKind.RIDER_RECEIVABLE, str(payment.rider_id))


async def release_credit(work: Work, payment: Payment) -> None:
    """Give back the credit that a payment set aside; the payment has ended, or its charge is being posted."""
    if payment.credit_held_minor:
        await work.ledger.release(credit_account(payment), Money(payment.currency_code, payment.credit_held_minor))
