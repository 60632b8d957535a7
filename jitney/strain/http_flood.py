"""An open-loop flood over HTTP/1.1: requests come at their times, whether or not the ones before were answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count

from jitney.strain.kinds import TRIP, Flood, Kind
from jitney.strain.told import Told

_TICK_SECONDS = 0.005
_SILENT_SECONDS = 10.0
_CONNECTS_AT_ONCE = 50
_NO_ANSWER = frozenset({404})
"""Answers that are good for some kinds: nothing is there."""


class _Connection(asyncio.Protocol):
    """One kept connection with at most one request under way."""

    def __init__(self, over: Callable[[_Connection, int, bool], None], for_trips: bool) -> None:
        self.for_trips = for_trips
        self.kind: Kind | None = None
        self.began = 0.0
        self.open = False
        self._over = over
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (for the type)
        self._transport, self.open = transport, True

    def ask(self, kind: Kind, request: bytes) -> None:
        self.kind, self.began = kind, time.monotonic()
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.lower().split(b"\r\n")
        length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
        if len(rest) < length:
            return
        self._received = b""
        polite = any(line.startswith(b"retry-after:") for line in lines)
        self._over(self, int(lines[0].split(b" ")[1]), polite)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.open = False
        if self.kind is not None:
            self._over(self, 0, False)

    def cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def http_flood(host: str, port: int, flood: Flood) -> dict[str, Told]:
    """Send a flood; returns what each kind was told. For a process of its own, so that nothing else delays it."""
    return asyncio.run(_Flooding(host, port, flood).run())


def saturate(host: str, port: int, flood: Flood) -> dict[str, Told]:
    """Ask as fast as answers come, over the flood's connections; its rates are only the shares of the kinds."""
    return asyncio.run(_Flooding(host, port, flood, eager=True).run())


class _Flooding:
    def __init__(self, host: str, port: int, flood: Flood, *, eager: bool = False) -> None:
        self._host, self._port, self._flood, self._eager = host, port, flood, eager
        self._told = {kind.name: Told() for kind in flood.kinds}
        self._free: dict[bool, list[_Connection]] = {True: [], False: []}
        """By whether they are for trips."""
        self._all: set[_Connection] = set()
        self._numbers = count()
        self._rates = flood.rates()
        self._begun = 0.0
        self._sent = dict.fromkeys(self._rates, 0.0)

    async def run(self) -> dict[str, Told]:
        for for_trips in (True, False):
            await self._connect(self._most(for_trips), for_trips)
        self._begun = time.monotonic()
        until = self._begun + self._flood.seconds
        while (now := time.monotonic()) < until:
            if self._eager:
                while self._free[False]:
                    self._ask(self._most_overdue())
            else:
                self._ask_what_is_due(now - self._begun)
            await self._mend(now)
            await asyncio.sleep(_TICK_SECONDS)
        for _ in range(int(_SILENT_SECONDS / _TICK_SECONDS)):
            if all(each.kind is None for each in self._all):
                break
            await asyncio.sleep(_TICK_SECONDS)
        for each in list(self._all):
            each.cut()
        await asyncio.sleep(0)
        return self._told

    def _ask_what_is_due(self, passed: float) -> None:
        for kind in self._flood.kinds:
            while self._sent[kind.name] < passed * self._rates[kind.name]:
                self._ask(kind)

    def _most_overdue(self) -> Kind:
        return min(self._flood.kinds, key=lambda kind: self._sent[kind.name] / max(self._rates[kind.name], 1e-9))

    def _ask(self, kind: Kind) -> None:
        self._sent[kind.name] += 1
        told = self._told[kind.name]
        told.offered += 1
        free = self._free[kind.urgency == TRIP and not self._eager]
        while free:
            connection = free.pop()
            if connection.open:
                connection.ask(kind, kind.request(next(self._numbers)))
                return
        told.unsent += 1

    def _over(self, connection: _Connection, status: int, polite: bool) -> None:
        kind, connection.kind = connection.kind, None
        if kind is not None:
            told = self._told[kind.name]
            if not status:
                told.silent += 1
            else:
                told.answered[str(status)] += 1
                told.rude += status in (429, 503) and not polite
                if 200 <= status < 300 or status in _NO_ANSWER:
                    told.seconds.append(time.monotonic() - connection.began)
        if connection.open:
            self._free[connection.for_trips].append(connection)
            if self._eager and time.monotonic() < self._begun + self._flood.seconds:
                self._ask(self._most_overdue())

    async def _mend(self, now: float) -> None:
        for each in list(self._all):
            if each.kind is not None and now - each.began > _SILENT_SECONDS:
                each.cut()
            if not each.open:
                self._all.discard(each)
        for for_trips in (True, False):
            missing = self._most(for_trips) - sum(each.for_trips is for_trips for each in self._all)
            if missing > 0:
                await self._connect(min(missing, _CONNECTS_AT_ONCE), for_trips)

    def _most(self, for_trips: bool) -> int:
        if for_trips:
            return 0 if self._eager else self._flood.connections // 5
        return self._flood.connections

    async def _connect(self, how_many: int, for_trips: bool) -> None:
        loop = asyncio.get_running_loop()

        def make() -> _Connection:
            return _Connection(self._over, for_trips)

        async def one() -> None:
            try:
                async with asyncio.timeout(_SILENT_SECONDS):
                    _, made = await loop.create_connection(make, self._host, self._port)
            except (OSError, TimeoutError):
                return
            self._all.add(made)
            self._free[for_trips].append(made)

        await asyncio.gather(*(one() for _ in range(how_many)))
