"""Drivers' pings off the wire: the stream and the single call, for the servicer of DriverService to pass on to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from prometheus_client import Counter

from chassis.auth import current_actor
from chassis.validation import leave_to_reader, validate
from matching_service.domain.locations import Ping, PingVerdict
from matching_service.use_cases.report_locations import PingCounts, ReportLocations
from ridesharing.matching.v1 import driver_service_pb2
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput, Unavailable

PINGS = Counter("matching_pings_total", "Pings of drivers, by what became of them", ["verdict"])
_BY_VERDICT = {verdict: PINGS.labels(verdict.value) for verdict in PingVerdict}
_MAX_PINGS = 100
_INFINITY = float("inf")
# The years 1 to 9999, which a Timestamp may name.
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799

VERDICTS = {
    verdict: driver_service_pb2.PingVerdict.Value(f"PING_VERDICT_{verdict.name}")
    for verdict in PingVerdict
    if verdict is not PingVerdict.ACCEPTED
}

Batch = driver_service_pb2.StreamLocationsRequest | driver_service_pb2.ReportLocationsRequest

# `read_pings` holds the rules of these two itself, in the loop that reads them.
leave_to_reader(driver_service_pb2.StreamLocationsRequest.DESCRIPTOR)
leave_to_reader(driver_service_pb2.ReportLocationsRequest.DESCRIPTOR)


def count_pings(verdict: PingVerdict, count: int) -> None:
    """Count pings in the metrics: the `observe` of ReportLocations."""
    _BY_VERDICT[verdict].inc(count)


class LocationStreams:
    """The two RPCs.

    A stream reads its next batch after it answered the last: one is in flight a driver, the rest waits in the flow
    control of the transport, and no batch is answered before its position is kept.
    """

    def __init__(self, report_locations: ReportLocations, clock: Clock) -> None:
        """Pass pings on to the use case; `clock` tells when the token ends that a stream was opened with."""
        self._report = report_locations
        self._clock = clock
        self._listening: set[asyncio.Task[Any]] = set()
        self._is_leaving = False

    def leave(self) -> None:
        """End all streams, with `server_leaving`: left open they hold the server up until its patience is over."""
        self._is_leaving = True
        # One that has a batch in hand answers it first. Canceled while grpc sends the answer, a call would get no
        # status from grpc, and its app would wait on.
        for task in tuple(self._listening):
            task.cancel()

    async def stream_locations(
        self, requests: AsyncIterator[driver_service_pb2.StreamLocationsRequest]
    ) -> AsyncIterator[driver_service_pb2.StreamLocationsResponse]:
        """Answer each batch.

        Raises:
            Conflict: `no_open_shift`, which ends the stream: the shift has ended.
            Unauthenticated: `expired_token`, which ends the stream: the app opens another with the next token.
            Unavailable: `server_leaving`.
        """
        actor = current_actor()
        driver_id = actor.account_id
        while (request := await self._next(requests)) is not None:
            actor.check_time_left(self._clock.now())
            counts = await self._report(driver_id, read_pings(request))
            yield driver_service_pb2.StreamLocationsResponse(
                accepted_count=counts.accepted, dropped_count=counts.dropped, dropped=_dropped(counts)
            )

    async def _next(
        self, requests: AsyncIterator[driver_service_pb2.StreamLocationsRequest]
    ) -> driver_service_pb2.StreamLocationsRequest | None:
        """Wait for the next batch; None if the app closed its side."""
        task = asyncio.current_task()
        if task is None or self._is_leaving:
            raise _leaving()
        self._listening.add(task)
        try:
            return await anext(requests, None)
        except asyncio.CancelledError:
            if not self._is_leaving:
                raise  # the app went away
            task.uncancel()
            raise _leaving() from None
        finally:
            self._listening.discard(task)

    async def report_locations(
        self, request: driver_service_pb2.ReportLocationsRequest
    ) -> driver_service_pb2.ReportLocationsResponse:
        """Answer one batch. Raises Conflict `no_open_shift`."""
        counts = await self._report(current_actor().account_id, read_pings(request))
        return driver_service_pb2.ReportLocationsResponse(
            accepted_count=counts.accepted, dropped_count=counts.dropped, dropped=_dropped(counts)
        )

    async def shift_ended(self, driver_id: UUID) -> None:
        """Forget where a driver is who went offline: streams on this process end with their next batch."""
        await self._report.forget(driver_id)


def _leaving() -> Unavailable:
    return Unavailable("server_leaving", "this server is leaving; another one goes on", retry_after_seconds=1)


def read_pings(batch: Batch) -> list[Ping]:
    """Read a batch by the rules of the contract, each number once.

    What the rules refuse, and only that, goes through the contract's own validation, which names every field at fault:
    for a batch in order it would cost more than all the rest together.

    Raises:
        InvalidInput: `invalid_argument`.
    """
    pings: list[Ping] = []
    for ping in batch.pings:
        point, time = ping.point, ping.measure_time
        latitude, longitude, sequence = point.latitude, point.longitude, ping.sequence
        seconds, nanos, accuracy_meters = time.seconds, time.nanos, ping.accuracy_meters
        # Comparisons with NaN are false, so that it is refused.
        if not (
            -90.0 <= latitude <= 90.0
            and -180.0 <= longitude <= 180.0
            and sequence > 0
            and 0.0 <= accuracy_meters < _INFINITY
            and _FIRST_SECOND <= seconds <= _LAST_SECOND
            and 0 <= nanos < 1_000_000_000
            and ping.HasField("point")
            and ping.HasField("measure_time")
        ):
            _refuse(batch, len(pings))
        pings.append(Ping(latitude, longitude, seconds + nanos * 1e-9, sequence, accuracy_meters))
    if not 1 <= len(pings) <= _MAX_PINGS:
        validate(batch)
    return pings


def _refuse(batch: Batch, index: int) -> None:
    validate(batch)
    # What the contract's rules do not speak of: a time that no calendar holds.
    violation = FieldViolation(f"pings[{index}].measure_time", "is out of range")
    raise InvalidInput("invalid_argument", "a ping has no valid time", violations=[violation])


def _dropped(counts: PingCounts) -> list[driver_service_pb2.DroppedPings]:
    if not counts.dropped:
        return []
    return [
        driver_service_pb2.DroppedPings(verdict=VERDICTS[verdict], count=count)
        for verdict, count in counts.by_verdict.items()
        if verdict is not PingVerdict.ACCEPTED
    ]
