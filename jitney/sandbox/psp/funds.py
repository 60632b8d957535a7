"""The balance of an account: what is available, and what will be. Kept as running sums, in minor units."""

from __future__ import annotations

import sqlite3
from collections import defaultdict


def add(
    connection: sqlite3.Connection, account: str, currency: str, amount_minor: int, available_on: int, now: int
) -> None:
    """Add to an account's balance (a negative amount takes away), from a time on."""
    if available_on <= now:
        _add_available(connection, account, currency, amount_minor)
        return
    connection.execute(
        """
        INSERT INTO coming_fund VALUES (?, ?, ?, ?) ON CONFLICT (account, currency, available_on)
        DO UPDATE SET amount_minor = amount_minor + excluded.amount_minor
        """,
        (account, currency, available_on, amount_minor),
    )


def available_minor(connection: sqlite3.Connection, account: str, currency: str, now: int) -> int:
    """Tell what may be spent; below nothing is possible, after refunds and disputes."""
    return _available(connection, account, now).get(currency, 0)


def balances(connection: sqlite3.Connection, account: str, now: int) -> tuple[dict[str, int], dict[str, int]]:
    """Tell what is available and what is pending, by currency."""
    available = _available(connection, account, now)
    pending: dict[str, int] = defaultdict(int)
    rows = connection.execute("SELECT currency, amount_minor FROM coming_fund WHERE account = ?", (account,))
    for row in rows:
        pending[row["currency"]] += row["amount_minor"]
    return available, dict(pending)


def _available(connection: sqlite3.Connection, account: str, now: int) -> dict[str, int]:
    due = connection.execute(
        "DELETE FROM coming_fund WHERE account = ? AND available_on <= ? RETURNING currency, amount_minor",
        (account, now),
    ).fetchall()
    for row in due:
        _add_available(connection, account, row["currency"], row["amount_minor"])
    rows = connection.execute("SELECT currency, amount_minor FROM fund WHERE account = ?", (account,))
    return {str(row["currency"]): int(row["amount_minor"]) for row in rows}


def _add_available(connection: sqlite3.Connection, account: str, currency: str, amount_minor: int) -> None:
    connection.execute(
        """
        INSERT INTO fund VALUES (?, ?, ?) ON CONFLICT (account, currency)
        DO UPDATE SET amount_minor = amount_minor + excluded.amount_minor
        """,
        (account, currency, amount_minor),
    )
