"""Set up a card of a rider for charges in its holder's absence."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.card_setup import CardSetup
from payment_service.domain.operation import Operation
from payment_service.domain.orders import SetUpCardOrder
from payment_service.domain.payment_method import MAX_PAYMENT_METHODS
from payment_service.use_cases.answers import CardSetUp
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import PaymentServiceProvider, Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.settle import Settle
from payment_service.use_cases.show_card_setup import ShownCardSetup, show_card_setup
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, Unknown
from shared_kernel.ids import IdSource


class SetUpPaymentMethod:
    """The use case."""

    def __init__(
        self, store: Store, mutate: Mutate, settle: Settle, psp: PaymentServiceProvider, clock: Clock, ids: IdSource
    ) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._psp = psp
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, rider_id: UUID, token: str) -> ShownCardSetup:
        """Return the set-up: succeeded with the card, declined, waiting for the card's holder, or pending.

        Raises:
            InvalidInput: `invalid_card_token`.
            Conflict: `too_many_payment_methods`.
            Unavailable: `psp_unavailable`, the holder has to act and the PSP cannot be asked how; ask again.
        """

        async def begin(work: Work) -> Step:
            await work.payment_methods.lock_rider(rider_id)
            if await work.payment_methods.count(rider_id) >= MAX_PAYMENT_METHODS:
                raise Conflict("too_many_payment_methods", f"at most {MAX_PAYMENT_METHODS} cards are kept")
            now = self._clock.now()
            setup = CardSetup.begin(self._ids(), rider_id, now)
            await work.card_setups.insert(setup)
            order, lease_seconds = SetUpCardOrder(setup.id, rider_id, token), self._settle.lease_seconds
            operation = Operation.begin(self._ids(), order, now, lease_seconds, rider_id=rider_id, subject_id=setup.id)
            await work.operations.insert(operation)
            return operation

        answer = await self._mutate(request, begin)
        setup_id = answer.setup_id if isinstance(answer, CardSetUp) else await self._begun(request)
        return await show_card_setup(self._store, self._psp, setup_id)

    async def _begun(self, request: RequestKey) -> UUID:
        async with self._store.transaction() as work:
            operation_id = await work.requests.operation_of(request)
            order = None if operation_id is None else (await work.operations.get(operation_id)).order
        if not isinstance(order, SetUpCardOrder):
            raise Unknown("outcome_unknown", "the PSP has not answered yet", retry_after_seconds=1.0)
        return order.setup_id
