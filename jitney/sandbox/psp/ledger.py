"""The oracle's pen: what really happened to the money, kept apart from the objects that the API shows.

Operations write movements; the database adds them up and refuses the impossible (see `jitney.sandbox.schema`). What was
written is read in `jitney.sandbox.psp.oracle`.
"""

from __future__ import annotations

import sqlite3
from enum import StrEnum


class Movement(StrEnum):
    """A way money moves at a processor."""

    AUTHORIZE = "authorize"
    INCREMENT = "increment"
    CAPTURE = "capture"
    RELEASE = "release"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    DISPUTE = "dispute"
    DISPUTE_REINSTATED = "dispute_reinstated"
    TRANSFER = "transfer"
    TRANSFER_REVERSED = "transfer_reversed"
    PAYOUT = "payout"
    PAYOUT_RETURNED = "payout_returned"


OUTWARD = frozenset({Movement.REFUND, Movement.DISPUTE, Movement.TRANSFER, Movement.PAYOUT})
"""What opens a line of its own, beside those of payments."""


class Ledger:
    """The ledger, seen from within one transaction."""

    def __init__(self, connection: sqlite3.Connection, idempotency_key: str | None = None) -> None:
        """Take the key under which the movements are asked for; None: nobody asked, or nobody gave a key."""
        self._connection = connection
        self._key = idempotency_key

    def open(self, intent_id: str, currency: str) -> None:
        """Open a line for a new payment intent."""
        self._connection.execute("INSERT INTO ledger (payment_intent, currency) VALUES (?, ?)", (intent_id, currency))

    def move(self, intent_id: str, movement: Movement, amount_minor: int, at: int) -> None:
        """Write what happened to a payment's own money; an impossible movement is an sqlite3.IntegrityError."""
        self._write(intent_id, movement, amount_minor, at, intent_id)

    def send(
        self,
        subject: str,
        movement: Movement,
        amount_minor: int,
        at: int,
        *,
        currency: str,
        account: str = "",
        intent_id: str | None = None,
    ) -> None:
        """Write that money went out with a refund, dispute, transfer or payout, or (see `OUTWARD`) came back of one."""
        if movement in OUTWARD:
            self._connection.execute(
                "INSERT INTO effect (subject, kind, payment_intent, account, currency) VALUES (?, ?, ?, ?, ?)",
                (subject, movement, intent_id, account, currency),
            )
        self._write(subject, movement, amount_minor, at, intent_id)

    def _write(self, subject: str, movement: Movement, amount_minor: int, at: int, intent_id: str | None) -> None:
        self._connection.execute(
            """
            INSERT INTO movement (subject, kind, payment_intent, amount_minor, idempotency_key, at)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            (subject, movement, intent_id, amount_minor, self._key, at),
        )
