"""A driver's positions over the public gRPC stream."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

import grpc

from chassis.tls import certificates_of
from jitney.simulator.api import ApiError, SignedIn, Unreachable
from ridesharing.matching.v1 import driver_service_pb2, driver_service_pb2_grpc, rides_pb2
from shared_kernel.geo import GeoPoint

PING_SECONDS = 1.0
_RECONNECT_SECONDS = 0.5
_ACCURACY_METERS = 8.0


def open_app_channel(target: str) -> grpc.aio.Channel:
    """Open a channel as a driver's app does: one that looks for a service that went away again and again.

    Left alone, gRPC waits up to two minutes between two looks, and drivers would be nowhere in the meantime.
    """
    options = (
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # Many drivers share this channel, who in life would each be sent to some replica.
        ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
    )
    # An app reaches a service by way of a gateway; within a cluster of mutual TLS we are one of the services.
    certificates = certificates_of()
    if certificates is not None:
        return grpc.aio.secure_channel(target, certificates.current().of_client(), options=options)
    return grpc.aio.insecure_channel(target, options=options)


class LocationReporter:
    """Sends where a driver is once a second of the wall's clock, and opens the stream again when it breaks."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        driver: SignedIn,
        place: Callable[[], GeoPoint],
        out_of_reach: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Report over a channel where `place` says; before each ping, for `out_of_reach` seconds nothing."""
        self._stub = driver_service_pb2_grpc.DriverServiceStub(channel)
        self._driver = driver
        self._place = place
        self._out_of_reach = out_of_reach
        self.accepted_count = 0
        self.dropped_count = 0
        self._taken_at = -math.inf

    @property
    def silent_seconds(self) -> float:
        """Age of the last place that the service took, by the clock on the wall; without end before the first."""
        return time.monotonic() - self._taken_at

    async def run(self) -> None:
        """Report for ever."""
        while True:
            try:
                await self._report(await self._driver.token())
            except (grpc.RpcError, ApiError, Unreachable, asyncio.InvalidStateError):
                # The service restarts, or the shift is over; a write on a stream that has ended is an invalid state.
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _report(self, token: str) -> None:
        """Send batch after batch on one stream, each after the answer to the last; returns when the service ends it."""
        call = self._stub.StreamLocations(metadata=(("authorization", f"Bearer {token}"),))
        try:
            while True:
                await asyncio.sleep(self._out_of_reach())
                measured_at = time.monotonic()
                await call.write(self._batch())
                answer = await call.read()
                if not isinstance(answer, driver_service_pb2.StreamLocationsResponse):
                    return
                if answer.accepted_count:
                    self._taken_at = measured_at
                self.accepted_count += answer.accepted_count
                self.dropped_count += answer.dropped_count
                await asyncio.sleep(PING_SECONDS)
        finally:
            call.cancel()

    def _batch(self) -> driver_service_pb2.StreamLocationsRequest:
        place = self._place()
        moment = time.time_ns()
        # Milliseconds since the epoch grow with each ping, also over a restart of the app.
        ping = rides_pb2.LocationPing(sequence=moment // 1_000_000, accuracy_meters=_ACCURACY_METERS)
        ping.point.latitude, ping.point.longitude = place.latitude, place.longitude
        ping.measure_time.FromNanoseconds(moment)
        return driver_service_pb2.StreamLocationsRequest(pings=[ping])
