"""Forget a card: here at once, at the PSP as soon as it answers."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.operation import Operation
from payment_service.domain.orders import RemoveCardOrder
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource


class RemovePaymentMethod:
    """The use case."""

    def __init__(self, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource) -> None:
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, rider_id: UUID, payment_method_id: UUID) -> None:
        """Remove a card of the rider; the newest that is left becomes the default if it was.

        What the PSP says to it changes nothing here.

        Raises:
            NotFound: `payment_method_not_found`.
            Conflict: `payment_method_in_use`, a payment with it is held or under way.
        """

        async def begin(work: Work) -> Step:
            await work.payment_methods.lock_rider(rider_id)
            method = await work.payment_methods.lock(rider_id, payment_method_id)
            if await work.payments.any_open_with(method.id):
                raise Conflict("payment_method_in_use", "a ride is being paid with this card")
            now = self._clock.now()
            await work.payment_methods.remove(method.id, now)
            left = await work.payment_methods.list_of(rider_id, 1) if method.is_default else ()
            if left:
                await work.payment_methods.make_default(rider_id, left[0].id)
            operation = Operation.begin(
                self._ids(), RemoveCardOrder(method.psp_card_id), now, self._settle.lease_seconds, rider_id=rider_id
            )
            await work.operations.insert(operation)
            return operation

        await self._mutate(request, begin)
