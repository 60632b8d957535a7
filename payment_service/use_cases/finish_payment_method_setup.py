"""Ask how the set-up of a card stands after its holder acted, and keep the card when it succeeded."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.operation import Operation
from payment_service.domain.orders import FinishCardSetupOrder
from payment_service.domain.payment_method import MAX_PAYMENT_METHODS
from payment_service.use_cases.answers import CardSetUp
from payment_service.use_cases.mutate import Mutate, Step, UnresolvedError
from payment_service.use_cases.ports import PaymentServiceProvider, Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.settle import Settle
from payment_service.use_cases.show_card_setup import ShownCardSetup, show_card_setup
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, NotFound
from shared_kernel.ids import IdSource


class FinishPaymentMethodSetup:
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

    async def __call__(self, request: RequestKey, rider_id: UUID, setup_id: UUID) -> ShownCardSetup:
        """Return the set-up as it stands now; one that is over is told as it ended.

        Raises:
            NotFound: `setup_not_found`, also for another rider's.
            Conflict: `too_many_payment_methods`.
            Unavailable: `psp_unavailable`, the holder has to act and the PSP cannot be asked how; ask again.
        """

        async def begin(work: Work) -> Step:
            await work.payment_methods.lock_rider(rider_id)
            setup = await work.card_setups.get(setup_id)
            if setup.rider_id != rider_id:
                raise NotFound("setup_not_found", "there is no such set-up of a card")
            if setup.status.is_over:
                return CardSetUp(setup_id)
            other = await work.operations.open_of_subject(setup_id)
            if other is not None:
                raise UnresolvedError(other.id)
            if await work.payment_methods.count(rider_id) >= MAX_PAYMENT_METHODS:
                raise Conflict("too_many_payment_methods", f"at most {MAX_PAYMENT_METHODS} cards are kept")
            operation = Operation.begin(
                self._ids(),
                FinishCardSetupOrder(setup_id, setup.psp_setup_id),
                self._clock.now(),
                self._settle.lease_seconds,
                rider_id=rider_id,
                subject_id=setup_id,
            )
            await work.operations.insert(operation)
            return operation

        await self._mutate(request, begin)
        return await show_card_setup(self._store, self._psp, setup_id)
