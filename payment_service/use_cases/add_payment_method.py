"""Keep a card of a rider, known to the PSP by a token."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.operation import Operation
from payment_service.domain.orders import AddCardOrder
from payment_service.domain.payment_method import MAX_PAYMENT_METHODS, PaymentMethod
from payment_service.use_cases.answers import CardAdded
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, Unknown
from shared_kernel.ids import IdSource


class AddPaymentMethod:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, rider_id: UUID, token: str) -> PaymentMethod:
        """Return the card.

        Raises:
            Conflict: `payment_declined`, or `too_many_payment_methods`.
            InvalidInput: `invalid_card_token`.
            Unknown: `outcome_unknown`, the PSP did not answer; the same request with the same key will tell.
        """

        async def begin(work: Work) -> Step:
            await work.payment_methods.lock_rider(rider_id)
            if await work.payment_methods.count(rider_id) >= MAX_PAYMENT_METHODS:
                raise Conflict("too_many_payment_methods", f"at most {MAX_PAYMENT_METHODS} cards are kept")
            operation = Operation.begin(
                self._ids(),
                AddCardOrder(rider_id, token),
                self._clock.now(),
                self._settle.lease_seconds,
                rider_id=rider_id,
            )
            await work.operations.insert(operation)
            return operation

        answer = await self._mutate(request, begin)
        if not isinstance(answer, CardAdded):
            raise Unknown("outcome_unknown", "the PSP has not answered yet", retry_after_seconds=1.0)
        async with self._store.transaction() as work:
            return await work.payment_methods.get(answer.payment_method_id)
