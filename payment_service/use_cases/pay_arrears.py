"""Collect what a rider owes from a card of theirs."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.ledger import Account, AccountKind
from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.use_cases.charge_now import card_to_charge, charge_now, payment_told
from payment_service.use_cases.mutate import Mutate, Step, UnresolvedError
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


class PayArrears:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids

    async def __call__(
        self, request: RequestKey, rider_id: UUID, payment_method_id: UUID | None, currency_code: str
    ) -> Payment:
        """Return the payment of all that is owed in a currency: captured, declined, or pending while unknown.

        Raises:
            InvalidInput: `unknown_currency`.
            NotFound: `payment_method_not_found`.
            Conflict: `no_arrears`, `arrears_in_collection`, `no_default_payment_method`.
            Unknown: `outcome_unknown`, an earlier payment of arrears is not settled yet.
        """
        Money.zero(currency_code)

        async def begin(work: Work) -> Step:
            await work.payment_methods.lock_rider(rider_id)
            for other in await work.payments.charging(rider_id, Purpose.ARREARS, currency_code):
                operation = await work.operations.open_of(other.id)
                if operation is not None:
                    raise UnresolvedError(operation.id)
            method = await card_to_charge(work, rider_id, payment_method_id)
            debt = Account(AccountKind.RIDER_RECEIVABLE, str(rider_id))
            balance = (await work.ledger.lock(debt, currency_code=currency_code))[debt]
            if balance.available.amount_minor <= 0:
                if balance.held.amount_minor:
                    raise Conflict("arrears_in_collection", "what is owed is being collected already")
                raise Conflict("no_arrears", f"nothing is owed in {currency_code}")
            now = self._clock.now()
            payment = Payment.begin(
                self._ids(),
                Purpose.ARREARS,
                Funding.CARD,
                rider_id,
                balance.available,
                now,
                payment_method_id=method.id,
            )
            if not await work.payments.insert(payment):
                raise Conflict("arrears_in_collection", "what is owed is being collected already")
            # What is being collected is set aside, so that nothing else collects it as well.
            await work.ledger.hold(debt, balance.available)
            return await charge_now(work, payment, method, now, self._settle.lease_seconds, self._ids)

        return await payment_told(self._store, request, await self._mutate(request, begin))
