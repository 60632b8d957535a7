"""Promotions in Postgres: their rows within a transaction, and reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Exists,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.rows import Columns
from matching_service.adapters.tables.promotions import MOST_TRIES
from matching_service.domain.promotion import Promotion, Redemption
from matching_service.domain.quote import Discount
from matching_service.use_cases.promotion_ports import PromotionRecord
from shared_kernel.money import Money

TRY_WINDOW = timedelta(hours=1)
LOOK_SECONDS = 3.0
"""As old may be what a process knows of promotions that others made, as with city policies."""
MOST_USABLE = 20
"""So many promotions of one rider are compared for a quote: those that end first."""

_promotion, _redemption, _ride = tables.promotions.c, tables.promotion_redemptions.c, tables.rides.c
_COSTS_A_FARE = or_(_ride.ended_at.is_(None), _ride.state.in_(["completed", "returned"]))
"""Rides that have their promotion: under way, or made. All others gave it back."""


class PostgresPromotionRows:
    """The PromotionRows of production."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, promotion: Promotion) -> None:
        await self._connection.execute(insert(tables.promotions).values(**_promotion_row(promotion)))

    async def lock(self, promotion_id: UUID) -> Promotion | None:
        mine = select(tables.promotions).where(_promotion.id == promotion_id)
        return await self._promotion(mine.with_for_update(key_share=True))

    async def save_end(self, promotion: Promotion) -> None:
        values = {
            "ended_at": promotion.ended_at,
            "ended_by": promotion.ended_by,
            "end_note": promotion.end_note,
            "version": promotion.version,
        }
        mine = update(tables.promotions).where(_promotion.id == promotion.id)
        await self._connection.execute(mine.values(**values))

    async def by_code(self, code: str) -> Promotion | None:
        return await self._promotion(select(tables.promotions).where(_promotion.code == code))

    async def redeem(self, promotion_id: UUID, rider_id: UUID, now: datetime) -> None:
        values = {"promotion_id": promotion_id, "rider_id": rider_id, "redeemed_at": now}
        await self._connection.execute(insert(tables.promotion_redemptions).values(**values))

    async def redemption(self, promotion_id: UUID, rider_id: UUID) -> Redemption | None:
        mine = _redemptions().where(_redemption.promotion_id == promotion_id, _redemption.rider_id == rider_id)
        row = (await self._connection.execute(mine)).mappings().one_or_none()
        return None if row is None else _redemption_from(row)

    async def has_ridden(self, rider_id: UUID) -> bool:
        return bool(await self._connection.scalar(select(_has_ridden(rider_id))))

    async def count_try(self, rider_id: UUID, now: datetime) -> float | None:
        row = tables.promotion_tries.c
        over = row.window_began_at <= now - TRY_WINDOW
        first = upsert(tables.promotion_tries).values(rider_id=rider_id, window_began_at=now, tries=1)
        # One statement: of many at once, each waits for the row and counts from what it is then.
        counted = first.on_conflict_do_update(
            index_elements=["rider_id"],
            set_={
                "tries": case((over, 1), else_=row.tries + 1),
                "window_began_at": case((over, now), else_=row.window_began_at),
            },
            where=or_(over, row.tries < MOST_TRIES),
        )
        if await self._connection.scalar(counted.returning(row.tries)) is not None:
            return None
        began_at = await self._connection.scalar(select(row.window_began_at).where(row.rider_id == rider_id))
        left = TRY_WINDOW if began_at is None else began_at + TRY_WINDOW - now
        return max(1.0, left.total_seconds())

    async def forgive_try(self, rider_id: UUID) -> None:
        row = tables.promotion_tries.c
        mine = update(tables.promotion_tries).where(row.rider_id == rider_id, row.tries > 0)
        await self._connection.execute(mine.values(tries=row.tries - 1))

    async def _promotion(self, statement: Select[Any]) -> Promotion | None:
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        return None if row is None else _promotion_from(row)


