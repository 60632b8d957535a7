"""Sends what a transaction has to write, in as few statements as there are tables."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters import ledger, operations, payments, requests
from payment_service.adapters.arrays import array_values, rows_like
from payment_service.adapters.tables import outbox
from payment_service.adapters.write_behind import Writes

_EVENT_NAMES = ("id", "type", "aggregate_id", "aggregate_version", "occurred_at", "traceparent", "payload")
_EVENTS = rows_like("told", [outbox.c[name] for name in _EVENT_NAMES])
_TELL = insert(outbox).from_select(_EVENT_NAMES, select(*_EVENTS.c))


async def send_writes(connection: AsyncConnection, writes: Writes) -> None:
    """Send all of it: what is referred to before what refers to it, what is released before what takes it."""
    if writes.payments:
        await payments.write_saved(connection, list(writes.payments.values()))
    if writes.new_operations:
        await operations.write_new(connection, writes.new_operations)
    if writes.finished_operations:
        await operations.write_finished(connection, writes.finished_operations)
    if writes.set_aside:
        await ledger.write_set_aside(connection, writes.set_aside, also_lock=writes.entries)
    if writes.entries:
        await ledger.write_entries(connection, writes.entries)
    if writes.answered:
        await requests.write_answered(connection, writes.answered)
    if writes.brought:
        await requests.write_brought(connection, writes.brought)
    if writes.events:
        rows = [[event[name] for name in _EVENT_NAMES] for event in writes.events]
        await connection.execute(_TELL, array_values("told", _EVENT_NAMES, rows))
