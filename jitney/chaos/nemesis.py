"""Does harm by a schedule, and takes it back at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import httpx
import psutil
from redis.exceptions import RedisError

from jitney.chaos.faults import FAULTS, Strike
from jitney.chaos.ground import Ground
from jitney.chaos.wires import Wires

_SLOW_STOPPED_SECONDS, _SLOW_RUNNING_SECONDS = 0.08, 0.02
_DELAY_SECONDS = 0.15
_MESSAGE_TARGETS = ("sms", "voice", "fcm", "apns", "smtp")
_UNLIMITED_STRIKES = 1_000_000
_MOST_CONNECTIONS, _CONNECTIONS_AT_ONCE = 500, 20
_HEAL_TRIES, _HEAL_SECONDS = 60, 0.5

_OUTAGES = (
    OSError,
    RedisError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What asyncpg makes of a connection that is lost in the middle of a COMMIT.
    asyncpg.InternalClientError,
    httpx.HTTPError,
    LookupError,
)
"""What a harm meets whose target is already down by another one."""


class Nemesis:
    """One attacker. `struck` counts the harms done, `missed` those whose target was down already."""

    def __init__(self, ground: Ground, wires: Wires, say: Callable[[str], None]) -> None:
        self.struck: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self._ground = ground
        self._wires = wires
        self._say = say
        self._stopped: set[psutil.Process] = set()
        self._spoils = 0
        self._ways: dict[str, Callable[[Strike], Awaitable[None]]] = {
            "kill": self._kill,
            "restart": self._restart,
            "kill_store": self._kill,
            "restart_postgres": self._restart_postgres,
            "pause": self._pause,
            "slow": self._slow,
            "flush_redis": self._flush_redis,
            "stall_redis": self._stall_redis,
            "cut_redis": self._cut_redis,
            "cut_postgres": self._cut_postgres,
            "delay_calls": self._delay_calls,
            "silence_calls": self._silence_calls,
            "cut_calls": self._cut_calls,
            "lock_table": self._lock_table,
            "exhaust_connections": self._exhaust_connections,
            "psp": self._spoil_psp,
            "messages": self._spoil_messages,
        }
        if self._ways.keys() != FAULTS.keys():
            raise ValueError("the table of faults and the ways to do them differ")

    async def run(self, strikes: Sequence[Strike]) -> None:
        """Strike by the schedule; returns when the last harm is over and all of it is taken back.

        Raises:
            ExceptionGroup: harms that could not be done for another reason than that their target was down.
        """
        begun = time.monotonic()
        tasks: list[asyncio.Task[None]] = []
        try:
            for strike in strikes:
                await asyncio.sleep(max(0.0, strike.at_seconds - (time.monotonic() - begun)))
                tasks.append(asyncio.create_task(self._strike(strike)))
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            await self.heal()
        if failures := [end for end in ends if isinstance(end, Exception)]:
            raise ExceptionGroup("harms could not be done", failures)

    async def heal(self) -> None:
        """Let everybody run who was stopped, and the providers work; what was killed, the supervisor starts again."""
        self._let_run(set(self._stopped))
        self._wires.heal()
        for _ in range(_HEAL_TRIES):
            with contextlib.suppress(httpx.HTTPError):
                await self._ground.sandbox("DELETE", "/_sim/faults")
                return
            await asyncio.sleep(_HEAL_SECONDS)
        self._say("the providers' faults could not be taken back: the sandbox does not answer")

    async def _strike(self, strike: Strike) -> None:
        try:
            await self._ways[strike.fault](strike)
        except (*_OUTAGES, TimeoutError) as error:
            self.missed[strike.fault] += 1
            self._say(f"{strike}: missed, {type(error).__name__}")
        else:
            self.struck[strike.fault] += 1
            self._say(str(strike))

    async def _kill(self, strike: Strike) -> None:
        family = self._ground.family_of(strike.target)
        if not family:
            raise LookupError(strike.target)
        for process in reversed(family):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    async def _restart(self, strike: Strike) -> None:
        record = self._ground.record_of(strike.target)
        if not record.lives:
            raise LookupError(strike.target)
        os.kill(record.pid, signal.SIGTERM)

    async def _restart_postgres(self, strike: Strike) -> None:
        os.kill(self._ground.record_of(strike.target).pid, signal.SIGINT)

    async def _pause(self, strike: Strike) -> None:
        family = set(self._ground.family_of(strike.target))
        try:
            self._let_stop(family)
            await asyncio.sleep(strike.seconds)
        finally:
            self._let_run(family)

    async def _slow(self, strike: Strike) -> None:
        family = set(self._ground.family_of(strike.target))
        until = time.monotonic() + strike.seconds
        try:
            while time.monotonic() < until:
                self._let_stop(family)
                await asyncio.sleep(_SLOW_STOPPED_SECONDS)
                self._let_run(family)
                await asyncio.sleep(_SLOW_RUNNING_SECONDS)
        finally:
            self._let_run(family)

    def _let_stop(self, family: set[psutil.Process]) -> None:
        self._stopped |= family
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def _let_run(self, family: set[psutil.Process]) -> None:
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        self._stopped -= family

    async def _flush_redis(self, _: Strike) -> None:
        async with self._ground.redis() as redis:
            await redis.flushall()

    async def _stall_redis(self, strike: Strike) -> None:
        async with self._ground.redis() as redis:
            await redis.execute_command("CLIENT", "PAUSE", int(1_000 * strike.seconds), "ALL")
        await asyncio.sleep(strike.seconds)

    async def _cut_redis(self, _: Strike) -> None:
        async with self._ground.redis() as redis:
            await redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    async def _cut_postgres(self, strike: Strike) -> None:
        async with self._ground.database(strike.target) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    async def _delay_calls(self, strike: Strike) -> None:
        try:
            self._wires.delay(strike.target, _DELAY_SECONDS)
            await asyncio.sleep(strike.seconds)
        finally:
            self._wires.delay(strike.target, 0.0)

    async def _silence_calls(self, strike: Strike) -> None:
        try:
            self._wires.silence(strike.target, silent=True)
            await asyncio.sleep(strike.seconds)
        finally:
            self._wires.silence(strike.target, silent=False)

    async def _cut_calls(self, strike: Strike) -> None:
        await self._wires.cut(strike.target)

    async def _lock_table(self, strike: Strike) -> None:
        service, _, table = strike.target.partition(".")
        async with self._ground.database(service) as connection, connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            await asyncio.sleep(strike.seconds)

    async def _exhaust_connections(self, strike: Strike) -> None:
        # Many at once: one after the other, a slow machine would have few left for longer than the harm is to last.
        async with contextlib.AsyncExitStack() as held:
            for _ in range(0, _MOST_CONNECTIONS, _CONNECTIONS_AT_ONCE):
                openings = [
                    held.enter_async_context(self._ground.database("matching")) for _ in range(_CONNECTIONS_AT_ONCE)
                ]
                failures = [
                    end
                    for end in await asyncio.gather(*openings, return_exceptions=True)
                    if isinstance(end, BaseException)
                ]
                for failure in failures:
                    if not isinstance(failure, asyncpg.TooManyConnectionsError):
                        raise failure
                if failures:
                    break
            await asyncio.sleep(strike.seconds)

    async def _spoil_psp(self, strike: Strike) -> None:
        await self._spoil(strike, ["psp"])

    async def _spoil_messages(self, strike: Strike) -> None:
        await self._spoil(strike, _MESSAGE_TARGETS)

    async def _spoil(self, strike: Strike, targets: Sequence[str]) -> None:
        # Known by its seed, which the listing tells: of a rule whose making was not answered nobody knows the id.
        seed = self._spoils = self._spoils + 1
        try:
            for target in targets:
                rule = {
                    "target": target,
                    "kind": strike.target,
                    "probability": 0.5,
                    "count": _UNLIMITED_STRIKES,
                    "seconds": 2.0,
                    "seed": seed,
                }
                await self._ground.sandbox("POST", "/_sim/faults", json=rule)
            await asyncio.sleep(strike.seconds)
        finally:
            await self._take_back(seed)

    async def _take_back(self, seed: int) -> None:
        """Take the rules of a strike back, once the sandbox is there: it keeps them while it is down, and after."""
        for _ in range(_HEAL_TRIES):
            with contextlib.suppress(httpx.HTTPError):
                for rule in (await self._ground.sandbox("GET", "/_sim/faults"))["faults"]:
                    if rule["seed"] == seed:
                        await self._ground.sandbox("DELETE", f"/_sim/faults/{rule['id']}")
                return
            await asyncio.sleep(_HEAL_SECONDS)
        self._say("faults of the providers go on: the sandbox does not answer")