class PostgresPromotions:
    """The PromotionReader of production.

    Prices are asked for all the time, and most of the time there is no promotion at all: whether there is one is
    known from a look at most three seconds old. A process knows of those that it made itself at once.
    """

    def __init__(self, database: Database, monotonic: Callable[[], float]) -> None:
        self._database = database
        self._monotonic = monotonic
        self._any_live = True
        self._look_again_at = -math.inf

    async def get(self, promotion_id: UUID) -> PromotionRecord | None:
        found = await self._records(_records().where(_promotion.id == promotion_id))
        return next(iter(found), None)

    async def page(self, limit: int, before: UUID | None) -> list[PromotionRecord]:
        statement = _records().order_by(_promotion.id.desc()).limit(limit)
        return await self._records(statement if before is None else statement.where(_promotion.id < before))

    async def redeemed(self, rider_id: UUID, limit: int) -> list[Redemption]:
        newest = _redemptions().where(_redemption.rider_id == rider_id).order_by(_redemption.redeemed_at.desc())
        async with self._database.connect() as connection:
            rows = (await connection.execute(newest.limit(limit))).mappings().all()
        return [_redemption_from(row) for row in rows]

    async def usable(self, rider_id: UUID, city: str, currency_code: str, now: datetime) -> Sequence[Promotion]:
        if not await self._is_any_live(now):
            return ()
        values = {"rider_id": rider_id, "city": city, "currency_code": currency_code, "now": now}
        async with self._database.connect() as connection:
            rows = (await connection.execute(_USABLE, values)).mappings().all()
        return [_promotion_from(row) for row in rows]

    async def _is_any_live(self, now: datetime) -> bool:
        moment = self._monotonic()
        if moment >= self._look_again_at:
            # Before the look: whoever asks meanwhile goes by the last one.
            self._look_again_at = moment + LOOK_SECONDS
            async with self._database.connect() as connection:
                self._any_live = bool(await connection.scalar(_ANY_LIVE, {"now": now}))
        return self._any_live

    async def _records(self, statement: Select[Any]) -> list[PromotionRecord]:
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        self._any_live = self._any_live or any(row["ended_at"] is None for row in rows)
        return [
            PromotionRecord(
                _promotion_from(row), row["use_count"], Money(row["currency_code"], int(row["taken_off_minor"]))
            )
            for row in rows
        ]


def _has_ridden(rider_id: UUID | BindParameter[UUID]) -> Exists:
    return exists().where(_ride.rider_id == rider_id, _COSTS_A_FARE)


_USABLE = (
    select(tables.promotions)
    .join(tables.promotion_redemptions, _redemption.promotion_id == _promotion.id)
    .where(_redemption.rider_id == bindparam("rider_id"), _redemption.uses < _redemption.uses_per_rider)
    .where(_promotion.ended_at.is_(None))
    .where(_promotion.starts_at <= bindparam("now"), _promotion.ends_at > bindparam("now"))
    .where(_promotion.currency_code == bindparam("currency_code"))
    .where(or_(_promotion.city == "", _promotion.city == bindparam("city")))
    .where(or_(_promotion.first_ride_only.is_(False), ~_has_ridden(bindparam("rider_id", type_=Uuid()))))
    .order_by(_promotion.ends_at, _promotion.id)
    .limit(MOST_USABLE)
)
_ANY_LIVE = select(exists().where(_promotion.ended_at.is_(None), _promotion.ends_at > bindparam("now")))
"""Made once: a price waits for them, and to write them anew each time takes longer than to answer them."""


def _records() -> Select[Any]:
    used = select(func.count()).where(_ride.promotion_id == _promotion.id, _COSTS_A_FARE)
    made = and_(_ride.promotion_id == _promotion.id, _ride.state.in_(["completed", "returned"]))
    taken_off = select(func.coalesce(func.sum(_ride.promotion_minor), 0)).where(made)
    return select(
        *_promotion,
        used.correlate(tables.promotions).scalar_subquery().label("use_count"),
        taken_off.correlate(tables.promotions).scalar_subquery().label("taken_off_minor"),
    )


def _redemptions() -> Select[Any]:
    return select(*_promotion, _redemption.rider_id, _redemption.redeemed_at, _redemption.uses).join(
        tables.promotion_redemptions, _redemption.promotion_id == _promotion.id
    )


def _promotion_row(promotion: Promotion) -> dict[str, Any]:
    discount = promotion.discount
    return {
        "id": promotion.id,
        "code": discount.code,
        "currency_code": discount.currency_code,
        "percent_off_basis_points": discount.percent_off_basis_points,
        "amount_off_minor": discount.amount_off_minor,
        "most_off_minor": discount.most_off_minor,
        "least_paid_minor": discount.least_paid_minor,
        "starts_at": promotion.starts_at,
        "ends_at": promotion.ends_at,
        "city": promotion.city,
        "products": sorted(promotion.products),
        "redemption_limit": promotion.redemption_limit,
        "uses_per_rider": promotion.uses_per_rider,
        "first_ride_only": promotion.first_ride_only,
        "note": promotion.note,
        "made_by": promotion.made_by,
        "made_at": promotion.made_at,
    }


def _promotion_from(row: Columns) -> Promotion:
    return Promotion(
        id=row["id"],
        discount=Discount(
            row["code"],
            row["currency_code"],
            row["percent_off_basis_points"],
            row["amount_off_minor"],
            row["most_off_minor"],
            row["least_paid_minor"],
        ),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        city=row["city"],
        products=frozenset(row["products"]),
        redemption_limit=row["redemption_limit"],
        uses_per_rider=row["uses_per_rider"],
        first_ride_only=row["first_ride_only"],
        note=row["note"],
        made_by=row["made_by"],
        made_at=row["made_at"],
        redemption_count=row["redemption_count"],
        version=row["version"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
        end_note=row["end_note"],
    )


def _redemption_from(row: Columns) -> Redemption:
    return Redemption(_promotion_from(row), row["rider_id"], row["redeemed_at"], row["uses"])
