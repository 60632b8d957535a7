"""Dead letters: events that were tried too often, parked in Postgres to be looked at and taken in again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.metrics import DEAD_LETTERS
from shared_kernel.errors import Conflict, DomainError, NotFound

KEEP_SECONDS = 90 * 86_400
"""Since it was parked: an event holds what it told of people, who may have been erased since."""
MAX_PAGE = 100
_MAX_ERROR_LENGTH = 500
_COUNT_SECONDS = 300.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A parked event as it came off the stream, how often it was tried, and what went wrong last."""

    event_id: UUID
    consumer: str
    stream: str
    type: str
    aggregate_id: UUID
    aggregate_version: int
    occurred_at: datetime
    traceparent: str
    payload: bytes
    attempts: int
    error: str
    parked_at: datetime


Replayer = Callable[[DeadLetter], Awaitable[None]]


def dead_letter_table(metadata: MetaData) -> Table:
    """Describe the table of a service's parked events."""
    return Table(
        "dead_letters",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("consumer", Text, primary_key=True),
        Column("stream", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("aggregate_id", Uuid, nullable=False),
        Column("aggregate_version", Integer, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("traceparent", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("error", Text, nullable=False),
        Column("parked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Index(None, "parked_at", "event_id"),
    )


async def erase_letters(connection: AsyncConnection, table: Table, account_id: UUID) -> None:
    """Delete the parked events of an account itself, which is erased: taken in again, they would bring it back."""
    await connection.execute(delete(table).where(table.c.aggregate_id == account_id))


class DeadLetters:
    """The parked events of one service. The table is bounded by people: an alert watches the `dead_letters` gauge. What
    nobody could mend is deleted after `KEEP_SECONDS`."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table
        self._replayers: dict[tuple[str, str], Replayer] = {}

    def bind(self, consumer: str, stream: str, replayer: Replayer) -> None:
        """Say how a consumer takes a parked event of a stream in; the EventConsumer does so for itself."""
        self._replayers[consumer, stream] = replayer

    async def park(self, letter: DeadLetter) -> None:
        """Keep an event (its `parked_at` is the database's); one that is parked already gets the newer error."""
        values = {name: getattr(letter, name) for name in _COLUMNS if name != "parked_at"}
        values["error"] = letter.error[:_MAX_ERROR_LENGTH]
        statement = insert(self._table).values(values)
        again = {name: statement.excluded[name] for name in ("attempts", "error", "parked_at")}
        async with self._database.connect() as connection:
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[self._table.c.event_id, self._table.c.consumer], set_=again
                )
            )
        await self.count(letter.consumer)

    async def list_page(self, limit: int = 50, after: tuple[datetime, UUID] | None = None) -> Sequence[DeadLetter]:
        """Return parked events, oldest first, at most 100, after the (parked_at, event_id) of the last page."""
        query = select(*(self._table.c[name] for name in _COLUMNS)).order_by(
            self._table.c.parked_at, self._table.c.event_id
        )
        if after is not None:
            query = query.where(tuple_(self._table.c.parked_at, self._table.c.event_id) > tuple_(*after))
        async with self._database.connect() as connection:
            rows = (await connection.execute(query.limit(max(1, min(limit, MAX_PAGE))))).all()
        return [DeadLetter(*row) for row in rows]

    async def replay(self, event_id: UUID) -> None:
        """Hand a parked event to its consumer again and remove it when that succeeds; it stays, counted, when not.

        Raises:
            NotFound: `dead_letter_not_found`.
            Conflict: `consumer_not_running`, if this process does not run that consumer.
            DomainError: what the handler refused it with; `replay_failed` for anything unexpected.
        """
        query = select(*(self._table.c[name] for name in _COLUMNS)).where(self._table.c.event_id == event_id).limit(1)
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            raise NotFound("dead_letter_not_found", "no such parked event")
        letter = DeadLetter(*row)
        replayer = self._replayers.get((letter.consumer, letter.stream))
        if replayer is None:
            raise Conflict("consumer_not_running", "the consumer of this event does not run here")
        mine = (self._table.c.event_id == event_id) & (self._table.c.consumer == letter.consumer)
        try:
            # Twice at once is harmless: the handler's inbox lets one of them have its effect.
            await replayer(letter)
        except Exception as error:
            async with self._database.connect() as connection:
                await connection.execute(
                    update(self._table).where(mine).values(attempts=self._table.c.attempts + 1, error=describe(error))
                )
            if isinstance(error, DomainError):
                raise
            raise Conflict("replay_failed", "the event was refused again") from error
        async with self._database.connect() as connection:
            await connection.execute(delete(self._table).where(mine))
        await self.count(letter.consumer)

    async def count(self, consumer: str) -> int:
        """Count a consumer's parked events and show them in the metrics."""
        async with self._database.connect() as connection:
            query = select(func.count()).select_from(self._table).where(self._table.c.consumer == consumer)
            number = int(await connection.scalar(query) or 0)
        DEAD_LETTERS.labels(consumer).set(number)
        return number

    async def count_forever(self, consumer: str) -> None:
        """Count now and then: other processes replay, and retention deletes."""
        while True:
            await asyncio.sleep(_COUNT_SECONDS)
            try:
                await self.count(consumer)
            except DomainError:
                _log.debug("how many events are parked is not known", exc_info=True)


_COLUMNS = tuple(DeadLetter.__dataclass_fields__)


def describe(error: BaseException) -> str:
    """Describe an error for a person without its data: kind and reason of ours, the class of others."""
    if isinstance(error, DomainError):
        return f"{type(error).__name__}: {error.reason}"
    return type(error).__name__
