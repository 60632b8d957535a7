"""What notification knows of a person: all rows that name an account. They are told whole, and deleted.

The tables are found by their column `account_id`, so that a table which comes later is not forgotten. What hangs on
another row of the person's, as a delivery on its notification, goes with that row, and is found by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, LargeBinary, MetaData, Table, delete, select, text

from chassis.database import Database
from chassis.dead_letters import erase_letters
from chassis.live_entries import stream_key
from chassis.personal_data import EXPORT_PAGE_ROWS
from notification_service.adapters.tables import dead_letters
from shared_kernel.errors import Unavailable

_NOT_TOLD = frozenset({"token", "push_token", "fingerprint", "dedupe_key"})
"""What opens a device, and what is only bookkeeping."""
# Of all webhooks these alone say more of a person than an id.
_FORGET_CALLS_FOR_HELP = text("""
    DELETE FROM webhook
    USING webhook_endpoint e, sos s
    WHERE s.account_id = :account_id AND webhook.endpoint_id = e.endpoint_id
      AND webhook.event_key = CAST(s.sos_id AS text) AND webhook.topic = 'sos_raised'
""")


class NotificationPersonalData:
    """See `chassis.personal_data.PersonalData`."""

    def __init__(self, database: Database, redis: Redis, metadata: MetaData) -> None:
        self._database = database
        self._redis = redis
        # Rows that others name come last, so that they can be deleted.
        self._tables = [table for table in reversed(metadata.sorted_tables) if "account_id" in table.c]
        self._hanging = {
            table: key
            for table in self._tables
            for key in table.foreign_keys
            if key.ondelete == "CASCADE" and key.column.table in self._tables
        }

    async def blockers(self, account_id: UUID) -> Sequence[str]:  # noqa: ARG002 (nothing ever is)
        """Return nothing: messages stand in nobody's way."""
        return ()

    async def erase(self, account_id: UUID, request_id: str) -> None:  # noqa: ARG002 (done again, it changes nothing)
        """Delete all rows of a person, parked events of the account, what webhooks say of where they called for help,
        and their live stream.

        Raises:
            Unavailable: `redis_unavailable`; the rows are gone.
        """
        async with self._database.transaction() as connection:
            await connection.execute(_FORGET_CALLS_FOR_HELP, {"account_id": account_id})
            for table in self._tables:
                if table not in self._hanging:
                    await connection.execute(delete(table).where(table.c.account_id == account_id))
            await erase_letters(connection, dead_letters, account_id)
        try:
            await self._redis.delete(stream_key(str(account_id)))
        except (RedisError, OSError) as error:
            raise Unavailable("redis_unavailable", "the live streams do not answer") from error

    async def export(self, account_id: UUID, offset: int) -> tuple[Mapping[str, Sequence[Mapping[str, Any]]], bool]:
        """Return the rows by table."""
        lists: dict[str, list[dict[str, Any]]] = {}
        async with self._database.transaction() as connection:
            for table in self._tables:
                query = (
                    select(*_told(table))
                    .where(table.c.account_id == account_id, *self._found_by(table, account_id))
                    .order_by(*table.primary_key.columns)
                    .offset(offset)
                    .limit(EXPORT_PAGE_ROWS + 1)
                )
                lists[table.name] = [dict(row) for row in (await connection.execute(query)).mappings()]
        more = any(len(found) > EXPORT_PAGE_ROWS for found in lists.values())
        return {name: found[:EXPORT_PAGE_ROWS] for name, found in lists.items()}, more

    def _found_by(self, table: Table, account_id: UUID) -> list[ColumnElement[bool]]:
        key = self._hanging.get(table)
        if key is None:
            return []
        owners = key.column.table
        return [key.parent.in_(select(key.column).where(owners.c.account_id == account_id))]


def _told(table: Table) -> list[Any]:
    return [column for column in table.c if column.name not in _NOT_TOLD and not isinstance(column.type, LargeBinary)]
