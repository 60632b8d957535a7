"""Who bears a refund, by what its payment was for."""

from __future__ import annotations

from collections.abc import Sequence

from payment_service.domain.charge import shares
from payment_service.domain.ledger import Account, AccountKind, Posting
from payment_service.domain.payment import Payment, Purpose
from payment_service.domain.refund import BorneBy, RefundStatus
from payment_service.domain.refund_shares import proportional
from payment_service.use_cases.ports import Work
from payment_service.use_cases.rider_accounts import wallet_account
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput
from shared_kernel.money import Money

_OF_RIDE = (Purpose.RIDE, Purpose.EXCESS)


def bearer(payment: Payment, asked: BorneBy | None) -> BorneBy:
    """Return who bears a refund of a payment; InvalidInput `invalid_borne_by` for who cannot.

    What paid a rider's old debts belongs to no one charge, so the platform bears it; what went into the rider's wallet
    comes out of it, so nobody else can.
    """
    possible = tuple(BorneBy)
    if payment.purpose is Purpose.ARREARS:
        possible = (BorneBy.PLATFORM,)
    elif payment.purpose is Purpose.TOP_UP:
        possible = (BorneBy.PROPORTIONAL,)
    if asked is None:
        return BorneBy.PROPORTIONAL if BorneBy.PROPORTIONAL in possible else possible[0]
    if asked not in possible:
        violation = FieldViolation("borne_by", f"must be {possible[0]} for a payment of this purpose")
        raise InvalidInput("invalid_borne_by", "nobody else can bear this refund", violations=[violation])
    return asked


async def shares_of_refund(
    work: Work, ride_payments: Sequence[Payment], payment: Payment, amount: Money, borne_by: BorneBy
) -> tuple[Posting, ...]:
    """Return the debits of those who bear a refund.

    Args:
        work: the transaction; it holds the locks of the payment, and of the ride's own where it is about that charge.
        ride_payments: all payments of the ride.
        payment: what is refunded.
        amount: of the refund.
        borne_by: what `bearer` said.

    Raises:
        Conflict: `exceeds_wallet`, a top-up was spent meanwhile.
    """
    if borne_by is BorneBy.PLATFORM:
        return (Posting(Account(AccountKind.GOODWILL), amount),)
    if payment.purpose is Purpose.TOP_UP:
        wallet = wallet_account(payment)
        balance = (await work.ledger.lock(wallet, currency_code=amount.currency_code))[wallet]
        if balance.available < amount:
            raise Conflict("exceeds_wallet", f"no more than {balance.available} of it is left in the wallet")
        return (Posting(wallet, amount),)
    if payment.purpose is Purpose.TIP:
        return (Posting(Account(AccountKind.DRIVER, str(payment.driver_id)), amount),)
    charged = [paid for paid in ride_payments if paid.purpose in _OF_RIDE]
    own = next(paid for paid in charged if paid.purpose is Purpose.RIDE)
    if own.lines is None or own.driver_id is None:
        raise Conflict("not_captured", "nothing was captured that could be refunded")
    before = await work.refunds.of_payments([paid.id for paid in charged])
    taken = [
        posting
        for refund in before
        if refund.borne_by is BorneBy.PROPORTIONAL and refund.status is not RefundStatus.FAILED
        for posting in refund.shares
    ]
    return proportional(shares(own.lines, own.driver_id), taken, amount)
