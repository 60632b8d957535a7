"""The worker that dispatches the shards of this matcher: a beat that keeps them, and ticks over all of them at once."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Gauge, Histogram

from chassis.runtime import collector_paused
from chassis.telemetry import span_from
from matching_service.domain.locations import GONE_SECONDS
from matching_service.use_cases.dispatch_ports import OfferOutcome
from matching_service.use_cases.dispatch_tick import DispatchTick, TickReport
from matching_service.use_cases.keep_shards import BEAT_SECONDS, BeatReport, KeepShards
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.pace_ticks import IDLE_SECONDS, PaceTicks
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
REROUTED = Counter("dispatch_rerouted_total", "Rides that changed their drivers among themselves")
OFFERS = Counter("dispatch_offers_total", "Proposals of dispatch, by what became of them", ["outcome"])
FAILED_TICKS = Counter("dispatch_failed_ticks_total", "Ticks given up since a store did not answer in time")
FAILED_BEATS = Counter("dispatch_failed_beats_total", "Beats that did not reach the database")
OWNED_SHARDS = Gauge("dispatch_owned_shards", "Shards that this process dispatches")
MATCHERS = Gauge("dispatch_matchers", "Processes that dispatch, as this one sees it")
SHARD_CHANGES = Counter("dispatch_shard_changes_total", "Leases of shards that came or went, by how", ["how"])
UNTRACED = Counter("dispatch_untraced_ticks_total", "Ticks that could not write down why they chose as they did")
_BY_OUTCOME = {outcome: OFFERS.labels(outcome.value) for outcome in OfferOutcome}

_TRIM_EVERY_SECONDS = 10.0
_TRIM_CHORE = "trim the live locations"
_TICK_LIMIT_SECONDS = 15.0
"""A tick that hangs is given up, so that a matcher never keeps shards that it does nothing for."""
_AFTER_A_FAILURE_SECONDS = 1.0
_LEAVE_WITHIN_SECONDS = 1.0


class DispatchWorker:
    """Beats and ticks for ever.

    A store that does not answer costs the tick, no more. If this process dies, its leases run out and the others take
    its shards over.
    """

    def __init__(
        self, *, tick: DispatchTick, shards: KeepShards, locations: LiveLocations, clock: Clock, pace: PaceTicks
    ) -> None:
        self._tick = tick
        self._shards = shards
        self._locations = locations
        self._clock = clock
        self._pace = pace
        self._trim_at = 0.0
        self._gained = asyncio.Event()

    async def run(self) -> None:
        """Beat and tick until canceled, then give the shards back."""
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._beat_forever())
                both.create_task(self._tick_forever())
        finally:
            OWNED_SHARDS.set(0)
            await self._leave()

    async def _beat_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            try:
                report = await self._shards.beat()
            except DomainError as error:
                _let_only_outages_pass(error)
                FAILED_BEATS.inc()
                _log.warning("a beat of dispatch was missed", extra={"reason": error.reason})
            else:
                self._note(report)
            _leave_if_canceled()
            await asyncio.sleep(max(0.0, begun + BEAT_SECONDS - loop.time()))

    async def _tick_forever(self) -> None:
        while True:
            rest_seconds = _AFTER_A_FAILURE_SECONDS
            try:
                async with asyncio.timeout(_TICK_LIMIT_SECONDS):
                    rest_seconds = await self._turn()
            except DomainError as error:
                _let_only_outages_pass(error)
                FAILED_TICKS.inc()
                _log.warning("a tick of dispatch was given up", extra={"reason": error.reason})
            except TimeoutError:
                FAILED_TICKS.inc()
                _log.warning("a tick of dispatch was given up", extra={"reason": "too_slow"})
            _leave_if_canceled()
            # A shard that was just gained may have waited for its owner long enough.
            await self._rest(rest_seconds)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._gained.wait()
        except TimeoutError:
            return

    async def _turn(self) -> float:
        """Tick for the cities that are due; return how long until the next are."""
        loop = asyncio.get_running_loop()
        self._gained.clear()
        begun = loop.time()
        fences = self._shards.held()
        cities = await self._pace.due() if fences else frozenset[str]()
        if cities:
            report = TickReport()
            try:
                with collector_paused(), span_from("", "dispatch tick", SpanKind.INTERNAL):
                    report = await self._tick(fences, cities)
            finally:
                self._pace.ticked(cities, begun, report.supplies)
            _observe(report, loop.time() - begun)
        if begun >= self._trim_at and self._shards.has_chore(_TRIM_CHORE):
            self._trim_at = begun + _TRIM_EVERY_SECONDS
            await self._locations.trim(self._clock.now() - timedelta(seconds=GONE_SECONDS))
        return self._pace.rest_seconds() if fences else IDLE_SECONDS

    def _note(self, report: BeatReport) -> None:
        OWNED_SHARDS.set(report.owned)
        MATCHERS.set(report.matchers)
        changes = {"taken over": report.taken_over, "lost": report.lost, "handed over": report.handed_over}
        changes["gained"] = report.gained - report.taken_over
        for how, count in changes.items():
            SHARD_CHANGES.labels(how.replace(" ", "_")).inc(count)
        told = {how.replace(" ", "_"): count for how, count in changes.items() if count}
        if told:
            _log.info("shards changed hands", extra={**told, "owned": report.owned, "matchers": report.matchers})
        if report.gained:
            self._pace.hurry()
            self._gained.set()

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(_LEAVE_WITHIN_SECONDS):
                await self._shards.leave()
        except (DomainError, TimeoutError) as error:
            _log.info("the shards were left to run out", extra={"error": repr(error)})


def _let_only_outages_pass(error: DomainError) -> None:
    if not error.retryable:
        raise error


def _leave_if_canceled() -> None:
    """Raise the CancelledError that a client library swallowed: redis-py may, when the answer comes at that moment."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _observe(report: TickReport, seconds: float) -> None:
    WAITING.set(report.waiting)
    if not report.waiting and not report.en_route:
        return
    TICK_SECONDS.observe(seconds)
    FREE_DRIVERS.set(report.free_drivers)
    STALE_DRIVERS.set(report.stale_drivers)
    CANDIDATES.inc(report.candidates)
    CONTENDED.inc(report.contended)
    GREEDY_PASSES.inc(report.greedy_passes)
    REROUTED.inc(report.rerouted)
    UNTRACED.inc(report.untraced)
    for outcome, count in report.outcomes.items():
        _BY_OUTCOME[outcome].inc(count)
