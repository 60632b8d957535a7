"""Stripe's idempotency: the first answer under a key is stored and replayed, a 500 among them, for 24 hours.

The answer is written in the transaction of its effect, so after a crash either both are there or neither is.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from jitney.sandbox.psp.errors import invalid_parameter, key_reused

KEPT_SECONDS = 24 * 3600
_MAX_KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: the status, the JSON text, and the id of the request that it was made for."""

    status: int
    body: str
    request_id: str
    replayed: bool = False


def check_key(key: str) -> None:
    """Refuse a key that Stripe would not take."""
    if not 1 <= len(key) <= _MAX_KEY_LENGTH:
        raise invalid_parameter("Idempotency-Key must be between 1 and 255 characters.")


def stored_answer(connection: sqlite3.Connection, key: str, endpoint: str, fingerprint: str, now: int) -> Answer | None:
    """Find the answer that stands under a key.

    Args:
        connection: the transaction.
        key: as the client sent it.
        endpoint: method and path, for example `POST /v1/payment_intents`.
        fingerprint: of the parameters.
        now: Unix seconds; an answer older than a day is forgotten.

    Raises:
        StripeError: `idempotency_error`, when the key stands for another request.
    """
    row = connection.execute("SELECT * FROM idempotency WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row["created"] <= now - KEPT_SECONDS:
        connection.execute("DELETE FROM idempotency WHERE key = ?", (key,))
        return None
    hint = f"Try using a key other than '{key}' if you meant to execute a different request."
    if row["endpoint"] != endpoint:
        path, other = row["endpoint"].partition(" ")[2], endpoint.partition(" ")[2]
        raise key_reused(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{other}' vs '{path}'). {hint}"
        )
    if row["fingerprint"] != fingerprint:
        raise key_reused(
            f"Keys for idempotent requests can only be used with the same parameters they were first used with. {hint}"
        )
    return Answer(row["status"], row["body"], row["request_id"], replayed=True)


def store_answer(
    connection: sqlite3.Connection, key: str, endpoint: str, fingerprint: str, answer: Answer, now: int
) -> None:
    """Keep the answer under its key."""
    connection.execute(
        "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key, endpoint, fingerprint, answer.status, answer.body, answer.request_id, now),
    )


def forget_old(connection: sqlite3.Connection, now: int, limit: int) -> None:
    """Drop answers that are a day old, so many at a time."""
    connection.execute(
        """
        DELETE FROM idempotency
        WHERE key IN (SELECT key FROM idempotency WHERE created <= ? ORDER BY created LIMIT ?)
        """,
        (now - KEPT_SECONDS, limit),
    )
