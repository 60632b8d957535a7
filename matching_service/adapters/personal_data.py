"""What matching knows of a person: rides, shifts, ratings. Erased: names, words, and where they were.

Places of ended rides are rounded to a hundredth of a degree (about a kilometre), which still serves the planning of a
city and MDS reports; prices and times stay, for the books, under an id that names nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Numeric, Table, and_, case, cast, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.dead_letters import erase_letters
from chassis.personal_data import EXPORT_PAGE_ROWS
from matching_service.adapters.tables import (
    complaints,
    dead_letters,
    promotion_redemptions,
    promotion_tries,
    quotes,
    ratings_due,
    ride_edits,
    ride_ratings,
    ride_shares,
    ride_stops,
    ride_words,
    rides,
    shift_headings,
    shifts,
    told_arrivals,
    trip_alerts,
    trip_watches,
)
from matching_service.domain.ride_states import LIVE_STATES
from shared_kernel.erasures import erasure_blocked

_COARSE_DECIMALS = 2
_ERASED_PIN = "0000"
_ERASED_ORDER = {"recipient_name": "", "order_reference": "", "items": "", "shop_phone": "", "recipient_phone": ""}
_NOT_TOLD = frozenset({"start_pin", "hand_over_pin", "saga_error", "saga_attempts", "saga_leased_until", "terms"})
"""Columns that say nothing of a person, or open a ride."""
_OF_THE_RIDER = (
    "rider_id",
    "rider_name",
    "note",
    "words",
    "pickup_address",
    "dropoff_address",
    "delivery",
    "proof_reference",
    "promotion_id",
)


class MatchingPersonalData:
    """See `chassis.personal_data.PersonalData`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def blockers(self, account_id: UUID) -> Sequence[str]:
        """Return what stands in the way: a ride that is not over or not paid, a shift."""
        async with self._database.transaction() as connection:
            return await _blockers(connection, account_id)

    async def erase(self, account_id: UUID, request_id: str) -> None:  # noqa: ARG002 (done again, it changes nothing)
        """Erase a person, in one transaction with the look at what stands in the way."""
        async with self._database.transaction() as connection:
            blockers = await _blockers(connection, account_id)
            if blockers:
                raise erasure_blocked(blockers)
            await erase_letters(connection, dead_letters, account_id)
            asked = rides.c.rider_id == account_id
            mine = select(rides.c.id).where(asked)
            await connection.execute(
                update(ride_stops)
                .where(ride_stops.c.ride_id.in_(mine))
                .values(latitude=_coarse(ride_stops.c.latitude), longitude=_coarse(ride_stops.c.longitude), address="")
            )
            await connection.execute(
                update(rides)
                .where(asked)
                .values(
                    rider_name="",
                    note="",
                    words="",
                    start_pin=_ERASED_PIN,
                    pickup_address="",
                    dropoff_address="",
                    pickup_latitude=_coarse(rides.c.pickup_latitude),
                    pickup_longitude=_coarse(rides.c.pickup_longitude),
                    dropoff_latitude=_coarse(rides.c.dropoff_latitude),
                    dropoff_longitude=_coarse(rides.c.dropoff_longitude),
                    driven_to_latitude=_coarse(rides.c.driven_to_latitude),
                    driven_to_longitude=_coarse(rides.c.driven_to_longitude),
                    # Null, of a ride that is no delivery, stays null.
                    delivery=rides.c.delivery.op("||")(cast(_ERASED_ORDER, JSONB)),
                    proof_reference=case((rides.c.proof_reference.is_not(None), "")),
                )
            )
            await connection.execute(
                update(rides)
                .where(rides.c.driver_id == account_id)
                .values(driver_name="", vehicle_model="", vehicle_color="", vehicle_plate="")
            )
            # What was said of a ride asked for goes, whoever said it; of other rides, what this person said.
            said = ride_words.c.said_by == account_id
            spoken_of = select(ride_words.c.ride_id).where(said)
            await connection.execute(update(rides).where(rides.c.id.in_(spoken_of)).values(words=""))
            await connection.execute(delete(ride_words).where(said))
            await connection.execute(delete(ride_words).where(ride_words.c.ride_id.in_(mine)))
            await connection.execute(
                update(shifts)
                .where(shifts.c.driver_id == account_id)
                .values(
                    driver_name="",
                    vehicle_model="",
                    vehicle_color="",
                    vehicle_plate="",
                    heading_latitude=None,
                    heading_longitude=None,
                )
            )
            await connection.execute(update(complaints).where(complaints.c.rider_id == account_id).values(words=""))
            # What was redeemed stays, for the books, as the prices do.
            await connection.execute(delete(promotion_tries).where(promotion_tries.c.rider_id == account_id))
            await connection.execute(delete(shift_headings).where(shift_headings.c.driver_id == account_id))
            # Rides that were only priced, ways that one could have gone, and who may watch it: nobody asks any more.
            await connection.execute(delete(quotes).where(quotes.c.rider_id == account_id))
            await connection.execute(delete(ride_edits).where(ride_edits.c.ride_id.in_(mine)))
            await connection.execute(delete(ride_shares).where(ride_shares.c.ride_id.in_(mine)))
            # Nobody is left to be asked for stars.
            await connection.execute(delete(ratings_due).where(ratings_due.c.ride_id.in_(mine)))
            await connection.execute(delete(told_arrivals).where(told_arrivals.c.ride_id.in_(mine)))
            await connection.execute(delete(trip_watches).where(trip_watches.c.ride_id.in_(mine)))
            await connection.execute(delete(trip_alerts).where(trip_alerts.c.rider_id == account_id))
            # The stars are somebody else's; the words about them were this person's.
            party = select(rides.c.id).where(or_(asked, rides.c.driver_id == account_id))
            await connection.execute(
                update(ride_ratings)
                .where(ride_ratings.c.ride_id.in_(party), ride_ratings.c.rater_id == account_id)
                .values(comment="")
            )

    async def export(self, account_id: UUID, offset: int) -> tuple[Mapping[str, Sequence[Mapping[str, Any]]], bool]:
        """Return rides asked for and driven (without the riders), shifts, words, ratings, promotions and complaints."""
        async with self._database.transaction() as connection:
            asked = await _rows(connection, rides, rides.c.rider_id == account_id, offset)
            driven = await _rows(connection, rides, rides.c.driver_id == account_id, offset)
            worked = await _rows(connection, shifts, shifts.c.driver_id == account_id, offset)
            redeemed_by = promotion_redemptions.c.rider_id == account_id
            redeemed = await _rows(connection, promotion_redemptions, redeemed_by, offset)
            complained = await _rows(connection, complaints, complaints.c.rider_id == account_id, offset)
            party = select(rides.c.id).where(or_(rides.c.rider_id == account_id, rides.c.driver_id == account_id))
            mine = and_(ride_ratings.c.ride_id.in_(party), ride_ratings.c.rater_id == account_id)
            spoken = await _rows(connection, ride_words, ride_words.c.said_by == account_id, offset)
            rated = await _rows(connection, ride_ratings, mine, offset)
        for row in driven:
            for name in _OF_THE_RIDER:
                del row[name]
        lists = {"rides": asked, "rides_driven": driven, "shifts": worked, "ratings_given": rated}
        lists |= {"words_of_rides": spoken, "promotions_redeemed": redeemed, "complaints": complained}
        more = any(len(found) > EXPORT_PAGE_ROWS for found in lists.values())
        return {name: found[:EXPORT_PAGE_ROWS] for name, found in lists.items()}, more


async def _blockers(connection: AsyncConnection, account_id: UUID) -> list[str]:
    party = or_(rides.c.rider_id == account_id, rides.c.driver_id == account_id)
    live = exists().where(party, rides.c.state.in_([state.value for state in LIVE_STATES]))
    unpaid = exists().where(party, rides.c.saga_next_attempt_at.is_not(None))
    on_shift = exists().where(shifts.c.driver_id == account_id, shifts.c.ended_at.is_(None))
    row = (await connection.execute(select(live, unpaid, on_shift))).one()
    return [name for name, found in zip(("live_ride", "unsettled_ride", "open_shift"), row, strict=True) if found]


async def _rows(
    connection: AsyncConnection, table: Table, whose: ColumnElement[bool], offset: int
) -> list[dict[str, Any]]:
    columns = [column for column in table.c if column.name not in _NOT_TOLD]
    query = (
        select(*columns).where(whose).order_by(*table.primary_key.columns).offset(offset).limit(EXPORT_PAGE_ROWS + 1)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


def _coarse(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.round(cast(column, Numeric), _COARSE_DECIMALS), column.type)
