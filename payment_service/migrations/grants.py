"""What the role of the service may do in a database that another role owns."""

from __future__ import annotations

from sqlalchemy import Connection, text

WALLED = (
    "account",
    "account_kind",
    "alembic_version",
    "balance",
    "balance_delta",
    "entry_kind",
    "entry_tally",
    "journal_entry",
    "posting",
)
"""Tables that only migrations and the ledger's functions write; besides them the tables of legal transitions."""
_FUNCTIONS = ("post_entries", "open_accounts", "set_aside", "lock_balances", "roll_up_balances")


def grant_service(connection: Connection, role: str) -> None:
    """Give the role all that the service needs and nothing else; run after every migration, for what is new."""
    quoted = connection.dialect.identifier_preparer.quote_identifier
    name, database = quoted(role), quoted(connection.execute(text("SELECT current_database()")).scalar_one())
    tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
    working = [quoted(table) for table in tables if table not in WALLED and not table.endswith("_transition")]
    for statement in (
        f"GRANT CONNECT ON DATABASE {database} TO {name}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT INSERT, UPDATE, DELETE ON {', '.join(sorted(working))} TO {name}",
        f"GRANT EXECUTE ON FUNCTION {', '.join(_FUNCTIONS)} TO {name}",
    ):
        connection.execute(text(statement))
