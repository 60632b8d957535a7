"""Drivers' devices as load: batches over gRPC streams and over REST, written beforehand, sent as fast as answered."""

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jitney.stack.problems import StackError

_METHOD = "/ridesharing.matching.v1.DriverService/StreamLocations"
_LATITUDE, _LONGITUDE = 37.7749, -122.4194
_STEP_DEGREES = 1e-6
"""Eleven centimeters a ping: a slow drive, whatever the rate."""
_STEP_SECONDS = 1e-5


@dataclass(frozen=True)
class Device:
    """One driver's device: its token, and how many pings it has sent so far."""

    driver_id: str
    token: str
    number: int


@dataclass(frozen=True)
class LoadRun:
    """Pings that were taken, and the seconds that took."""

    pings: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.pings / self.seconds


def stream_batches(
    target: str, devices: Sequence[Device], first_sequence: int, batches: int, batch_size: int
) -> LoadRun:
    """Sends so many batches from each device over a stream of its own, one in flight a stream.

    Raises:
        StackError: a ping was dropped.
    """
    import uvloop

    now = time.time()
    written = [_batches(device, first_sequence, batches, batch_size, now) for device in devices]
    seconds = uvloop.run(_stream_all(target, devices, written, batch_size))
    return LoadRun(len(devices) * batches * batch_size, seconds)


def _batches(device: Device, first_sequence: int, batches: int, batch_size: int, now: float) -> list[bytes]:
    from ridesharing.matching.v1.driver_service_pb2 import StreamLocationsRequest

    written: list[bytes] = []
    count = batches * batch_size
    for first in range(0, count, batch_size):
        request = StreamLocationsRequest()
        for index in range(first, first + batch_size):
            ping = request.pings.add(sequence=first_sequence + index, accuracy_meters=5)
            ping.point.latitude, ping.point.longitude = _place(device, index)
            moment = now + index * _STEP_SECONDS
            ping.measure_time.seconds, ping.measure_time.nanos = int(moment), int(moment % 1 * 1e9)
        written.append(request.SerializeToString())
    return written


def _place(device: Device, index: int) -> tuple[float, float]:
    # Drivers stand some hundred meters apart, so that several cells of the map are in use.
    row, column = divmod(device.number, 64)
    return _LATITUDE + column * 0.004 + index % 500 * _STEP_DEGREES, _LONGITUDE + row * 0.004


async def _stream_all(
    target: str, devices: Sequence[Device], written: Sequence[Sequence[bytes]], batch_size: int
) -> float:
    import grpc

    from ridesharing.matching.v1.driver_service_pb2 import StreamLocationsResponse

    async with grpc.aio.insecure_channel(target) as channel:
        method = channel.stream_stream(_METHOD, response_deserializer=StreamLocationsResponse.FromString)
        await channel.channel_ready()

        async def send(device: Device, batches: Sequence[bytes]) -> None:
            call = method(metadata=(("authorization", f"Bearer {device.token}"),))
            for batch in batches:
                await call.write(batch)
                answer = await call.read()
                if not isinstance(answer, StreamLocationsResponse) or answer.accepted_count != batch_size:
                    raise StackError(f"A batch of {batch_size} pings was answered with {answer!s}.")
            await call.done_writing()
            await call.code()

        began = time.perf_counter()
        await asyncio.gather(*map(send, devices, written))
        return time.perf_counter() - began


def post_batches(
    address: tuple[str, int], devices: Sequence[Device], first_sequence: int, batches: int, batch_size: int
) -> LoadRun:
    """Posts so many batches from each device over REST, each device in a thread of its own.

    Raises:
        StackError: a ping was dropped, or a request refused.
    """
    now = time.time()
    faults: list[str] = []

    def post(device: Device, bodies: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection(*address, timeout=30)
        headers = {"Authorization": f"Bearer {device.token}", "Content-Type": "application/json"}
        for body in bodies:
            connection.request("POST", "/v1/driver/locations", body, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 200 or json.loads(said)["accepted_count"] != batch_size:
                faults.append(f"REST answered {answer.status}: {said[:200]!r}")
                return
        connection.close()

    threads = [
        threading.Thread(target=post, args=(device, _bodies(device, first_sequence, batches, batch_size, now)))
        for device in devices
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if faults:
        raise StackError(faults[0])
    return LoadRun(len(devices) * batches * batch_size, seconds)


def _bodies(device: Device, first_sequence: int, batches: int, batch_size: int, now: float) -> list[bytes]:
    count = batches * batch_size
    bodies: list[bytes] = []
    for first in range(0, count, batch_size):
        pings: list[dict[str, float | int | str]] = []
        for index in range(first, first + batch_size):
            latitude, longitude = _place(device, index)
            moment = datetime.fromtimestamp(now + index * _STEP_SECONDS, UTC)
            ping = {"latitude": latitude, "longitude": longitude, "accuracy_meters": 5}
            pings.append({**ping, "measured_at": moment.isoformat(), "sequence": first_sequence + index})
        bodies.append(json.dumps({"locations": pings}).encode())
    return bodies
