"""Live streams held open on one process: what they cost, and what they miss when clients and Redis come and go."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil

_GREETING, _READ_ANEW = "hello", "resync"
_OPEN_AT_ONCE = 200
_WAIT_SECONDS = 120.0
_RETRY_SECONDS = 0.1


@dataclass
class Listener:
    """A client: reads its stream, comes back with Last-Event-ID whenever it breaks."""

    account: str
    token: str
    seen: set[int] = field(default_factory=set[int])
    resyncs: int = 0
    connections: int = 0
    last_event_id: str = ""
    _writer: asyncio.StreamWriter | None = None

    async def listen(self, host: str, port: int, gate: asyncio.Semaphore) -> None:
        """Listens until it is canceled."""
        while True:
            # A line that broke off in the middle is a ValueError.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
                await self._connection(host, port, gate)
            await asyncio.sleep(_RETRY_SECONDS)

    def hang_up(self) -> None:
        """Breaks the connection, as a phone in a tunnel does."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def _connection(self, host: str, port: int, gate: asyncio.Semaphore) -> None:
        async with gate:
            reader, self._writer = await asyncio.open_connection(host, port, limit=16_384)
            known = f"Last-Event-ID: {self.last_event_id}\r\n" if self.last_event_id else ""
            head = f"GET /v1/me/stream HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self.token}\r\n{known}\r\n"
            self._writer.write(head.encode())
            answer = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in answer[:20]:
            raise OSError(answer.split(b"\r\n", 1)[0])
        event_id = kind = ""
        while line := await reader.readline():
            name, _, value = line.strip().decode().partition(": ")
            if name == "id":
                event_id = value
            elif name == "event":
                kind = value
                self.resyncs += kind == _READ_ANEW
                self.connections += kind == _GREETING
            elif name == "data":
                self.last_event_id = event_id
                if kind not in (_GREETING, _READ_ANEW):
                    self.seen.add(int(json.loads(value)["n"]))


@dataclass(frozen=True)
class Held:
    """What so many streams came to."""

    count: int
    kilobytes_each: float
    published: int
    missed: int
    resyncs: int
    cpu_seconds_quiet: float
    """CPU of the process for one quiet second with all streams open."""


class Crowd:
    """Many listeners on one process."""

    def __init__(self, host: str, port: int, process: psutil.Process, sign: Callable[[str], str]) -> None:
        self._host, self._port = host, port
        self._process = process
        self._sign = sign
        self._gate = asyncio.Semaphore(_OPEN_AT_ONCE)
        self.listeners: list[Listener] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._number = 0

    async def grow_to(self, count: int) -> None:
        """Opens more streams and waits until each has been greeted."""
        more = [
            Listener(account, self._sign(account))
            for account in (str(uuid.uuid4()) for _ in range(count - len(self.listeners)))
        ]
        self._tasks += [asyncio.create_task(item.listen(self._host, self._port, self._gate)) for item in more]
        self.listeners += more
        await until(lambda: all(item.connections for item in more), "all streams are open")

    async def leave(self) -> None:
        """Closes all streams."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for item in self.listeners:
            item.hang_up()

    def memory_bytes(self) -> int:
        """The resident memory of the process."""
        return int(self._process.memory_info().rss)

    async def cpu_in(self, seconds: float) -> float:
        """CPU seconds of the process while so much time passes."""
        before = self._process.cpu_times()
        await asyncio.sleep(seconds)
        after = self._process.cpu_times()
        return after.user + after.system - before.user - before.system

    async def publish(self, redis: Any) -> int:
        """Tells everybody one thing, until Redis has taken it; returns its number."""
        from chassis.live_entries import stream_key

        self._number += 1
        waiting: Sequence[Listener] = self.listeners
        while waiting:
            batch, waiting = waiting[:500], waiting[500:]
            fields = {"type": "ride_updated", "data": json.dumps({"n": self._number}), "expires_at": ""}
            while True:
                try:
                    pipeline = redis.pipeline(transaction=True)
                    for item in batch:
                        pipeline.xadd(stream_key(str(item.account)), fields, maxlen=500, approximate=True)
                    await pipeline.execute()
                    break
                except Exception:
                    await asyncio.sleep(_RETRY_SECONDS)
        return self._number

    def churn(self, share: float) -> None:
        """Lets a share of the clients lose their connection."""
        step = max(1, round(1 / share))
        for item in self.listeners[self._number % step :: step]:
            item.hang_up()

    def forget(self) -> None:
        """Begin to count anew."""
        self._number = 0
        for item in self.listeners:
            item.seen.clear()

    async def settled(self) -> None:
        """Waits until everybody has seen everything, or was told to read anew, or the patience is over."""
        everything = set(range(1, self._number + 1))
        try:
            await until(lambda: all(item.resyncs or everything <= item.seen for item in self.listeners), "")
        except TimeoutError:
            return

    def missed(self) -> int:
        """How many messages did not come, of those who were not told to read anew."""
        return sum(self._number - len(item.seen) for item in self.listeners if not item.resyncs)


async def until(true: Callable[[], bool], what: str) -> None:
    """Waits until something is true; TimeoutError naming it after two minutes."""
    try:
        async with asyncio.timeout(_WAIT_SECONDS):
            while not true():  # noqa: ASYNC110 (what is waited for is told by many)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TimeoutError(f"not within {_WAIT_SECONDS:g} s: {what}") from None
