"""Collect a ride's charge, once, and write the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from payment_service.domain.charge import ChargeLine, charge_total
from payment_service.domain.operation import Operation
from payment_service.domain.orders import CaptureOrder, VoidOrder
from payment_service.domain.payment import Funding, Payment
from payment_service.domain.payment_moves import PaymentStatus, refuse_move
from payment_service.use_cases.answers import PaymentAnswer
from payment_service.use_cases.collect import collect, from_funding
from payment_service.use_cases.conclusions.parts import method_of
from payment_service.use_cases.driver_terms import under_terms
from payment_service.use_cases.mutate import Mutate, Step, UnresolvedError, payment_after
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class Charge:
    """What is charged for a ride, and which driver earns.

    `payer_absent`: nobody was there to hand cash over.
    """

    ride_id: UUID
    driver_id: UUID
    lines: tuple[ChargeLine, ...]
    payer_absent: bool = False


class CapturePayment:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, charge: Charge) -> Payment:
        """Return the payment: captured, or pending while an outcome is unknown.

        What the hold does not cover is charged to the card by itself afterwards, and owed by the rider until then.

        Raises:
            NotFound: `payment_not_found`.
            InvalidInput: `invalid_charge`, `invalid_amount`, `currency_mismatch`.
            Conflict: `invalid_transition`, `capture_refused` (asked again, the PSP is asked again).
        """
        total = charge_total(charge.lines)

        async def begin(work: Work) -> Step:
            payment = await work.payments.lock_of_ride(charge.ride_id)
            if payment is None:
                raise NotFound("payment_not_found", "there is no payment for this ride")
            other = await work.operations.open_of(payment.id)
            if other is not None:
                raise UnresolvedError(other.id)
            refuse_move(payment.status, PaymentStatus.CAPTURED)
            payment.refuse_total(total)
            shared = await under_terms(work, charge.lines, charge.driver_id, self._clock.now())
            agreed = replace(charge, lines=shared)
            brought = await from_funding(work, payment, agreed.lines, payer_absent=charge.payer_absent)
            if payment.funding is Funding.CARD and brought.amount_minor:
                return await self._ask(work, payment, brought, total, agreed)
            return PaymentAnswer(await self._collect(work, payment, brought, agreed))

        answer = await self._mutate(request, begin, ride_id=charge.ride_id, driver_id=charge.driver_id)
        return await payment_after(self._store, request, answer, charge.ride_id)

    async def _ask(self, work: Work, payment: Payment, brought: Money, total: Money, charge: Charge) -> Operation:
        await work.payments.save(payment.capture_begun(total))
        order = CaptureOrder(payment.psp_payment_id, brought, charge.lines, charge.driver_id)
        return await self._begun(work, payment, order, self._settle.lease_seconds)

    async def _collect(self, work: Work, payment: Payment, brought: Money, charge: Charge) -> Payment:
        if payment.status is PaymentStatus.HELD and payment.psp_payment_id:
            # Credit covers it all: the card's hold is let go, by the sweep.
            await self._begun(work, payment, VoidOrder(payment.psp_payment_id), 0)
        method = await method_of(work, payment)
        return await collect(
            work, payment, method, brought, charge.lines, charge.driver_id, self._clock.now(), self._ids
        )

    async def _begun(
        self, work: Work, payment: Payment, order: CaptureOrder | VoidOrder, lease_seconds: float
    ) -> Operation:
        operation = Operation.begin(
            self._ids(), order, self._clock.now(), lease_seconds, rider_id=payment.rider_id, payment_id=payment.id
        )
        await work.operations.insert(operation)
        return operation
