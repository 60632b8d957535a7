"""Share links and ratings in Postgres."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.domain.rating import RatedPart, Rating, RatingSummary
from matching_service.domain.share import Share


class PostgresShares:
    """The Shares of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def revoke(self, ride_id: UUID) -> None:
        row = tables.ride_shares.c
        # The row stays, with how often the link was sent; what no token hashes to, nobody has.
        statement = update(tables.ride_shares).where(row.ride_id == ride_id)
        statement = statement.values(token_hash=func.sha256(row.token_hash))
        async with self._database.transaction() as connection:
            await connection.execute(statement)

    async def find(self, token_hash: bytes, now: datetime) -> Share | None:
        row = tables.ride_shares.c
        statement = select(tables.ride_shares).where(row.token_hash == token_hash, row.expires_at > now)
        async with self._database.transaction() as connection:
            found = (await connection.execute(statement)).mappings().one_or_none()
        if found is None:
            return None
        return Share(found["ride_id"], found["token_hash"], found["created_at"], found["expires_at"])


async def keep_share(connection: AsyncConnection, made: Share, *, is_sent: bool) -> None:
    """Keep the link of a locked ride in place of its former one, and count whether it is sent to contacts."""
    sent = tables.ride_shares.c.sent_count + int(is_sent)
    values = {"token_hash": made.token_hash, "created_at": made.created_at, "expires_at": made.expires_at}
    statement = insert(tables.ride_shares).values(ride_id=made.ride_id, sent_count=int(is_sent), **values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["ride_id"], set_={**values, "sent_count": sent})
    )


async def prolong_share(connection: AsyncConnection, ride_id: UUID, until: datetime) -> None:
    """Let the link of a locked ride, if it has one, live until then at least."""
    row = tables.ride_shares.c
    mine = update(tables.ride_shares).where(row.ride_id == ride_id, row.expires_at < until)
    await connection.execute(mine.values(expires_at=until))


async def owe_rating_reminder(connection: AsyncConnection, ride_id: UUID, due_at: datetime) -> None:
    """Have the rider of a ride asked for stars at a time."""
    await connection.execute(insert(tables.ratings_due).values(ride_id=ride_id, due_at=due_at))


async def take_rating_reminder(connection: AsyncConnection, ride_id: UUID, now: datetime) -> bool:
    """Take what is owed to the rider of a ride at a moment; False if nothing is, or somebody took it."""
    row = tables.ratings_due.c
    taken = delete(tables.ratings_due).where(row.ride_id == ride_id, row.due_at <= now).returning(row.ride_id)
    return await connection.scalar(taken) is not None


async def is_driver_rated(connection: AsyncConnection, ride_id: UUID) -> bool:
    """Tell whether the rider of a ride has rated its driver."""
    row = tables.ride_ratings.c
    mine = select(row.ride_id).where(row.ride_id == ride_id, row.rated_part == RatedPart.DRIVER.value)
    return await connection.scalar(mine) is not None


class PostgresRatings:
    """The Ratings of production."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, rating: Rating) -> Rating:
        row = tables.ride_ratings.c
        fresh = insert(tables.ride_ratings).values(
            ride_id=rating.ride_id,
            rated_part=rating.rated_part.value,
            rated_id=rating.rated_id,
            rater_id=rating.rater_id,
            stars=rating.stars,
            comment=rating.comment,
            created_at=rating.created_at,
        )
        mine = select(tables.ride_ratings).where(
            row.ride_id == rating.ride_id, row.rated_part == rating.rated_part.value
        )
        async with self._database.transaction() as connection:
            await connection.execute(fresh.on_conflict_do_nothing())
            kept = (await connection.execute(mine)).mappings().one()
        return Rating(
            kept["ride_id"],
            RatedPart(kept["rated_part"]),
            kept["rated_id"],
            kept["rater_id"],
            kept["stars"],
            kept["comment"],
            kept["created_at"],
        )

    async def summary(self, rated_id: UUID, rated_part: RatedPart, latest: int) -> RatingSummary:
        row = tables.ride_ratings.c
        counted = (
            select(row.stars)
            .where(row.rated_id == rated_id, row.rated_part == rated_part.value)
            .order_by(row.created_at.desc())
            .limit(latest)
            .subquery()
        )
        stars = counted.c.stars
        statement = select(func.count(stars), func.coalesce(func.round(func.avg(stars) * 1000), 0))
        async with self._database.transaction() as connection:
            count, mean = (await connection.execute(statement)).one()
        return RatingSummary(count, int(mean))
