"""Choose the card that is taken where none is named."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.payment_method import PaymentMethod
from payment_service.use_cases.answers import CardChosen
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey


class SetDefaultPaymentMethod:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate) -> None:
        self._store = store
        self._mutate = mutate

    async def __call__(self, request: RequestKey, rider_id: UUID, payment_method_id: UUID) -> PaymentMethod:
        """Return the card; `payment_method_not_found` (NotFound) for one that is not the rider's."""

        async def begin(work: Work) -> Step:
            await work.payment_methods.lock_rider(rider_id)
            method = await work.payment_methods.lock(rider_id, payment_method_id)
            await work.payment_methods.make_default(rider_id, method.id)
            return CardChosen(method.id)

        await self._mutate(request, begin)
        async with self._store.transaction() as work:
            return await work.payment_methods.get(payment_method_id)
