"""Pay everybody out when the schedule says so: once a driver, currency and period, whoever stops when."""

from __future__ import annotations

from dataclasses import replace

from payment_service.domain.payout import PayoutKind
from payment_service.domain.payout_schedule import PayoutSchedule
from payment_service.use_cases import payout_steps
from payment_service.use_cases.payout_psp import PayoutProvider
from payment_service.use_cases.ports import Failpoint, Store
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


class PayOutEarnings:
    """The use case; run by every replica, and worked on by one at a time."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdSource,
        failpoint: Failpoint,
        psp: PayoutProvider,
        schedule: PayoutSchedule,
        minimum_minor: int,
    ) -> None:
        self._store = store
        self._psp = psp
        self._clock = clock
        self._ids = ids
        self._failpoint = failpoint
        self._schedule = schedule
        self._minimum_minor = minimum_minor

    async def __call__(self) -> bool:
        """Ask for the next driver's payout; tell whether there may be more to do.

        One driver a transaction, so that it never holds two balances that another transaction wants in turn.
        Of periods that passed while nobody ran, the latest is made up for: it pays all that is there.
        """
        now = self._clock.now()
        period_at = self._schedule.latest(now)
        if period_at is None:
            return False
        async with self._store.transaction() as work:
            run = await work.payout_runs.take(period_at, now)
            if run is None:
                return False
            account = await work.payout_accounts.next_after(run.after_driver_id, run.after_currency_code)
            if account is None:
                await work.payout_runs.move(run, now)
            else:
                # What is left to the last digit stays for the next time.
                there = self._psp.payable(await payout_steps.available(work, account))
                if there.amount_minor >= self._minimum_minor:
                    await payout_steps.ask(
                        work, account, there, PayoutKind.SCHEDULED, now, self._ids, period_at=period_at
                    )
                run = replace(run, after_driver_id=account.driver_id, after_currency_code=account.currency_code)
                await work.payout_runs.move(run, None)
            self._failpoint("payout_run.asked")
        self._failpoint("payout_run.recorded")
        return account is not None
