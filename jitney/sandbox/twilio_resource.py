"""A resource of Twilio's REST API over HTTP: one is made, one is read, and the first page of those to a number."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Generic, Literal, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jitney.sandbox.connections import Silences
from jitney.sandbox.faults import FaultRule
from jitney.sandbox.twilio import TwilioError, accept, authenticate, not_found, read_list_query
from jitney.sandbox.world import World

KEPT_SECONDS = 7 * 24 * 3600
A = TypeVar("A")
"""What is asked for, as it was read from the form."""


class TwilioResource(ABC, Generic[A]):
    """Serves the resource; what its things are, its subclass knows."""

    target: ClassVar[Literal["sms", "voice"]]
    name: ClassVar[str]
    """As the paths spell it: `Messages`."""
    table: ClassVar[str]
    """Where they are kept, with `seq`, `sid`, `recipient` and `created` among the columns."""

    def __init__(self, world: World, silences: Silences, account: str, token: str) -> None:
        self.world = world
        self.account = account
        self._silences = silences
        self._token = token

    def routes(self) -> list[Route]:
        """Make the routes."""
        place = f"/{self.target}/2010-04-01/Accounts/{{account}}/{self.name}"
        return [
            Route(f"{place}.json", self._guarded(self._create), methods=["POST"]),
            Route(f"{place}.json", self._guarded(self._list), methods=["GET"]),
            Route(f"{place}/{{sid}}.json", self._guarded(self._retrieve), methods=["GET"]),
        ]

    @abstractmethod
    async def read(self, request: Request) -> A:
        """Read what is asked for.

        Raises:
            TwilioError: it is not what the resource takes.
        """

    @abstractmethod
    def store(self, connection: sqlite3.Connection, asked: A, fault: FaultRule | None) -> str:
        """Make the thing in a transaction, owe what a `StatusCallback` is told, and return its `sid`."""

    @abstractmethod
    def status(self, row: sqlite3.Row) -> str:
        """Say what became of it."""

    @abstractmethod
    def shown(self, row: sqlite3.Row, status: str) -> dict[str, Any]:
        """Write it as the API shows it."""

    @classmethod
    def forget_old(cls, connection: sqlite3.Connection, now: int, limit: int) -> None:
        """Drop those that are a week old, so many at a time."""
        old = f"SELECT seq FROM {cls.table} WHERE created <= ? ORDER BY created LIMIT ?"  # noqa: S608 (a constant)
        connection.execute(f"DELETE FROM {cls.table} WHERE seq IN ({old})", (now - KEPT_SECONDS, limit))  # noqa: S608 (as above)

    def _guarded(self, serve: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                authenticate(request, self.account, self._token)
                return await serve(request)
            except TwilioError as error:
                return error.response()

        return guarded

    async def _create(self, request: Request) -> Response:
        asked = await self.read(request)

        def make(connection: sqlite3.Connection, fault: FaultRule | None) -> dict[str, Any]:
            return self.shown(self._row(connection, self.store(connection, asked, fault)), "queued")

        return await accept(self.world, self._silences, request, self.target, f"{self.name.lower()}.create", make)

    async def _retrieve(self, request: Request) -> Response:
        sid = request.path_params["sid"]
        row = await self.world.store.run(lambda connection: self._row(connection, sid))
        if row is None:
            raise not_found()
        return JSONResponse(self.shown(row, self.status(row)))

    async def _list(self, request: Request) -> Response:
        """The first page of those to a number, newest first."""
        to, size = read_list_query(request)
        statement = f"SELECT * FROM {self.table} WHERE recipient = ? ORDER BY seq DESC LIMIT ?"  # noqa: S608 (a constant)
        rows = await self.world.store.run(lambda connection: connection.execute(statement, (to, size)).fetchall())
        shown = [self.shown(row, self.status(row)) for row in rows]
        return JSONResponse({self.name.lower(): shown, "page": 0, "page_size": size, "next_page_uri": None})

    def _row(self, connection: sqlite3.Connection, sid: str) -> Any:
        statement = f"SELECT * FROM {self.table} WHERE sid = ?"  # noqa: S608 (a constant)
        return connection.execute(statement, (sid,)).fetchone()
