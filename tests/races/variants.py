"""Broken variants, each with the race that must notice it: were one not noticed, the races would prove nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql.base import PGCompiler

from matching_service.adapters.postgres_transaction import PostgresTransaction
from matching_service.domain.offer import Offer
from matching_service.use_cases import accept_offer
from matching_service.use_cases.store_ports import Transaction
from tests.races.ground import Ground


@dataclass(frozen=True)
class Variant:
    """A way to break the service, and the race that it must lose."""

    race: str
    broken: Callable[[Ground], AbstractAsyncContextManager[None]]


def _patched(target: Any, name: str, broken: Any) -> Callable[[Ground], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def apply(_: Ground) -> AsyncGenerator[None]:
        with patch.object(target, name, broken):
            yield

    return apply


def _without(index: str, definition: str) -> Callable[[Ground], AbstractAsyncContextManager[None]]:
    """The index is dropped, and made anew once what it would have refused is gone."""

    @asynccontextmanager
    async def apply(ground: Ground) -> AsyncGenerator[None]:
        database = ground.databases[0]
        async with database.transaction() as connection:
            await connection.execute(text(f"DROP INDEX {index}"))
        try:
            yield
        finally:
            async with database.transaction() as connection:
                await connection.execute(
                    text("UPDATE offer SET state = 'withdrawn', closed_at = now() WHERE state = 'open'")
                )
                await connection.execute(text(f"CREATE UNIQUE INDEX {index} ON {definition}"))

    return apply


def _no_clause(self: PGCompiler, select: Any, **_: object) -> str:
    return ""


@asynccontextmanager
async def _without_row_locks(ground: Ground) -> AsyncGenerator[None]:
    """Statements are written once, so it is their text that loses the lock; what is known of it is forgotten."""

    def forget() -> None:
        for database in ground.databases:
            database.engine.clear_compiled_cache()

    with patch.object(PGCompiler, "for_update_clause", _no_clause):
        forget()
        yield
    forget()


def _never_over(self: Offer, now: datetime, grace_seconds: int) -> bool:
    return False


async def _not_asked(tx: Transaction, offer: Offer) -> bool:
    return False


class _AnyFence(int):
    __hash__ = int.__hash__

    def __ne__(self, other: object) -> bool:
        return False


async def _any_fence(self: PostgresTransaction, ride_id: UUID) -> int:
    return _AnyFence(0)


async def _not_excluded(self: PostgresTransaction, ride_id: UUID, driver_id: UUID) -> None:
    return None


async def _no_live_ride(self: PostgresTransaction, driver_id: UUID) -> None:
    return None


VARIANTS: Mapping[str, Variant] = {
    "a driver may have two open offers": Variant(
        "two_rides_for_one_driver",
        _without("uq_offer_open_driver", "offer (driver_id) WHERE state = 'open'"),
    ),
    "no row is locked": Variant("accept_vs_cancel", _without_row_locks),
    "the fence is not asked for": Variant(
        "two_owners_of_one_shard", _patched(PostgresTransaction, "keep_fence", _any_fence)
    ),
    "an offer never runs out": Variant("late_accept", _patched(Offer, "is_over", _never_over)),
    "nobody looks whether the driver is asked elsewhere": Variant(
        "late_accept", _patched(accept_offer, "_is_asked_elsewhere", _not_asked)
    ),
    "whoever gave the ride back is asked again": Variant(
        "reassign_vs_canceler", _patched(PostgresTransaction, "excluded_for", _not_excluded)
    ),
    "nobody looks whether the driver has a ride": Variant(
        "accept_vs_next_offer", _patched(PostgresTransaction, "live_ride_id_of_driver", _no_live_ride)
    ),
}
