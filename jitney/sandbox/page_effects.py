"""What the page shows beside payments: refunds, disputes, transfers and payouts, and what is to come."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from jitney.sandbox.page_words import money

_SHOWN = 20
_SHOWN_TO_COME = 8
_WORDS: Final = {
    "refund": "Refund",
    "dispute": "Dispute",
    "transfer": "Transfer to a driver",
    "payout": "Payout to a driver",
}
_TONES: Final = {
    "succeeded": "good",
    "paid": "good",
    "won": "good",
    "pending": "warn",
    "in_transit": "warn",
    "needs_response": "warn",
    "under_review": "warn",
    "failed": "bad",
    "lost": "bad",
}
_TO_COME: Final = {
    "capture_settles": "the capture is done",
    "capture_fails": "the capture fails",
    "charge_settles": "the charge reaches the balance",
    "refund_succeeds": "the refund succeeds",
    "refund_fails": "the refund fails",
    "dispute_opens": "the cardholder disputes",
    "dispute_decided": "the dispute is decided",
    "dispute_lapses": "the dispute lapses",
    "payout_leaves": "the payout leaves",
    "payout_arrives": "the payout arrives",
    "payout_fails": "the payout fails",
    "settle": "the balance is paid out to our bank",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """One line of the table."""

    identifier: str
    what: str
    amount: str
    status: str
    tone: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that will happen by itself."""

    what: str
    subject: str
    due_at: datetime


def recent_effects(connection: sqlite3.Connection) -> list[Effect]:
    """Read the newest ones."""
    rows = connection.execute(
        """
        SELECT effect.kind, effect.account, effect.currency, moved_minor, returned_minor, object.body
        FROM effect JOIN object ON object.id = effect.subject ORDER BY effect.seq DESC LIMIT ?
        """,
        (_SHOWN,),
    )
    return [_effect(row) for row in rows]


def _effect(row: sqlite3.Row) -> Effect:
    body: dict[str, Any] = json.loads(row["body"])
    settlement = row["kind"] == "payout" and not row["account"]
    status = body.get("status") or ("reversed" if row["returned_minor"] == row["moved_minor"] else "paid")
    reason = body.get("failure_reason") or body.get("failure_code") or body.get("reason") or ""
    note = reason.replace("_", " ") or row["account"]
    back = f"{money(row['returned_minor'], row['currency'])} came back" if row["returned_minor"] else ""
    return Effect(
        identifier=body["id"],
        what="Settlement to our bank" if settlement else _WORDS[row["kind"]],
        amount=money(row["moved_minor"], row["currency"]),
        status=status.replace("_", " ").capitalize(),
        tone=_TONES.get(status, "quiet"),
        note=", ".join(text for text in (note, back) if text),
        created_at=datetime.fromtimestamp(body["created"], UTC),
    )


def coming(connection: sqlite3.Connection) -> list[Coming]:
    """Read what is to come next. Holds that expire are not worth a line: every hold does, in a week."""
    rows = connection.execute(
        "SELECT kind, subject, due_at FROM task WHERE kind <> 'hold_expires' ORDER BY due_at, seq LIMIT ?",
        (_SHOWN_TO_COME,),
    )
    return [Coming(_TO_COME[row["kind"]], row["subject"], datetime.fromtimestamp(row["due_at"], UTC)) for row in rows]
