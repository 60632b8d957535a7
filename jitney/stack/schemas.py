"""Is the schema of a service up to date? Asked cheaply, so that an ordinary start need not load the migration tools."""

import importlib.util
from pathlib import Path


def newest_revision(service: str) -> str | None:
    """The number of a service's newest migration, as its file name tells (`0002_ledger.py`); None without any."""
    spec = importlib.util.find_spec(f"{service}_service.migrations")
    if spec is None or spec.origin is None:
        return None
    files = sorted((Path(spec.origin).parent / "versions").glob("[0-9]*_*.py"))
    return files[-1].name.split("_", 1)[0] if files else None


async def is_current(service: str, url: str) -> bool:
    """True if the database certainly stands at the newest migration; False also where that cannot be told."""
    import asyncpg

    try:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            versions = await connection.fetch("SELECT version_num FROM alembic_version")
        finally:
            await connection.close()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return [row["version_num"] for row in versions] == [newest_revision(service)]
