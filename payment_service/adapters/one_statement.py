"""A connection outside of any transaction, for one statement that is a transaction by itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection


class OneStatement(AsyncConnection):
    """Takes one statement and refuses another: that would be a transaction of its own, and the two not one."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Make it over a connection that commits each statement by itself."""
        super().__init__(connection.engine, connection.sync_connection)
        self._plain = connection
        self._is_used = False

    async def execute(
        self, statement: Any, parameters: Any = None, *, execution_options: Any = None
    ) -> CursorResult[Any]:
        if self._is_used:
            raise RuntimeError("two statements that belong together take a transaction")
        self._is_used = True
        return await self._plain.execute(statement, parameters, execution_options=execution_options)
