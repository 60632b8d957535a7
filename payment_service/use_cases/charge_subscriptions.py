"""Charge subscriptions: each period's fee once, at its begin, and later where nobody ran then."""

from __future__ import annotations

from payment_service.domain.ledger import Account, AccountKind
from payment_service.use_cases.ports import Failpoint, Store
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


class ChargeSubscriptions:
    """The use case; run by every replica."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, failpoint: Failpoint) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._failpoint = failpoint

    async def __call__(self) -> bool:
        """Charge one period of one driver; tell whether there may be more."""
        now = self._clock.now()
        async with self._store.transaction() as work:
            due = await work.terms.due_fee(now)
            if due is None:
                return False
            terms, period_at = due
            # Whoever agrees on other terms holds the driver, so what is in force is so until the fee is posted. The
            # balance first, as everywhere.
            if terms.fee is not None:
                driver = Account(AccountKind.DRIVER, str(terms.driver_id))
                await work.ledger.lock(driver, currency_code=terms.fee.currency_code)
            await work.terms.lock_driver(terms.driver_id)
            in_force = await work.terms.in_force(terms.driver_id, period_at)
            if in_force is None or in_force.id != terms.id:
                # Other terms have taken its place: no period begins any more.
                await work.terms.next_fee(terms.id, None)
            else:
                await work.ledger.post(terms.fee_entry(period_at, self._ids(), now))
                await work.terms.next_fee(terms.id, terms.period_after(period_at))
            self._failpoint("subscription_fee.posted")
        self._failpoint("subscription_fee.recorded")
        return True
