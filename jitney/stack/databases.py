"""The databases of the services inside the embedded cluster: made once, checked at every start."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chassis.poolers import IDLE_IN_TRANSACTION_SECONDS, server_limits

if TYPE_CHECKING:
    from asyncpg import Connection

SERVICES = ("identity", "matching", "payment", "notification")
OWNED_APART = ("payment",)
"""Services whose role does not own its database: what they may not do to it, they cannot grant themselves either."""

_IDLE_SECONDS = {"jitney_matching": 5.0}
"""What a service allows its idle transactions where that is not the chassis' default."""


def database_of(service: str) -> str:
    """The name of a service's database, and of the service's role in it."""
    return f"jitney_{service}"


def owner_of(service: str) -> str:
    """The name of the role that owns a service's database."""
    return f"jitney_{service}_owner" if service in OWNED_APART else database_of(service)


async def provision(
    superuser_url: str, passwords: Mapping[str, str], owners: Mapping[str, tuple[str, str]] | None = None
) -> None:
    """Sees to it that each role exists with its password and has a database that it alone may connect to.

    Args:
        superuser_url: of the cluster.
        passwords: by name of role; the database has the same name.
        owners: by name of database, the role (and its password) that owns it where that is not the role of its name.
    """
    owners = owners or {}
    import asyncpg

    connection = await asyncpg.connect(superuser_url, timeout=30)
    try:
        roles = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        databases = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for name, password in (*passwords.items(), *owners.values()):
            if name not in roles:
                await connection.execute(
                    f"CREATE ROLE {_name(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{_plain(password)}'"
                )
        for name in passwords:
            owner = owners[name][0] if name in owners else name
            if name not in databases:
                await create_database(connection, name, owner=owner)
            elif owner != name:
                await _hand_over(superuser_url, name, owner)
            await _limit(connection, name)
        # What every role could enter by default: the database of the cluster itself.
        await connection.execute("REVOKE CONNECT, TEMPORARY ON DATABASE postgres FROM PUBLIC")
    finally:
        await connection.close()


async def create_database(connection: "Connection", name: str, *, owner: str, template: str = "template1") -> None:
    """Makes a database that its owner alone may connect to.

    The two statements cannot be one transaction; in between, a new database is open to all roles but empty.
    """
    await connection.execute(f"CREATE DATABASE {_name(name)} OWNER {_name(owner)} TEMPLATE {_name(template)}")
    await connection.execute(f"REVOKE CONNECT, TEMPORARY ON DATABASE {_name(name)} FROM PUBLIC")


async def _limit(connection: "Connection", name: str) -> None:
    """Writes down the limits of a service's statements with its role: what it cannot ask for through a pooler.

    A limit that an operator has set is left as it is.
    """
    rows = await connection.fetch(
        """
        SELECT split_part(unnest(setconfig), '=', 1) AS setting
        FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase JOIN pg_roles r ON r.oid = s.setrole
        WHERE d.datname = $1 AND r.rolname = $1
        """,
        name,
    )
    present = {row["setting"] for row in rows}
    limits = server_limits(idle_in_transaction_seconds=_IDLE_SECONDS.get(name, IDLE_IN_TRANSACTION_SECONDS))
    for setting, milliseconds in limits.items():
        if setting not in present:
            await connection.execute(
                f"ALTER ROLE {_name(name)} IN DATABASE {_name(name)} SET {setting} = {int(milliseconds)}"
            )


async def _hand_over(superuser_url: str, database: str, owner: str) -> None:
    """Gives a database and what its role owns in it to another role; nothing to do where that was done before."""
    import asyncpg

    connection = await asyncpg.connect(superuser_url, database=database, timeout=30)
    try:
        async with connection.transaction():
            await connection.execute(f"REASSIGN OWNED BY {_name(database)} TO {_name(owner)}")
    finally:
        await connection.close()


def _name(text: str) -> str:
    if not text.replace("_", "").isalnum():
        raise ValueError(f"not a plain name: {text!r}")
    return f'"{text}"'


def _plain(text: str) -> str:
    if not text.isalnum():
        raise ValueError("a password is letters and digits")
    return text
