"""The oracle: what really happened to the money, kept apart from the objects that the API shows.

Operations write movements; the database adds them up and refuses the impossible (see the schema in
`jitney.sandbox.store`).
"""

from __future__ import annotations

import json
import sqlite3
from enum import StrEnum

from jitney.sandbox.psp.errors import Json

MAX_PAGE = 1000
_SUMS = ("payment_intents", "authorized_minor", "captured_minor", "released_minor", "refunded_minor")


class Movement(StrEnum):
    """A way money moves at a processor."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    RELEASE = "release"
    REFUND = "refund"


class Ledger:
    """The ledger, seen from within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def open(self, intent_id: str, currency: str) -> None:
        """Open a line for a new payment intent."""
        self._connection.execute("INSERT INTO ledger (payment_intent, currency) VALUES (?, ?)", (intent_id, currency))

    def move(self, intent_id: str, movement: Movement, amount_minor: int, at: int) -> None:
        """Write a movement; an impossible one is an sqlite3.IntegrityError, and a fault of the sandbox."""
        self._connection.execute(
            "INSERT INTO movement (payment_intent, kind, amount_minor, at) VALUES (?, ?, ?, ?)",
            (intent_id, movement, amount_minor, at),
        )


def totals(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Add the whole ledger up, by currency, in minor units."""
    rows = connection.execute(
        """
        SELECT currency, count(*) AS payment_intents, sum(authorized_minor) AS authorized_minor,
               sum(captured_minor) AS captured_minor, sum(released_minor) AS released_minor,
               sum(refunded_minor) AS refunded_minor
        FROM ledger GROUP BY currency ORDER BY currency
        """
    )
    return {str(row["currency"]): {name: row[name] for name in _SUMS} for row in rows}


def entries(
    connection: sqlite3.Connection,
    *,
    after: int = 0,
    limit: int = 100,
    intent_id: str | None = None,
    metadata: dict[str, str] | None = None,
) -> tuple[list[Json], int | None]:
    """Read lines in the order of making, and where to go on from (None: that was all).

    `captures`, `authorizations` and `refunds` count the movements, so a payment captured twice shows whatever its sums
    are.
    """
    where, values = ["ledger.seq > ?"], [str(after)]
    if intent_id is not None:
        where.append("ledger.payment_intent = ?")
        values.append(intent_id)
    for key, value in (metadata or {}).items():
        where.append("object.seq IN (SELECT object_seq FROM metadata WHERE key = ? AND value = ?)")
        values += [key, value]
    # The clauses are written above; every value is bound.
    statement = f"""
        SELECT ledger.seq, ledger.payment_intent, ledger.currency, authorized_minor, captured_minor, released_minor,
               refunded_minor, object.body,
               (SELECT count(*) FROM movement m WHERE m.payment_intent = object.id AND m.kind = 'authorize') AS
               authorizations, (SELECT count(*) FROM movement m WHERE m.payment_intent = object.id AND m.kind =
               'capture') AS captures, (SELECT count(*) FROM movement m WHERE m.payment_intent = object.id AND m.kind =
               'refund') AS refunds
        FROM ledger JOIN object ON object.id = ledger.payment_intent
        WHERE {" AND ".join(where)} ORDER BY ledger.seq LIMIT ?
        """  # noqa: S608 (see above)
    rows = connection.execute(statement, (*values, limit + 1)).fetchall()
    following = int(rows[limit - 1]["seq"]) if len(rows) > limit else None
    return [_entry(row) for row in rows[:limit]], following


def _entry(row: sqlite3.Row) -> Json:
    intent = json.loads(row["body"])
    return {
        "payment_intent": row["payment_intent"],
        "status": intent["status"],
        "currency": row["currency"],
        "authorized_minor": row["authorized_minor"],
        "captured_minor": row["captured_minor"],
        "released_minor": row["released_minor"],
        "refunded_minor": row["refunded_minor"],
        "authorizations": row["authorizations"],
        "captures": row["captures"],
        "refunds": row["refunds"],
        "customer": intent["customer"],
        "metadata": intent["metadata"],
        "created": intent["created"],
    }
