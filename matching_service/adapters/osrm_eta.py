"""The EtaProvider that asks an OSRM server over HTTP.

Its API is described at https://project-osrm.org/docs/v5.24.0/api/: `/table` tells the seconds of many pairs, `/route` a
way with its length and line. What it does not answer in time, the provider behind it tells; a server that fails is left
alone for a while. OSRM knows no traffic of its own: the hour's timing comes on top, as for every provider.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

import httpx

from matching_service.adapters.eta_metrics import count_fallback, count_told
from matching_service.adapters.osrm_tables import Table, as_tables, degrees, written
from matching_service.adapters.street_eta import OFF_MAP_METERS
from matching_service.domain.breaker import Breaker
from matching_service.domain.eta import Leg, Trip
from matching_service.domain.polyline import decode_polyline
from matching_service.domain.travel_times import TimingNow
from matching_service.use_cases.eta_ports import EtaProvider
from shared_kernel.geo import GeoPoint, haversine_meters

_log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 1.0
"""Of all that one question takes: a tick does not wait longer."""
MAX_CALLS, LESSON_CALLS = 8, 2
"""Under way at once, and beside these for lessons: nobody stands in line behind the hundreds of tables of one."""
MAX_ANSWER_BYTES = 4_000_000
_MOST = 40_000_000
"""In meters the way around the Earth, in seconds more than a year: no way is longer."""
FAILURES, REST_SECONDS = 3, 10.0
TOP_METERS_PER_SECOND = 130 / 3.6
"""Nobody is driven faster: bound of how far one gets."""
LESSON_SECONDS = 120.0
"""Of all tables of a lesson, for which nobody waits."""

_LINE = {"overview": "full", "geometries": "polyline"}
"""The whole line of a way, as it is drawn."""


class OsrmEta:
    """See the module. `client` has the server as its base address."""

    provider = "osrm"
    map_id = ""

    def __init__(
        self, client: httpx.AsyncClient, beyond: EtaProvider, timing: TimingNow, monotonic: Callable[[], float]
    ) -> None:
        self._client = client
        self._beyond = beyond
        self._timing = timing
        self._monotonic = monotonic
        self._breaker = Breaker(FAILURES, REST_SECONDS)
        self._calls, self._lesson_calls = asyncio.Semaphore(MAX_CALLS), asyncio.Semaphore(LESSON_CALLS)

    async def trip(self, origin: GeoPoint, destination: GeoPoint) -> Trip:
        """Return the quickest way with its line on the map."""
        path = f"/route/v1/driving/{written(map(degrees, (origin, destination)))}"
        try:
            # httpx' own time begins anew with each byte that arrives, and not before the call's turn.
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._ask(path, _LINE, TIMEOUT_SECONDS, self._calls)
            if any(waypoint["distance"] > OFF_MAP_METERS for waypoint in answer["waypoints"]):
                raise _OffMapError
            route = answer["routes"][0]
            meters, estimate, line = _measured(route["distance"]), _measured(route["duration"]), str(route["geometry"])
            decode_polyline(line)  # what cannot be drawn is not handed on
        except _CAUSES as error:
            if isinstance(error, TimeoutError):
                self._breaker.failed(self._monotonic())
            count_fallback(self.provider, _cause(error), 1)
            return await self._beyond.trip(origin, destination)
        count_told(self.provider, 1)
        length = max(meters, haversine_meters(origin, destination))
        return Trip(ceil(length), ceil(self._timing().seconds(estimate)), line)

    async def seconds(self, legs: Sequence[Leg]) -> list[int]:
        """Return the seconds of each leg, one or more."""
        timing = self._timing()
        told = await self._tables(legs, TIMEOUT_SECONDS, self._calls)
        open_legs = [index for index, seconds in enumerate(told) if seconds is None]
        others = iter(await self._beyond.seconds([legs[index] for index in open_legs]) if open_legs else ())
        count_told(self.provider, len(legs) - len(open_legs))
        return [next(others) if each is None else max(1, ceil(timing.seconds(each))) for each in told]

    async def estimates(self, legs: Sequence[Leg]) -> list[float | None]:
        """Return the seconds of each leg without traffic; None for what the server does not tell."""
        return await self._tables(legs, LESSON_SECONDS, self._lesson_calls)

    def reach_meters(self, seconds: float) -> float:
        """Return how far one gets at the highest speed there is."""
        on_street = self._timing().estimate_seconds(seconds) * TOP_METERS_PER_SECOND
        return max(on_street, self._beyond.reach_meters(seconds))

    async def _tables(
        self, legs: Sequence[Leg], timeout_seconds: float, calls: asyncio.Semaphore
    ) -> list[float | None]:
        """Ask for legs in tables of a bounded size; None for what was not answered."""
        told: list[float | None] = [None] * len(legs)

        settled = 0

        async def ask(table: Table) -> None:
            nonlocal settled
            causes: dict[str, int] = {}
            try:
                query = {"annotations": "duration", "sources": table.sources, "destinations": table.destinations}
                answer = await self._ask(f"/table/v1/driving/{written(table.places)}", query, timeout_seconds, calls)
                for leg, row, column in table.cells:
                    seconds = _cell(answer, row, column)
                    if isinstance(seconds, str):
                        causes[seconds] = causes.get(seconds, 0) + 1
                    else:
                        told[leg] = seconds
            except _CAUSES as error:
                causes = {_cause(error): sum(told[leg] is None for leg, _, _ in table.cells)}
            settled += len(table.cells)
            for cause, count in causes.items():
                count_fallback(self.provider, cause, count)

        try:
            async with asyncio.timeout(timeout_seconds), asyncio.TaskGroup() as group:
                for table in as_tables(legs):
                    group.create_task(ask(table))
        except TimeoutError:
            # What was answered in time stands.
            self._breaker.failed(self._monotonic())
            count_fallback(self.provider, "timeout", len(legs) - settled)
        return told

    async def _ask(self, path: str, query: dict[str, str], timeout_seconds: float, calls: asyncio.Semaphore) -> Any:
        async with calls:
            if not self._breaker.lets_through(self._monotonic()):
                raise _AtRestError
            try:
                answer = await self._client.get(path, params=query, timeout=timeout_seconds)
                if len(answer.content) > MAX_ANSWER_BYTES:
                    raise ValueError("the answer is too long")
                body = answer.json()
                # 400 with a code (NoRoute, NoSegment, ...) is an answer: the server is well.
                if answer.status_code >= 500 or not isinstance(body, dict):
                    raise ValueError(f"the server answered {answer.status_code}")
            except (httpx.HTTPError, ValueError, RecursionError) as error:
                self._breaker.failed(self._monotonic())
                _log.warning("OSRM did not answer", extra={"error": type(error).__name__})
                raise
            self._breaker.succeeded()
        if body.get("code") != "Ok":
            raise _NoWayError
        return body


class _AtRestError(Exception):
    """The breaker is open."""


class _OffMapError(Exception):
    """A place is far from every street that the server knows."""


class _NoWayError(Exception):
    """The server knows no way, or no street near a place."""


_MALFORMED = (ValueError, LookupError, TypeError, RecursionError)
_CAUSES = (_AtRestError, _OffMapError, _NoWayError, TimeoutError, httpx.HTTPError, *_MALFORMED)


def _cause(error: Exception) -> str:
    match error:
        case _AtRestError():
            return "at_rest"
        case _OffMapError():
            return "off_map"
        case _NoWayError():
            return "no_way"
        case TimeoutError() | httpx.TimeoutException():
            return "timeout"
        case httpx.HTTPError():
            return "unreachable"
        case _:
            return "malformed"


def _cell(answer: Any, row: int, column: int) -> float | str:
    """Return the seconds of a cell, or why there are none. The server snaps places to streets however far they are."""
    ends = (answer["sources"][row], answer["destinations"][column])
    if any(end["distance"] > OFF_MAP_METERS for end in ends):
        return "off_map"
    seconds = answer["durations"][row][column]
    if seconds is None:
        return "no_way"
    return _measured(seconds)


def _measured(value: Any) -> float:
    """Read a length or a time of an answer; ValueError for one that no way has."""
    if not 0 <= value <= _MOST:  # also what is no number at all
        raise ValueError("a way is not so long")
    return float(value)
