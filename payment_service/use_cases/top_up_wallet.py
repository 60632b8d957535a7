"""Put money of a rider's card into their wallet."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.ledger import Account, AccountKind
from payment_service.domain.payment import Funding, Payment, Purpose
from payment_service.domain.rider_limits import RiderLimits
from payment_service.use_cases.charge_now import card_to_charge, charge_now, payment_told
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


class TopUpWallet:
    """The use case."""

    def __init__(
        self, store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource, limits: RiderLimits
    ) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids
        self._limits = limits

    async def __call__(
        self, request: RequestKey, rider_id: UUID, payment_method_id: UUID | None, amount: Money
    ) -> Payment:
        """Return the payment: captured (the money is in the wallet), declined, or pending while unknown.

        Raises:
            InvalidInput: `invalid_amount`.
            NotFound: `payment_method_not_found`.
            Conflict: `wallet_full`, `no_default_payment_method`.
        """
        self._limits.refuse_top_up(amount)

        async def begin(work: Work) -> Step:
            # One at a time, so that two together cannot pass the limit of the wallet.
            await work.payment_methods.lock_rider(rider_id)
            method = await card_to_charge(work, rider_id, payment_method_id)
            coming = await work.payments.charging(rider_id, Purpose.TOP_UP, amount.currency_code)
            wallet = Account(AccountKind.RIDER_WALLET, str(rider_id))
            after = (await work.ledger.lock(wallet, currency_code=amount.currency_code))[wallet].amount + amount
            for other in coming:
                after += Money(other.currency_code, other.requested_minor)
            self._limits.refuse_wallet_above(after)
            now = self._clock.now()
            payment = Payment.begin(
                self._ids(), Purpose.TOP_UP, Funding.CARD, rider_id, amount, now, payment_method_id=method.id
            )
            await work.payments.insert(payment)
            return await charge_now(work, payment, method, now, self._settle.lease_seconds, self._ids)

        return await payment_told(self._store, request, await self._mutate(request, begin))
