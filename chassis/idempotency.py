"""Idempotency: a mutation's key is claimed by inserting it, so that a repeated request replays the first answer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Update,
    bindparam,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from shared_kernel.errors import Conflict, InFlight

KEEP_SECONDS = 86_400
"""How long answers are kept for replay; clients repeat within minutes."""
LEASE_SECONDS = 60.0
"""After which an unfinished claim counts as abandoned (its process died between two transactions)."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The key is ours: do the work, then `complete` with its answer."""

    principal: str
    method: str
    key: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """The work was done before; this was its answer."""

    response: bytes


def idempotency_table(metadata: MetaData) -> Table:
    """Describe the table of a service's idempotency keys."""
    return Table(
        "idempotency_keys",
        metadata,
        Column("principal", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("response", LargeBinary),
        Column("claimed_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("principal", "method", "key"),
        Index(None, "claimed_at"),
    )


def fingerprint(*parts: object) -> bytes:
    """Digest (SHA-256) the fields that make two requests the same, listed explicitly by the caller.

    Each part is text, bytes, a number, a bool, None, or lists of those; numbers and their text differ.
    """
    return hashlib.sha256(json.dumps([_plain(part) for part in parts], separators=(",", ":")).encode()).digest()


async def claim(
    connection: AsyncConnection,
    table: Table,
    *,
    principal: str,
    method: str,
    key: str,
    fingerprint: bytes,
    now: datetime,
    lease_seconds: float = LEASE_SECONDS,
) -> Claimed | Replay:
    """Claim a key, or return the answer it stands for. Insert first: of many at once the database lets one through.

    In one transaction with the work, the others wait for it and then replay. In a transaction of its own (work that
    calls other services), the others are told to ask again, until the lease is over and one takes the work up.

    Raises:
        Conflict: `idempotency_key_reused`, the key came before with other fields.
        InFlight: `request_in_flight`.
    """
    columns = {"principal": principal, "method": method, "key": key}
    fresh = {**columns, "fingerprint": fingerprint, "claimed_at": now}
    if (await connection.execute(_claim(table), fresh)).first() is not None:
        return Claimed(**columns, claimed_at=now)
    mine = (table.c.principal == principal) & (table.c.method == method) & (table.c.key == key)
    row = (await connection.execute(select(table.c.fingerprint, table.c.response).where(mine))).first()
    if row is not None:
        if row.fingerprint != fingerprint:
            raise Conflict("idempotency_key_reused", "this key came before with a different request: make a new one")
        if row.response is not None:
            return Replay(row.response)
        abandoned = table.c.claimed_at <= now - timedelta(seconds=lease_seconds)
        takeover = update(table).where(mine, abandoned, table.c.response.is_(None)).values(claimed_at=now)
        if (await connection.execute(takeover.returning(table.c.key))).first() is not None:
            return Claimed(**columns, claimed_at=now)
    raise InFlight("request_in_flight", "the same request is being worked on", retry_after_seconds=1.0)


async def complete(connection: AsyncConnection, table: Table, claimed: Claimed, response: bytes) -> None:
    """Keep the answer, in the transaction of the work's last change.

    Raises:
        InFlight: `request_in_flight`, if the claim was taken over meanwhile: the transaction must not commit.
    """
    of = {"of_principal": claimed.principal, "of_method": claimed.method, "of_key": claimed.key}
    given = {**of, "since": claimed.claimed_at, "response": response}
    if (await connection.execute(_complete(table), given)).rowcount != 1:
        raise InFlight("request_in_flight", "the same request is being worked on", retry_after_seconds=1.0)


# Written once a table: to write a statement anew costs as much as to have it answered.
@cache
def _claim(table: Table) -> ReturningInsert[tuple[str]]:
    return insert(table).on_conflict_do_nothing().returning(table.c.key)


@cache
def _complete(table: Table) -> Update:
    mine = (table.c[name] == bindparam(f"of_{name}") for name in ("principal", "method", "key"))
    same = table.c.claimed_at == bindparam("since", type_=table.c.claimed_at.type)
    return update(table).where(*mine, same, table.c.response.is_(None))


def _plain(part: object) -> object:
    if isinstance(part, bytes):
        return {"bytes": part.hex()}
    if isinstance(part, list | tuple):
        parts: list[object] | tuple[object, ...] = part
        return [_plain(item) for item in parts]
    if part is None or isinstance(part, str | int | float):
        return part
    raise TypeError(f"{type(part).__name__} has no fingerprint; write it as text or a number")
