"""The databases of the services inside the embedded cluster: made once, checked at every start."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncpg import Connection

SERVICES = ("identity", "matching", "payment", "notification")


def database_of(service: str) -> str:
    """The name of a service's database, and of the role that owns it."""
    return f"jitney_{service}"


async def provision(superuser_url: str, passwords: Mapping[str, str]) -> None:
    """Sees to it that each role exists with its password and owns a database that it alone may connect to.

    Args:
        superuser_url: of the cluster.
        passwords: by name of role; the database has the same name.
    """
    import asyncpg

    connection = await asyncpg.connect(superuser_url, timeout=30)
    try:
        roles = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        databases = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for name, password in passwords.items():
            if name not in roles:
                await connection.execute(
                    f"CREATE ROLE {_name(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{_plain(password)}'"
                )
            if name not in databases:
                await create_database(connection, name, owner=name)
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


def _name(text: str) -> str:
    if not text.replace("_", "").isalnum():
        raise ValueError(f"not a plain name: {text!r}")
    return f'"{text}"'


def _plain(text: str) -> str:
    if not text.isalnum():
        raise ValueError("a password is letters and digits")
    return text
