"""The worker that ticks: one replica a city at a time, by lease."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from prometheus_client import Counter, Gauge, Histogram

from matching_service.domain.locations import GONE_SECONDS
from matching_service.use_cases.dispatch_ports import LiveLocations, OfferOutcome, TickLease
from matching_service.use_cases.dispatch_tick import DispatchTick, TickReport
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)

TICK_SECONDS = Histogram(
    "dispatch_tick_seconds",
    "Time of a tick of dispatch that found waiting rides",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5),
)
WAITING = Gauge("dispatch_waiting_rides", "Rides that looked for a driver at the last tick")
FREE_DRIVERS = Gauge("dispatch_free_drivers", "Drivers who could take a ride at the last tick that had one")
STALE_DRIVERS = Gauge("dispatch_stale_drivers", "Drivers left out at the last such tick since they were silent")
CANDIDATES = Counter("dispatch_candidates_total", "Pairs of ride and driver that were weighed")
CONTENDED = Counter("dispatch_contended_total", "Pairs dropped since another dispatcher had reserved the driver")
GREEDY_PASSES = Counter("dispatch_greedy_passes_total", "Passes that chose greedily for want of time")
OFFERS = Counter("dispatch_offers_total", "Proposals of dispatch, by what became of them", ["outcome"])
FAILED_TICKS = Counter("dispatch_failed_ticks_total", "Ticks given up since a store did not answer")
LEADING = Gauge("dispatch_leading", "1 where this process holds the lease")
_BY_OUTCOME = {outcome: OFFERS.labels(outcome.value) for outcome in OfferOutcome}

_TRIM_EVERY_SECONDS = 10.0
_LEAST_LEASE_SECONDS = 5.0
_RELEASE_WITHIN_SECONDS = 1.0


class DispatchWorker:
    """Ticks for ever.

    A store that does not answer costs the tick, no more. If this process dies, the lease runs out and another takes
    over.
    """

    def __init__(
        self,
        *,
        tick: DispatchTick,
        lease: TickLease,
        locations: LiveLocations,
        clock: Clock,
        holder: str,
        tick_seconds: float,
    ) -> None:
        """Make it; `holder` names this process among its replicas."""
        self._tick = tick
        self._lease = lease
        self._locations = locations
        self._clock = clock
        self._holder = holder
        self._tick_seconds = tick_seconds
        self._lease_seconds = max(_LEAST_LEASE_SECONDS, 3 * tick_seconds)
        self._trim_at = 0.0

    async def run(self) -> None:
        """Tick until canceled, then give the lease back."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                begun = loop.time()
                try:
                    await self._turn()
                except DomainError as error:
                    if not error.retryable:
                        raise
                    FAILED_TICKS.inc()
                    _log.warning("a tick of dispatch was given up", extra={"reason": error.reason})
                _leave_if_canceled()
                await asyncio.sleep(max(0.0, begun + self._tick_seconds - loop.time()))
        finally:
            LEADING.set(0)
            await self._give_back()

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        fence = await self._lease.acquire(self._holder, self._lease_seconds)
        LEADING.set(0 if fence is None else 1)
        if fence is None:
            return
        begun = loop.time()
        report = await self._tick(fence)
        _observe(report, loop.time() - begun)
        if begun >= self._trim_at:
            self._trim_at = begun + _TRIM_EVERY_SECONDS
            await self._locations.trim(self._clock.now() - timedelta(seconds=GONE_SECONDS))

    async def _give_back(self) -> None:
        try:
            async with asyncio.timeout(_RELEASE_WITHIN_SECONDS):
                await self._lease.release(self._holder)
        except (DomainError, TimeoutError) as error:
            _log.info("the dispatch lease was left to run out", extra={"error": repr(error)})


def _leave_if_canceled() -> None:
    """Raise the CancelledError that a client library swallowed: redis-py may, when the answer comes at that moment."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _observe(report: TickReport, seconds: float) -> None:
    WAITING.set(report.waiting)
    if not report.waiting:
        return
    TICK_SECONDS.observe(seconds)
    FREE_DRIVERS.set(report.free_drivers)
    STALE_DRIVERS.set(report.stale_drivers)
    CANDIDATES.inc(report.candidates)
    CONTENDED.inc(report.contended)
    GREEDY_PASSES.inc(report.greedy_passes)
    for outcome, count in report.outcomes.items():
        _BY_OUTCOME[outcome].inc(count)
