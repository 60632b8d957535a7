"""Release the hold of a ride; for a ride without a payment, record that none may follow."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.events import HoldVoided
from payment_service.domain.operation import Operation
from payment_service.domain.orders import VoidOrder
from payment_service.domain.payment import Funding, Payment
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.use_cases.answers import PaymentAnswer
from payment_service.use_cases.mutate import Mutate, Step, UnresolvedError, payment_after
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.rider_accounts import release_credit, wallet_account
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


class VoidHold:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, ride_id: UUID) -> Payment:
        """Return the payment: voided, declined (there was nothing to release), or pending while unknown.

        Raises:
            Conflict: `invalid_transition` for a captured payment, `void_refused` (asked again, the PSP is asked again).
        """

        async def begin(work: Work) -> Step:
            payment = await work.payments.lock_of_ride(ride_id)
            if payment is None:
                tombstone = Payment.tombstone(self._ids(), ride_id, self._clock.now())
                if await work.payments.insert(tombstone):
                    return PaymentAnswer(tombstone)
                payment = await work.payments.lock_of_ride(ride_id)
                if payment is None:
                    raise NotFound("payment_not_found", "the payment of this ride is gone")
            other = await work.operations.open_of(payment.id)
            if other is not None:
                # Never on a time-out alone: what is under way may yet have held or collected the money.
                raise UnresolvedError(other.id)
            if payment.status in (PaymentStatus.VOIDED, PaymentStatus.DECLINED):
                return PaymentAnswer(payment)
            if payment.status is PaymentStatus.EXPIRED or not payment.psp_payment_id:
                return PaymentAnswer(await self._release(work, payment))
            await work.payments.save(payment.void_begun())
            operation = Operation.begin(
                self._ids(),
                VoidOrder(payment.psp_payment_id),
                self._clock.now(),
                self._settle.lease_seconds,
                rider_id=payment.rider_id,
                payment_id=payment.id,
            )
            await work.operations.insert(operation)
            return operation

        return await payment_after(self._store, request, await self._mutate(request, begin), ride_id)

    async def _release(self, work: Work, payment: Payment) -> Payment:
        voided = payment.voided()
        await work.payments.save(voided)
        await release_credit(work, payment)
        if payment.funding is Funding.WALLET and payment.authorized_minor:
            held = Money(payment.currency_code, payment.authorized_minor)
            await work.ledger.release(wallet_account(payment), held)
        await work.tell(HoldVoided(voided), self._clock.now())
        return voided
