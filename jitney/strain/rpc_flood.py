"""An open-loop flood of gRPC calls on matching, past the edge."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from jitney.strain.kinds import DEFERRABLE, TRIP, Flood, Kind
from jitney.strain.told import Told

_TICK_SECONDS = 0.005
_CALL_SECONDS = 10.0
_MATCHING = "/ridesharing.matching.v1."
_REFUSALS = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED"})
_GOOD = frozenset({"OK", "NOT_FOUND"})


def rpc_kinds(rider_tokens: Sequence[str], driver_tokens: Sequence[str]) -> list[Kind]:
    """Return what is called."""
    return [
        Kind("quotes", DEFERRABLE, 0.8, "", f"{_MATCHING}RideService/CreateQuotes", rider_tokens),
        Kind("lists of rides", DEFERRABLE, 0.2, "", f"{_MATCHING}RideService/ListRides", rider_tokens),
        Kind("locations", TRIP, 0.7, "", f"{_MATCHING}DriverService/ReportLocations", driver_tokens),
        Kind("open offer", TRIP, 0.3, "", f"{_MATCHING}DriverService/GetCurrentOffer", driver_tokens),
    ]


def rpc_flood(target: str, flood: Flood, *, eager: bool = False) -> dict[str, Told]:
    """Send a flood; with `eager`, as fast as answers come instead. For a process of its own."""
    return asyncio.run(_flood(target, flood, eager))


async def _flood(target: str, flood: Flood, eager: bool) -> dict[str, Told]:
    import grpc

    told = {kind.name: Told() for kind in flood.kinds}
    sent = dict.fromkeys(told, 0)
    rates, numbers = flood.rates(), count()
    under_way: set[asyncio.Task[None]] = set()
    # The channel's own retries would make another load of it.
    async with grpc.aio.insecure_channel(target, options=[("grpc.enable_retries", 0)]) as channel:
        await channel.channel_ready()
        calls = {kind.name: channel.unary_unary(kind.path) for kind in flood.kinds}

        async def ask(kind: Kind, number: int) -> None:
            began, its = time.monotonic(), told[kind.name]
            metadata = (("authorization", f"Bearer {kind.tokens[number % len(kind.tokens)]}"),)
            try:
                await calls[kind.name](_WRITERS[kind.name](), timeout=_CALL_SECONDS, metadata=metadata)
                code = "OK"
            except grpc.aio.AioRpcError as error:
                code = error.code().name
                its.rude += code in _REFUSALS and not _says_when(error)
            if code == "DEADLINE_EXCEEDED":
                its.silent += 1
            its.answered[code] += 1
            if code in _GOOD:
                its.seconds.append(time.monotonic() - began)

        def begin(kind: Kind) -> None:
            sent[kind.name] += 1
            told[kind.name].offered += 1
            if len(under_way) >= flood.connections * (1.2 if kind.urgency == TRIP else 1):
                told[kind.name].unsent += 1
                return
            task = asyncio.create_task(ask(kind, next(numbers)))
            under_way.add(task)
            task.add_done_callback(under_way.discard)

        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < flood.seconds:
            if eager:
                while len(under_way) < flood.connections:
                    begin(min(flood.kinds, key=lambda kind: sent[kind.name] / max(rates[kind.name], 1e-9)))
                await asyncio.wait(set(under_way), return_when=asyncio.FIRST_COMPLETED)
                continue
            for kind in flood.kinds:
                while sent[kind.name] < passed * rates[kind.name]:
                    begin(kind)
            await asyncio.sleep(_TICK_SECONDS)
        if under_way:
            await asyncio.wait(set(under_way))
    return told


def _says_when(error: Any) -> bool:
    from chassis.status import from_rpc_error

    return from_rpc_error(error).retry_after_seconds is not None


def _quotes() -> bytes:
    from ridesharing.matching.v1.ride_service_pb2 import CreateQuotesRequest

    request = CreateQuotesRequest()
    request.pickup.point.latitude, request.pickup.point.longitude = 37.788, -122.4075
    request.dropoff.point.latitude, request.dropoff.point.longitude = 37.7955, -122.3937
    return request.SerializeToString()


def _rides() -> bytes:
    from ridesharing.matching.v1.ride_service_pb2 import ListRidesRequest

    return ListRidesRequest().SerializeToString()


def _locations() -> bytes:
    from ridesharing.matching.v1.driver_service_pb2 import ReportLocationsRequest

    request = ReportLocationsRequest()
    ping = request.pings.add(sequence=int(1_000 * time.time()), accuracy_meters=5)
    ping.point.latitude, ping.point.longitude = 37.7749, -122.4194
    ping.measure_time.FromDatetime(datetime.now(UTC))
    return request.SerializeToString()


def _offer() -> bytes:
    return b""


_WRITERS: dict[str, Callable[[], bytes]] = {
    "quotes": _quotes,
    "lists of rides": _rides,
    "locations": _locations,
    "open offer": _offer,
}
