"""Collect up to the held amount for a ride, once, and write the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from payment_service.domain.charge import ChargeLine, charge_total
from payment_service.domain.operation import CaptureOrder, Operation
from payment_service.domain.payment import Payment
from payment_service.use_cases.mutate import Mutate, Step, UnresolvedError, payment_after
from payment_service.use_cases.ports import RequestKey, Store, Work
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound
from shared_kernel.ids import IdSource


@dataclass(frozen=True, slots=True)
class Charge:
    """What is charged for a ride, and which driver earns."""

    ride_id: UUID
    driver_id: UUID
    lines: tuple[ChargeLine, ...]


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

        Raises:
            NotFound: `payment_not_found`.
            InvalidInput: `invalid_charge`, `invalid_amount`, `currency_mismatch`.
            Conflict: `invalid_transition`, `exceeds_authorized`, `capture_refused`.
        """
        total = charge_total(charge.lines)

        async def begin(work: Work) -> Step:
            payment = await work.payments.lock_of_ride(charge.ride_id)
            if payment is None:
                raise NotFound("payment_not_found", "there is no payment for this ride")
            other = await work.operations.open_of(payment.id)
            if other is not None:
                raise UnresolvedError(other.id)
            await work.payments.save(payment.capture_begun(total))
            operation = Operation.begin(
                self._ids(),
                CaptureOrder(payment.psp_payment_id, total, charge.lines, charge.driver_id),
                self._clock.now(),
                self._settle.lease_seconds,
                rider_id=payment.rider_id,
                payment_id=payment.id,
            )
            await work.operations.insert(operation)
            return operation

        return await payment_after(self._store, await self._mutate(request, begin), charge.ride_id)
