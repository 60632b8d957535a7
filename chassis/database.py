"""Postgres: SQLAlchemy Core over asyncpg, a bounded pool, bounded statements, and outages told as DomainErrors."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, cast

from sqlalchemy import MetaData, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis.metrics import DATABASE_POOL_IN_USE, DATABASE_POOL_SIZE
from chassis.poolers import (
    IDLE_IN_TRANSACTION_SECONDS,
    STATEMENT_TIMEOUT_SECONDS,
    Pooler,
    connect_arguments,
    server_limits,
)
from shared_kernel.errors import DomainError, Unavailable, Unknown

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names every constraint by rule, so that migrations and errors can name them. A check's own name is its subject."""

_OUTAGE_STATES = ("08", "53", "57P01", "57P02", "57P03", "57P05")
"""SQLSTATE classes: connection, resources, shutdown, start-up, idle time-out (PostgreSQL manual, appendix A)."""
_BUSY_STATES = ("40001", "40P01", "55P03")
_TOO_SLOW_STATE = "57014"


def new_metadata() -> MetaData:
    """Make a service's MetaData with the naming convention of all services."""
    return MetaData(naming_convention=NAMING_CONVENTION)


def database_url(url: str, driver: str) -> URL:
    """Turn a libpq URL (`postgresql://…` or `postgres://…`) into SQLAlchemy's for a driver."""
    parsed = make_url(url)
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError("a database URL begins with postgresql://")
    return parsed.set(drivername=f"postgresql+{driver}")


def role_of(url: str) -> str:
    """Return the role that a libpq URL connects as; ValueError where it names none."""
    role = make_url(url).username
    if not role:
        raise ValueError("the database URL names no role")
    return role


class Database:
    """One service's database.

    All blocks raise DomainErrors for outages: Unavailable `database_unavailable` (does not answer), `database_busy`
    (pool used up; or deadlock, lock time-out: the message tells the two apart) and `database_timeout` (statement too
    slow), after which nothing was done; and Unknown `commit_unknown` where the connection was lost while committing.
    """

    def __init__(
        self,
        url: str,
        pool_size: int = 8,
        *,
        name: str = "",
        pool_timeout_seconds: float = 2.0,
        statement_timeout_seconds: float = STATEMENT_TIMEOUT_SECONDS,
        idle_in_transaction_seconds: float = IDLE_IN_TRANSACTION_SECONDS,
        pooler: Pooler = Pooler.NONE,
    ) -> None:
        """Prepare the pool; connections are made when first needed. `name` is shown in pg_stat_activity and metrics.

        A transaction whose process asks for nothing for `idle_in_transaction_seconds` is rolled back by the server.
        Through a pooler these limits are those of the role, and only the driver's own is ours.
        """
        target = database_url(url, "asyncpg")
        self.name = name or target.database or "jitney"
        self.engine: AsyncEngine = create_async_engine(
            target,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_timeout_seconds,
            pool_recycle=1800,
            pool_use_lifo=True,
            connect_args={
                "timeout": 5,
                # Beyond the server's own limit: for the case where the server no longer answers at all.
                "command_timeout": statement_timeout_seconds + 5,
                **connect_arguments(
                    pooler,
                    f"jitney {self.name}",
                    server_limits(statement_timeout_seconds, idle_in_transaction_seconds),
                ),
            },
        )
        self._snapshots = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # The same pool; each statement is its own transaction, which saves BEGIN and COMMIT.
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        pool = cast("_CountingPool", self.engine.pool)
        DATABASE_POOL_SIZE.labels(self.name).set(pool_size)
        DATABASE_POOL_IN_USE.labels(self.name).set_function(pool.checkedout)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """Run a block in one transaction: committed when it ends, rolled back when it raises."""
        committing = False
        try:
            async with self.engine.connect() as connection:
                transaction = await connection.begin()
                try:
                    yield connection
                except BaseException:
                    await _roll_back(transaction)
                    raise
                committing = True
                await transaction.commit()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            outage = as_outage(error)
            if outage is None:
                raise
            if committing and outage.reason != "database_busy":
                raise Unknown("commit_unknown", "the connection was lost while the change was being saved") from error
            raise outage from error

    def connect(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Lend a connection on which each statement stands alone: for reads and for one-statement writes."""
        return self._lend(self._autocommit)

    def snapshot(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Run reads that see one and the same moment, in a transaction that can write nothing."""
        return self._lend(self._snapshots)

    @asynccontextmanager
    async def _lend(self, engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
        try:
            async with engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            outage = as_outage(error)
            if outage is None:
                raise
            raise outage from error

    async def ping(self) -> None:
        """Ask the database for a sign of life; a readiness probe."""
        async with self.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def schema_suffices(self, head: str) -> bool:
        """Tell whether the schema stands at a migration or a later one; a readiness probe. An empty database does not.

        Migrations are numbered in their order and expand before they contract, so that what runs goes on while the
        next release migrates, and after that is taken back.
        """
        async with self.connect() as connection:
            present = await connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
            if not present:
                return False
            version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            return version is not None and int(version) >= int(head)

    async def dispose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


class _CountingPool(Protocol):
    def checkedout(self) -> int: ...


def as_outage(error: BaseException) -> DomainError | None:
    """Tell an outage (nothing done, ask again) from a mistake; None for the latter."""
    state = _sqlstate(error)
    if isinstance(error, PoolTimeoutError):
        return Unavailable("database_busy", "all connections of this process to the database are in use")
    if state.startswith(_BUSY_STATES):
        return Unavailable("database_busy", "another change is in the way of this one")
    if state == _TOO_SLOW_STATE:
        return Unavailable("database_timeout", "the database took too long")
    if isinstance(error, DBAPIError):
        lost = error.connection_invalidated or state.startswith(_OUTAGE_STATES) or _is_connection_loss(error.orig)
    else:
        lost = isinstance(error, OSError | TimeoutError)
    return Unavailable("database_unavailable", "the database does not answer") if lost else None


def _sqlstate(error: BaseException) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "") if isinstance(error, DBAPIError) else ""


def _is_connection_loss(error: BaseException | None) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        # asyncpg reports a closed connection as InterfaceError without a state.
        if isinstance(cause, OSError | TimeoutError) or "connection is closed" in str(cause):
            return True
        cause = cause.__cause__
    return False


async def _roll_back(transaction: Any) -> None:
    try:
        await transaction.rollback()
    except (SQLAlchemyError, OSError):
        # The connection is gone, and with it the transaction; the error of the block is the one to tell.
        return
