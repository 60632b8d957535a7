"""The oracle: what the ledger tells of each payment, of each refund, dispute, transfer and payout, and of each key.

It is read from the movements alone, never from what the API answered.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from jitney.sandbox.psp.errors import Json

MAX_PAGE = 1000
_SUMS = (
    "payment_intents",
    "authorized_minor",
    "captured_minor",
    "released_minor",
    "refunded_minor",
    "disputed_minor",
)
_EFFECTS = {
    "refund": ("refunds", "refund_failures_minor"),
    "dispute": ("disputes", "reinstated_minor"),
    "transfer": ("transfers", "reversed_minor"),
    "payout": ("payouts", "returned_payouts_minor"),
}
_SENT = {"transfer": "transferred_minor", "payout": "paid_out_minor"}
_COUNTS = {
    "authorizations": "authorize",
    "increments": "increment",
    "captures": "capture",
    "refunds": "refund",
    "failed_refunds": "refund_failed",
    "disputes": "dispute",
    "reinstatements": "dispute_reinstated",
}


def totals(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Add the whole ledger up, by currency, in minor units.

    `refunded_minor` and `disputed_minor` are what stayed away: a refund that failed and a dispute that was won are
    taken off again. `transferred_minor` and `paid_out_minor` are what was sent, what came back stands beside them.
    """
    rows = connection.execute(
        """
        SELECT currency, count(*) AS payment_intents, sum(authorized_minor) AS authorized_minor,
               sum(captured_minor) AS captured_minor, sum(released_minor) AS released_minor,
               sum(refunded_minor) AS refunded_minor, sum(disputed_minor) AS disputed_minor
        FROM ledger GROUP BY currency ORDER BY currency
        """
    )
    sums = {str(row["currency"]): {name: int(row[name]) for name in _SUMS} for row in rows}
    effects = connection.execute(
        """
        SELECT currency, kind, count(*) AS counted, sum(moved_minor) AS moved_minor, sum(returned_minor) AS back_minor
        FROM effect GROUP BY currency, kind
        """
    )
    for row in effects:
        line, (count, back) = sums.setdefault(str(row["currency"]), dict.fromkeys(_SUMS, 0)), _EFFECTS[row["kind"]]
        line |= {count: row["counted"], back: row["back_minor"]}
        if sent := _SENT.get(row["kind"]):
            line[sent] = row["moved_minor"]
    nothing = dict.fromkeys((*(name for pair in _EFFECTS.values() for name in pair), *_SENT.values()), 0)
    return {currency: {**nothing, **line} for currency, line in sums.items()}


def payments(
    connection: sqlite3.Connection,
    *,
    after: int = 0,
    limit: int = 100,
    intent_id: str | None = None,
    metadata: dict[str, str] | None = None,
) -> tuple[list[Json], int | None]:
    """Read payments' lines in the order of making, and where to go on from (None: that was all).

    `captures`, `authorizations`, `refunds` and so on count the movements, so a payment captured twice shows whatever
    its sums are.
    """
    columns = "ledger.payment_intent AS subject, ledger.*"
    rows, following = _lines(connection, "ledger", "payment_intent", columns, intent_id, metadata, [], after, limit)
    return [_payment(connection, row) for row in rows], following


def effects(
    connection: sqlite3.Connection,
    kind: str,
    *,
    after: int = 0,
    limit: int = 100,
    subject: str | None = None,
    metadata: dict[str, str] | None = None,
) -> tuple[list[Json], int | None]:
    """Read the lines of refunds, disputes, transfers or payouts, as `payments` does."""
    rows, following = _lines(
        connection, "effect", "subject", "effect.*", subject, metadata, [("effect.kind", kind)], after, limit
    )
    return [_effect(connection, row) for row in rows], following


def keys(
    connection: sqlite3.Connection, *, prefix: str = "", after: str = "", limit: int = 100
) -> tuple[list[Json], str | None]:
    """Read what was done under each idempotency key that begins so, in the order of the keys.

    `times` counts each kind of movement on each object: a number above one is money moved twice under one key.
    """
    found = connection.execute(
        """
        SELECT DISTINCT idempotency_key FROM movement
        WHERE idempotency_key > :after AND substr(idempotency_key, 1, length(:prefix)) = :prefix
          AND idempotency_key >= :prefix
        ORDER BY idempotency_key LIMIT :limit
        """,
        {"after": after, "prefix": prefix, "limit": limit + 1},
    ).fetchall()
    names = [str(row["idempotency_key"]) for row in found]
    return [_key(connection, name) for name in names[:limit]], names[limit - 1] if len(names) > limit else None


def _key(connection: sqlite3.Connection, key: str) -> Json:
    rows = connection.execute(
        """
        SELECT subject, kind, count(*) AS times, sum(amount_minor) AS amount_minor FROM movement
        WHERE idempotency_key = ? GROUP BY subject, kind ORDER BY min(seq)
        """,
        (key,),
    )
    return {"idempotency_key": key, "movements": [dict(row) for row in rows]}


def _lines(
    connection: sqlite3.Connection,
    table: str,
    identifier: str,
    columns: str,
    wanted: str | None,
    metadata: dict[str, str] | None,
    more: list[tuple[str, str]],
    after: int,
    limit: int,
) -> tuple[list[sqlite3.Row], int | None]:
    where, values = [f"{table}.seq > ?"], [str(after)]
    for column, value in (*more, *([(f"{table}.{identifier}", wanted)] if wanted is not None else [])):
        where.append(f"{column} = ?")
        values.append(value)
    for key, value in (metadata or {}).items():
        where.append("object.seq IN (SELECT object_seq FROM metadata WHERE key = ? AND value = ?)")
        values += [key, value]
    # The clauses are written here and above; every value is bound.
    statement = f"""
        SELECT {columns}, object.body FROM {table} JOIN object ON object.id = {table}.{identifier}
        WHERE {" AND ".join(where)} ORDER BY {table}.seq LIMIT ?
        """  # noqa: S608 (see above)
    rows = connection.execute(statement, (*values, limit + 1)).fetchall()
    return rows[:limit], int(rows[limit - 1]["seq"]) if len(rows) > limit else None


def _payment(connection: sqlite3.Connection, row: sqlite3.Row) -> Json:
    intent = json.loads(row["body"])
    counted: dict[str, Any] = {
        str(line["kind"]): line["times"]
        for line in connection.execute(
            "SELECT kind, count(*) AS times FROM movement WHERE payment_intent = ? GROUP BY kind", (intent["id"],)
        )
    }
    return {
        "payment_intent": row["payment_intent"],
        "status": intent["status"],
        "currency": row["currency"],
        **{name: row[name] for name in _SUMS[1:]},
        **{name: counted.get(kind, 0) for name, kind in _COUNTS.items()},
        "customer": intent["customer"],
        "metadata": intent["metadata"],
        "created": intent["created"],
    }


def _effect(connection: sqlite3.Connection, row: sqlite3.Row) -> Json:
    body = json.loads(row["body"])
    moved = connection.execute("SELECT count(*) AS times FROM movement WHERE subject = ?", (row["subject"],)).fetchone()
    return {
        row["kind"]: row["subject"],
        "status": body.get("status"),
        "account": row["account"] or None,
        "payment_intent": row["payment_intent"],
        "currency": row["currency"],
        "moved_minor": row["moved_minor"],
        "returned_minor": row["returned_minor"],
        "movements": moved["times"],
        "destination": body.get("destination"),
        "metadata": body.get("metadata") or {},
        "created": body["created"],
    }
