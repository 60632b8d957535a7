"""Raise the hold of a ride that will cost more than was held for it."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.events import HoldIncremented
from payment_service.domain.operation import Operation
from payment_service.domain.orders import IncrementOrder
from payment_service.domain.payment import Funding, Payment
from payment_service.use_cases.answers import PaymentAnswer
from payment_service.use_cases.mutate import Mutate, Step, UnresolvedError, payment_after
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.rider_accounts import wallet_account
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, NotFound
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


class IncrementHold:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, ride_id: UUID, amount: Money) -> Payment:
        """Return the payment with `amount` held by its credit and its funding, or pending while that is unknown.

        Raises:
            NotFound: `payment_not_found`.
            InvalidInput: `invalid_amount` (it must rise), `currency_mismatch`.
            Conflict: `invalid_transition`, `increment_declined` (what was held before still is).
        """

        async def begin(work: Work) -> Step:
            payment = await work.payments.lock_of_ride(ride_id)
            if payment is None or payment.is_tombstone:
                raise NotFound("payment_not_found", "there is no payment for this ride")
            other = await work.operations.open_of(payment.id)
            if other is not None:
                raise UnresolvedError(other.id)
            # Checked here for every funding; for a hold that needed no card there is none to raise.
            begun = payment.increment_begun(amount)
            if payment.funding is not Funding.CARD or not payment.psp_payment_id:
                return await self._raise_at_once(work, payment, amount)
            await work.payments.save(begun)
            operation = Operation.begin(
                self._ids(),
                IncrementOrder(payment.psp_payment_id, payment.after_credit(amount)),
                self._clock.now(),
                self._settle.lease_seconds,
                rider_id=payment.rider_id,
                payment_id=payment.id,
            )
            await work.operations.insert(operation)
            return operation

        return await payment_after(self._store, request, await self._mutate(request, begin), ride_id)

    async def _raise_at_once(self, work: Work, payment: Payment, amount: Money) -> Step:
        if payment.funding is Funding.CARD:
            raise Conflict("increment_declined", "the hold is covered by credit: no card holds anything")
        if payment.funding is Funding.WALLET:
            wallet = wallet_account(payment)
            rise = payment.after_credit(amount) - Money(amount.currency_code, payment.authorized_minor)
            balances = await work.ledger.lock(wallet, currency_code=amount.currency_code)
            if balances[wallet].available < rise:
                raise Conflict("increment_declined", "the wallet does not hold the amount")
            await work.ledger.hold(wallet, rise)
        payment = payment.raised_at_once(amount)
        await work.payments.save(payment)
        await work.tell(HoldIncremented(payment), self._clock.now())
        return PaymentAnswer(payment)
