"""`jitney provision`: the roles and databases of all services on a PostgreSQL that is empty, or has them already.

Reads JITNEY_POSTGRES_ADMIN_URL (a role that may create roles and databases) and each service's
JITNEY_<SERVICE>_DATABASE_URL; payment's owner from JITNEY_PAYMENT_OWNER_DATABASE_URL.
What is there already is left as it is, passwords included.
"""

import time
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from jitney.stack.databases import OWNED_APART, SERVICES, provision
from jitney.stack.environment import owner_setting
from jitney.stack.problems import StackError

ADMIN_SETTING = "JITNEY_POSTGRES_ADMIN_URL"
_PERIOD_SECONDS = 1.0


async def provision_from(environ: Mapping[str, str], patience_seconds: float) -> None:
    """Waits for the server, then makes what is missing.

    Raises:
        StackError: a setting is missing or names no role, or the server does not let us in.
    """
    import asyncio

    import asyncpg

    passwords: dict[str, str] = {}
    owners: dict[str, tuple[str, str]] = {}
    for service in SERVICES:
        role, password, database = _parts(environ, f"JITNEY_{service.upper()}_DATABASE_URL")
        if role != database:
            raise StackError(f"The role and the database of {service} must have the same name.")
        passwords[role] = password
        if service in OWNED_APART:
            owner, owner_password, _ = _parts(environ, owner_setting(service))
            owners[role] = (owner, owner_password)
    admin = environ.get(ADMIN_SETTING, "")
    if not admin:
        raise StackError(f"{ADMIN_SETTING} is not set.")
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return await provision(admin, passwords, owners)
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError) as error:
            if time.monotonic() >= deadline:
                raise StackError(f"The server of {ADMIN_SETTING} does not answer.") from error
            await asyncio.sleep(_PERIOD_SECONDS)
        except asyncpg.PostgresError as error:
            raise StackError(f"{ADMIN_SETTING}: {error}") from error


def _parts(environ: Mapping[str, str], setting: str) -> tuple[str, str, str]:
    parts = urlsplit(environ.get(setting, ""))
    role, password, database = parts.username, parts.password, parts.path.removeprefix("/")
    if not role or not password or not database:
        raise StackError(f"{setting} must be postgresql://ROLE:PASSWORD@HOST/DATABASE.")
    return unquote(role), unquote(password), database
