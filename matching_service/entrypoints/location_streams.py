"""Drivers' pings off the wire: the stream and the single call, for the servicer of DriverService to pass on to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from uuid import UUID

from prometheus_client import Counter

from chassis.auth import current_actor
from matching_service.domain.locations import Ping, PingVerdict
from matching_service.use_cases.report_locations import ReportLocations
from ridesharing.matching.v1 import driver_service_pb2, rides_pb2
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.geo import GeoPoint

PINGS = Counter("matching_pings_total", "Pings of drivers, by what became of them", ["verdict"])
_BY_VERDICT = {verdict: PINGS.labels(verdict.value) for verdict in PingVerdict}


def count_pings(verdict: PingVerdict, count: int) -> None:
    """Count pings in the metrics: the `observe` of ReportLocations."""
    _BY_VERDICT[verdict].inc(count)


class LocationStreams:
    """The two RPCs.

    A stream reads its next batch after it answered the last: one is in flight a driver, the rest waits in the flow
    control of the transport, and no batch is answered before its position is kept.
    """

    def __init__(self, report_locations: ReportLocations) -> None:
        self._report = report_locations

    async def stream_locations(
        self, requests: AsyncIterator[driver_service_pb2.StreamLocationsRequest]
    ) -> AsyncIterator[driver_service_pb2.StreamLocationsResponse]:
        """Answer each batch. Raises Conflict `no_open_shift`, which ends the stream, when the shift has ended."""
        driver_id = current_actor().account_id
        async for request in requests:
            counts = await self._report(driver_id, read_pings(request.pings))
            yield driver_service_pb2.StreamLocationsResponse(
                accepted_count=counts.accepted, dropped_count=counts.dropped
            )

    async def report_locations(
        self, request: driver_service_pb2.ReportLocationsRequest
    ) -> driver_service_pb2.ReportLocationsResponse:
        """Answer one batch. Raises Conflict `no_open_shift`."""
        counts = await self._report(current_actor().account_id, read_pings(request.pings))
        return driver_service_pb2.ReportLocationsResponse(accepted_count=counts.accepted, dropped_count=counts.dropped)

    async def shift_ended(self, driver_id: UUID) -> None:
        """Forget where a driver is who went offline: streams on this process end with their next batch."""
        await self._report.forget(driver_id)


def read_pings(pings: Iterable[rides_pb2.LocationPing]) -> list[Ping]:
    """Read pings; a time that no calendar holds is InvalidInput `invalid_argument`."""
    read: list[Ping] = []
    for index, ping in enumerate(pings):
        time = ping.measure_time
        try:
            measured_at = datetime.fromtimestamp(time.seconds + time.nanos / 1e9, UTC)
        except (ValueError, OverflowError, OSError):
            violation = FieldViolation(f"pings[{index}].measure_time", "is out of range")
            raise InvalidInput("invalid_argument", "a ping has no valid time", violations=[violation]) from None
        point = GeoPoint(ping.point.latitude, ping.point.longitude)
        read.append(Ping(point, measured_at, ping.sequence, ping.accuracy_meters))
    return read
