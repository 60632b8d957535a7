"""The PSP's events in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, LargeBinary, Row, bindparam, literal, literal_column, select, tuple_, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters.arrays import array_values, rows_like
from payment_service.adapters.psp_event_tables import psp_event as table
from payment_service.domain.psp_event import PspEvent, PspEventState

# Written out instead of given each time: the planner knows then which partial index it may use.
_WAITS = table.c.state.in_(
    literal_column(f"'{state.value}'") for state in (PspEventState.RECEIVED, PspEventState.UNMATCHED)
)
_NAMES = ("id", "type", "object_id", "psp_payment_id", "operation_id", "account_id", "received_at")
MAX_MORE = 500
"""How many more events of the same objects are taken with those that are due."""
_FORGOTTEN = (PspEventState.APPLIED, PspEventState.IGNORED)


class PostgresPspEvents:
    """See `psp_events_repository.PspEvents`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def insert(self, events: Sequence[PspEvent]) -> set[str]:
        # In one order everywhere, so that two batches with events in common cannot wait for each other.
        rows = [_values(event) for event in sorted(events, key=lambda event: event.id)]
        return set(await self._connection.scalars(_INSERT, rows))

    async def get(self, event_id: str) -> PspEvent | None:
        row = (await self._connection.execute(select(table).where(table.c.id == event_id))).first()
        return None if row is None else _event(row)

    async def take_due(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[PspEvent]:
        given = {"now": now, "most": limit, "most_more": MAX_MORE, "due_at": lease_until}
        return [_event(row) for row in await self._connection.execute(_TAKE, given)]

    async def end(self, events: Sequence[PspEvent], state: PspEventState, detail: str, now: datetime) -> None:
        over_at = now if state in _FORGOTTEN else None
        values = {"state": state, "detail": detail, "over_at": over_at}
        await self._connection.execute(_OF_TRIES, _tries_of(events) | values)

    async def rest(self, events: Sequence[PspEvent], state: PspEventState, detail: str, due_at: datetime) -> None:
        values = {"state": state, "detail": detail, "due_at": due_at}
        await self._connection.execute(_OF_TRIES, _tries_of(events) | values)

    async def replay(self, event_id: str, now: datetime) -> PspEvent | None:
        statement = (
            update(table)
            .where(table.c.id == event_id, table.c.state == PspEventState.PARKED)
            .values(state=PspEventState.RECEIVED, tries=0, detail="", due_at=now)
            .returning(table)
        )
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _event(row)

    async def page(
        self, state: PspEventState | None, limit: int, after: tuple[datetime, str] | None
    ) -> Sequence[PspEvent]:
        order = tuple_(table.c.received_at, table.c.id)
        columns = [table.c[name] for name in (*_NAMES, "state", "tries", "detail")]
        statement = select(*columns, literal(b"", LargeBinary).label("payload"))
        if state is not None:
            statement = statement.where(table.c.state == state)
        if after is not None:
            statement = statement.where(order < tuple_(*after))
        statement = statement.order_by(table.c.received_at.desc(), table.c.id.desc()).limit(limit)
        return [_event(row) for row in await self._connection.execute(statement)]


def _values(event: PspEvent) -> dict[str, Any]:
    return {
        **{name: getattr(event, name) for name in _NAMES},
        "payload": event.payload,
        "state": event.state,
        "tries": event.tries,
        "detail": event.detail,
        "due_at": event.received_at,
        "over_at": event.received_at if event.state in _FORGOTTEN else None,
    }


def _locked(statement: Any, most: str) -> Any:
    return statement.limit(bindparam(most, type_=Integer)).with_for_update(skip_locked=True, key_share=True)


# Written once: to write a statement anew costs as much as to have it answered.
_INSERT = insert(table).on_conflict_do_nothing().returning(table.c.id)
_DUE = (_WAITS, table.c.due_at <= bindparam("now", type_=table.c.due_at.type))
_FIRST = _locked(select(table.c.id, table.c.object_id).where(*_DUE).order_by(table.c.due_at), "most").cte("first_due")
_SAME = _locked(
    select(table.c.id).where(
        *_DUE, table.c.object_id.in_(select(_FIRST.c.object_id)), table.c.id.not_in(select(_FIRST.c.id))
    ),
    "most_more",
).cte("same_objects")
_TAKEN = union_all(select(_FIRST.c.id), select(_SAME.c.id))
_TAKE = update(table).where(table.c.id.in_(_TAKEN)).values(tries=table.c.tries + 1).returning(table)
_TRIED_NAMES = ("id", "tries")
_TRIED = rows_like("tried", [table.c[name] for name in _TRIED_NAMES])
_OF_TRIES = update(table).where(*(table.c[name] == _TRIED.c[name] for name in _TRIED_NAMES), _WAITS)
"""Sets the columns that are given, of events whose try is still the last."""


def _tries_of(tried: Sequence[PspEvent]) -> dict[str, Any]:
    return array_values("tried", _TRIED_NAMES, [(event.id, event.tries) for event in tried])


def _event(row: Row[Any]) -> PspEvent:
    return PspEvent(
        **{name: getattr(row, name) for name in _NAMES},
        payload=row.payload,
        state=PspEventState(row.state),
        tries=row.tries,
        detail=row.detail,
    )
