"""Begin a reconciliation run: once a day by itself, or when an operator asks."""

from __future__ import annotations

from datetime import date, timedelta

from payment_service.domain.reconciliation import NO_ENTRY, Run
from payment_service.use_cases.answers import RunStarted
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import Unknown
from shared_kernel.ids import IdSource

_OVERLAP = timedelta(days=1)
"""How much of the list is read again: what the PSP wrote late, or its clock told otherwise."""


class StartReconciliation:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, clock: Clock, ids: IdSource, *, daily_at_hour: int) -> None:
        """Make it; `daily_at_hour` (UTC) is when the daily run begins."""
        self._store = store
        self._mutate = mutate
        self._clock = clock
        self._ids = ids
        self._daily_at_hour = daily_at_hour

    async def __call__(self, request: RequestKey) -> Run:
        """Return the run that was begun, or the one that was under way."""

        async def begin(work: Work) -> Step:
            return RunStarted((await work.reconciliation.begin(await self._fresh(work, None))).id)

        answer = await self._mutate(request, begin)
        if not isinstance(answer, RunStarted):
            raise Unknown("outcome_unknown", "the run is being started", retry_after_seconds=1.0)
        async with self._store.snapshot() as work:
            return await work.reconciliation.get_run(answer.run_id)

    async def daily(self) -> Run | None:
        """Begin today's run if its hour has come and nobody has begun it; all replicas may ask.

        Returns it to whoever began it. While another run is under way, yesterday's say, it is not begun.
        """
        now = self._clock.now()
        if now.hour < self._daily_at_hour:
            return None
        async with self._store.transaction() as work:
            if await work.reconciliation.has_run_of(now.date()):
                return None
            fresh = await self._fresh(work, now.date())
            begun = await work.reconciliation.begin(fresh)
            return begun if begun.id == fresh.id else None

    async def _fresh(self, work: Work, day: date | None) -> Run:
        last = await work.reconciliation.last_completed()
        return Run.begin(
            self._ids(),
            self._clock.now(),
            day=day,
            since=None if last is None else last.started_at - _OVERLAP,
            expected_after=NO_ENTRY if last is None else last.expected_after,
        )
