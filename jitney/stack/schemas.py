"""Is the schema of a service up to date? Asked cheaply, so that an ordinary start need not load the migration tools."""

from chassis.revisions import head_revision


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
    return [row["version_num"] for row in versions] == [head_revision(f"{service}_service")]
