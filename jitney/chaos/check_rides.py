"""Judges the rides by what the database recorded: their moves, their ends, and who was bound to whom when."""

from __future__ import annotations

from jitney.chaos.ground import Ground
from jitney.simulator.invariants import LEGAL_ENDS

_BROKEN_CHAINS = """
    SELECT ride_id::text AS ride, version, from_state, to_state FROM (
        SELECT *, lag(to_state) OVER (PARTITION BY ride_id ORDER BY version) AS before FROM ride_transition
    ) AS moved
    WHERE from_state IS DISTINCT FROM before
       OR (from_state IS NULL AND to_state NOT IN ('requested', 'scheduled'))
       OR (from_state IS NOT NULL AND NOT EXISTS (
            SELECT FROM legal_ride_move AS legal
            WHERE legal.from_state = moved.from_state AND legal.to_state = moved.to_state))
"""
_OTHER_STATE_THAN_RECORDED = """
    SELECT ride.id::text AS ride, ride.state, last.to_state FROM ride
    LEFT JOIN LATERAL (
        SELECT to_state FROM ride_transition WHERE ride_id = ride.id ORDER BY version DESC LIMIT 1
    ) AS last ON true
    WHERE last.to_state IS DISTINCT FROM ride.state
"""
_BOUND_TWICE = """
    SELECT a.ride_id::text AS one, b.ride_id::text AS other, a.driver_id::text AS driver FROM assignment a
    JOIN assignment b ON a.id < b.id
     AND tstzrange(a.assigned_at, a.released_at) && tstzrange(b.assigned_at, b.released_at)
    WHERE (a.driver_id = b.driver_id
           AND (a.run_id IS DISTINCT FROM b.run_id OR a.run_id IS NULL OR a.run_slot = b.run_slot))
       OR (a.ride_id = b.ride_id AND a.driver_id <> b.driver_id)
"""
# From the first move that makes it live to the one that ends it.
_RIDING_TWICE = """
    WITH lived AS (
        SELECT ride.id, ride.rider_id, tstzrange(
            min(moved.occurred_at) FILTER (WHERE moved.to_state <> 'scheduled'),
            min(moved.occurred_at) FILTER (WHERE NOT EXISTS (
                SELECT FROM legal_ride_move WHERE from_state = moved.to_state))) AS period
        FROM ride JOIN ride_transition AS moved ON moved.ride_id = ride.id
        WHERE ride.kind <> 'delivery' GROUP BY ride.id
    )
    SELECT a.id::text AS one, b.id::text AS other FROM lived a
    JOIN lived b ON a.rider_id = b.rider_id AND a.id < b.id AND a.period && b.period
"""
_OFFERED_TWICE = """
    SELECT a.id::text AS one, b.id::text AS other, a.driver_id::text AS driver FROM offer a
    JOIN offer b ON a.driver_id = b.driver_id AND a.id < b.id
     AND tstzrange(a.created_at, least(a.closed_at, a.expires_at)) &&
         tstzrange(b.created_at, least(b.closed_at, b.expires_at))
"""


async def unfinished_rides(ground: Ground) -> list[str]:
    """Name what a quiet city must have none of."""
    found = [
        f"ride {row['id']} is {row['state']}/{row['payment_state']}"
        for row in await ground.rows("matching", "SELECT id::text, state, payment_state FROM ride")
        if row["payment_state"] not in LEGAL_ENDS.get(row["state"], frozenset())
    ]
    open_offers = await ground.count("matching", "SELECT count(*) FROM offer WHERE state = 'open'")
    bound = await ground.count("matching", "SELECT count(*) FROM assignment WHERE released_at IS NULL")
    found += [f"{open_offers} offers are open"] if open_offers else []
    found += [f"{bound} drivers are bound to rides"] if bound else []
    return found


async def judge_rides(ground: Ground) -> list[str]:
    """Name every ride with a history that must not be: an illegal move, two drivers, two rides at a time."""
    return [
        *(f"an illegal move: {row}" for row in await ground.rows("matching", _BROKEN_CHAINS)),
        *(f"the last move is another: {row}" for row in await ground.rows("matching", _OTHER_STATE_THAN_RECORDED)),
        *(f"bound twice at a time: {row}" for row in await ground.rows("matching", _BOUND_TWICE)),
        *(f"a rider in two rides at a time: {row}" for row in await ground.rows("matching", _RIDING_TWICE)),
        *(f"a driver with two offers at a time: {row}" for row in await ground.rows("matching", _OFFERED_TWICE)),
    ]
