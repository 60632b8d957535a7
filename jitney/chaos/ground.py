"""The stack under attack, as the harness reaches it: past the services, straight to processes and stores."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import psutil
from redis.asyncio import Redis

from chassis.redis_client import open_redis
from jitney.stack.credentials import Credentials
from jitney.stack.databases import database_of
from jitney.stack.environment import StackSettings
from jitney.stack.own_stack import OwnStack
from jitney.stack.state import ProcessRecord
from jitney.stack.tokens import make_token

_CONNECT_SECONDS = 10
_ASK_SECONDS = 10.0

Row = Mapping[str, Any]


class Ground:
    """Ways into a running stack; each use connects anew, since the stores come and go."""

    def __init__(self, stack: OwnStack, sandbox: httpx.AsyncClient) -> None:
        self._stack = stack
        self._sandbox = sandbox
        self._settings = StackSettings.read(stack.environment, stack.data.path)
        self._credentials = Credentials.load_or_make(self._settings.data.secrets)

    def record_of(self, name: str) -> ProcessRecord:
        """Return what the supervisor has written down of a process; LookupError where there is none."""
        for record in self._stack.record().processes:
            if record.name == name:
                return record
        raise LookupError(f"the stack has no process {name}")

    def family_of(self, name: str) -> list[psutil.Process]:
        """Return a process and all that it started; nobody while it is being started again."""
        record = self.record_of(name)
        if not record.lives:
            return []
        try:
            parent = psutil.Process(record.pid)
            return [*parent.children(recursive=True), parent]
        except psutil.NoSuchProcess:
            return []

    def is_whole(self) -> bool:
        """Tell whether every process is healthy, as its supervisor says."""
        return all(record.state == "healthy" and record.lives for record in self._stack.record().processes)

    def unwell(self) -> list[str]:
        """Name the processes that are not healthy."""
        return [f"{each.name} is {each.state}" for each in self._stack.record().processes if each.state != "healthy"]

    def operator_token(self) -> str:
        """Return a token for the operator's interface."""
        return make_token(self._settings.data.keys, "operator", None, 10)

    @asynccontextmanager
    async def database(self, service: str) -> AsyncGenerator[asyncpg.Connection]:
        """Connect to a service's database as the superuser."""
        url = self._settings.cluster(self._credentials).superuser_url(database_of(service))
        connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS, command_timeout=60)
        try:
            yield connection
        finally:
            await connection.close(timeout=_CONNECT_SECONDS)

    async def rows(self, service: str, query: str, *arguments: object) -> Sequence[Row]:
        """Ask a service's database."""
        async with self.database(service) as connection:
            return [dict(row) for row in await connection.fetch(query, *arguments)]

    async def count(self, service: str, query: str, *arguments: object) -> int:
        """Ask for one number."""
        async with self.database(service) as connection:
            return int(await connection.fetchval(query, *arguments) or 0)

    @asynccontextmanager
    async def redis(self) -> AsyncGenerator[Redis]:
        """Connect to Redis."""
        url = self._settings.redis(self._credentials).url()
        async with open_redis(url, timeout_seconds=_CONNECT_SECONDS) as client:
            yield client

    async def sandbox(self, method: str, path: str, json: Any = None, **query: Any) -> Any:
        """Ask the sandbox's controls; httpx.HTTPError where it does not answer or refuses."""
        answer = await self._sandbox.request(method, path, json=json, params=query, timeout=_ASK_SECONDS)
        answer.raise_for_status()
        return answer.json() if answer.content else None
