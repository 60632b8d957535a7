"""What must never be true, as statements that find where it is."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from chassis.database import Database
from tests.fakes.matching_other_services import FakePayments

_LIVE = "('driver_en_route', 'arrived', 'in_progress')"

# `rides` and `drivers` are those of the round; everything is looked up by an index on one of them.
_WRONGS = {
    "a driver has two live rides": """
        SELECT driver_id FROM ride WHERE driver_id = ANY(:drivers) AND state IN {live}
        GROUP BY driver_id HAVING count(*) > 1""",
    "a driver is bound twice": """
        SELECT driver_id FROM assignment WHERE driver_id = ANY(:drivers) AND released_at IS NULL
        GROUP BY driver_id HAVING count(*) > 1""",
    "a ride is bound twice": """
        SELECT ride_id FROM assignment WHERE ride_id = ANY(:rides) AND released_at IS NULL
        GROUP BY ride_id HAVING count(*) > 1""",
    "a driver's assignments overlap": """
        SELECT a.driver_id FROM assignment a JOIN assignment b ON b.driver_id = a.driver_id AND b.id > a.id
            AND b.ride_id = ANY(:rides)
        WHERE a.ride_id = ANY(:rides)
            AND tstzrange(a.assigned_at, a.released_at) && tstzrange(b.assigned_at, b.released_at)""",
    "a driver has two open offers": """
        SELECT driver_id FROM offer WHERE driver_id = ANY(:drivers) AND state = 'open'
        GROUP BY driver_id HAVING count(*) > 1""",
    "a ride has two open offers that are no broadcast": """
        SELECT ride_id FROM offer WHERE ride_id = ANY(:rides) AND state = 'open'
        GROUP BY ride_id HAVING count(*) > 1 AND min(slot) = 0""",
    "a driver has an open offer and a live ride": """
        SELECT o.driver_id FROM offer o JOIN ride r ON r.driver_id = o.driver_id AND r.state IN {live}
        WHERE o.driver_id = ANY(:drivers) AND o.state = 'open'""",
    "a ride has two accepted offers": """
        SELECT ride_id FROM offer WHERE ride_id = ANY(:rides) AND state = 'accepted' AND NOT given_back
        GROUP BY ride_id HAVING count(*) > 1""",
    "a ride and its open offer do not agree": """
        SELECT r.id FROM ride r LEFT JOIN offer o ON o.ride_id = r.id AND o.state = 'open'
        WHERE r.id = ANY(:rides) AND CASE r.state WHEN 'offered' THEN o.id IS NULL
            WHEN 'driver_en_route' THEN o.driver_id = r.driver_id ELSE o.id IS NOT NULL END""",
    "a ride and its assignment do not agree": """
        SELECT r.id FROM ride r LEFT JOIN assignment a ON a.ride_id = r.id AND a.released_at IS NULL
        WHERE r.id = ANY(:rides) AND CASE WHEN r.state IN {live} THEN a.driver_id IS DISTINCT FROM r.driver_id
            ELSE a.id IS NOT NULL END""",
    "a ride is bound to a driver who did not accept it": """
        SELECT r.id FROM ride r WHERE r.id = ANY(:rides) AND r.state IN {live} AND r.swap_count = 0 AND NOT EXISTS (
            SELECT FROM offer o
            WHERE o.ride_id = r.id AND o.driver_id = r.driver_id AND o.state = 'accepted' AND NOT o.given_back)""",
    "an offer was accepted after its time": """
        SELECT o.ride_id FROM offer o JOIN ride r ON r.id = o.ride_id
        WHERE o.ride_id = ANY(:rides) AND o.state = 'accepted' AND o.closed_at >= o.expires_at
            + make_interval(secs => (r.terms ->> 'late_accept_seconds')::int)""",
    "an offer or a ride is with a driver who is offline": """
        SELECT d.id FROM unnest(CAST(:drivers AS uuid[])) AS d(id)
        WHERE NOT EXISTS (SELECT FROM shift s WHERE s.driver_id = d.id AND s.ended_at IS NULL)
            AND (EXISTS (SELECT FROM offer o WHERE o.driver_id = d.id AND o.state = 'open')
                OR EXISTS (SELECT FROM ride r WHERE r.driver_id = d.id AND r.state IN {live}))""",
    "the history of a ride has a gap or an illegal move": """
        SELECT ride_id FROM (
            SELECT t.ride_id, t.from_state, t.to_state,
                lag(t.to_state) OVER (PARTITION BY t.ride_id ORDER BY t.version) AS before
            FROM ride_transition t WHERE t.ride_id = ANY(:rides)) AS move
        WHERE from_state IS DISTINCT FROM before OR (from_state IS NOT NULL AND NOT EXISTS (
            SELECT FROM legal_ride_move l WHERE l.from_state = move.from_state AND l.to_state = move.to_state))""",
    "the history of a ride ends elsewhere than the ride": """
        SELECT r.id FROM ride r WHERE r.id = ANY(:rides) AND r.state IS DISTINCT FROM (
            SELECT t.to_state FROM ride_transition t WHERE t.ride_id = r.id ORDER BY t.version DESC LIMIT 1)""",
    "events of a ride were told twice or not at all": """
        SELECT r.id FROM ride r JOIN outbox o ON o.aggregate_id = r.id
        WHERE r.id = ANY(:rides) GROUP BY r.id
        HAVING count(*) <> count(DISTINCT o.aggregate_version) OR count(*) <> max(o.aggregate_version)""",
    "a payment does not fit its ride": """
        SELECT id FROM ride WHERE id = ANY(:rides) AND NOT CASE state
            WHEN 'completed' THEN payment_state IN ('capture_pending', 'captured')
            WHEN 'canceled_by_rider' THEN payment_state IN ('hold_pending', 'hold_declined')
                OR (fee_minor IS NULL AND payment_state IN ('void_pending', 'voided'))
                OR (fee_minor IS NOT NULL AND payment_state IN ('capture_pending', 'captured'))
            WHEN 'canceled_by_platform' THEN payment_state NOT IN ('held', 'capture_pending', 'captured')
            WHEN 'no_driver_available' THEN payment_state IN ('void_pending', 'voided')
            ELSE payment_state NOT IN ('void_pending', 'voided', 'hold_declined') END""",
}

_FIND = text(
    " UNION ALL ".join(
        "SELECT '{}' AS wrong, found.* FROM ({}) AS found(id)".format(name.replace("'", "''"), statement)  # noqa: S608
        for name, statement in _WRONGS.items()
    ).replace("{live}", _LIVE)
).bindparams(bindparam("rides", type_=ARRAY(Uuid)), bindparam("drivers", type_=ARRAY(Uuid)))


async def wrongs(database: Database, rides: Collection[UUID], drivers: Collection[UUID]) -> list[str]:
    """Return what is wrong with these rides and drivers; nothing, one hopes."""
    async with database.connect() as connection:
        rows = await connection.execute(_FIND, {"rides": list(rides), "drivers": list(drivers)})
        return [f"{wrong}: {found}" for wrong, found in rows]


_UNSETTLED = text(
    "SELECT count(*) FROM ride WHERE ended_at IS NOT NULL"
    " AND payment_state NOT IN ('captured', 'voided', 'hold_declined')"
)


_ENDED = text("SELECT id, driver_id, coalesce(fee_minor, fare_total_minor) FROM ride WHERE payment_state = 'captured'")


async def wrongly_captured(database: Database, payments: FakePayments) -> int:
    """Return how many rides were not captured for what is owed, or not for the driver who drove."""
    async with database.connect() as connection:
        rows = (await connection.execute(_ENDED)).all()
    owed = {ride_id: (driver_id, owed_minor) for ride_id, driver_id, owed_minor in rows}
    captured = {
        ride_id: (driver_id, sum(line.amount.amount_minor for line in lines))
        for ride_id, (driver_id, lines) in payments.captured.items()
    }
    return sum(owed.get(ride_id) != captured.get(ride_id) for ride_id in owed.keys() | captured.keys())


async def unsettled(database: Database) -> int:
    """Return how many rides have ended without the end of their payment; none after the saga came to rest."""
    async with database.connect() as connection:
        return int(await connection.scalar(_UNSETTLED) or 0)
