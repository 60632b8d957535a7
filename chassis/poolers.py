"""Poolers between a service and its database: what a connection may count on, and what is therefore left out.

Through a pooler in transaction mode each transaction, and each statement that stands alone, may come to another
connection of the server. Nothing of ours lives in a session: locks are those of transactions, nobody listens, no table
is temporary, nothing is `SET` but within a transaction. What is left are statements that a driver prepares by name, and
the limits that a connection asks for as it begins, which a pooler refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

STATEMENT_TIMEOUT_SECONDS = 10.0
IDLE_IN_TRANSACTION_SECONDS = 30.0


class Pooler(StrEnum):
    """What stands between a service and PostgreSQL."""

    NONE = "none"
    """Nothing, or a pooler in session mode: a connection is one of the server's for as long as it lasts."""
    TRANSACTION = "transaction"
    """A pooler in transaction mode that knows no prepared statements: pgbouncer of any version."""
    PREPARED = "prepared"
    """One that follows prepared statements: pgbouncer 1.21 or newer with `max_prepared_statements` above 0."""


def server_limits(
    statement_timeout_seconds: float = STATEMENT_TIMEOUT_SECONDS,
    idle_in_transaction_seconds: float = IDLE_IN_TRANSACTION_SECONDS,
) -> dict[str, str]:
    """Return the settings of the server that bound what a service does to it, in milliseconds."""
    return {
        "statement_timeout": str(int(statement_timeout_seconds * 1000)),
        "idle_in_transaction_session_timeout": str(int(idle_in_transaction_seconds * 1000)),
    }


def connect_arguments(pooler: Pooler, application_name: str, limits: Mapping[str, str]) -> dict[str, Any]:
    """Return what a connection is opened with, for SQLAlchemy's dialect over asyncpg.

    Args:
        pooler: what stands in between.
        application_name: shown in pg_stat_activity; poolers pass it on.
        limits: settings of the server for the session. Through a pooler they are the role's own: `jitney provision`
            writes them down.
    """
    if pooler is Pooler.NONE:
        return {"server_settings": {"application_name": application_name, **limits}}
    arguments: dict[str, Any] = {"server_settings": {"application_name": application_name}}
    if pooler is Pooler.TRANSACTION:
        # Without a name and without asyncpg's own cache, a statement is parsed anew in the same message that runs it.
        # SQLAlchemy's cache stays: it keeps what is known of parameters and columns, which saves a round trip.
        arguments |= {"statement_cache_size": 0, "prepared_statement_name_func": _no_name}
    return arguments


def _no_name() -> str:
    return ""
