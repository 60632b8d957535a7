"""words that stand for reasons in the history of rides go where words stand.

In a revision after the one that writes them apart, so that no move is made meanwhile whose words stay. The history is
looked through once, and rides go on moving: that moves take no change is put aside for this transaction alone.
"""

from __future__ import annotations

from chassis.migrations import run_sql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_APPEND_ONLY = """
    CREATE OR REPLACE FUNCTION ride_transition_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {body}
    END $$
"""
_REFUSED = "RAISE EXCEPTION 'ride_transition is append-only' USING ERRCODE = 'restrict_violation';"
# What each move that somebody may give a cause of has for a reason by itself, as it stood with this revision; anything
# else there is words. Those of people who were erased meanwhile are not carried over.
_MOVED = """
    WITH candidate AS (
        SELECT move.ride_id, move.version, move.reason AS words, ride.delivery_failure, move.to_state, ride.rider_id,
            ride.rider_name = '' AND ride.start_pin = '0000' AS rider_erased,
            CASE move.to_state WHEN 'returning' THEN move.driver_id WHEN 'matching' THEN (
                SELECT before.driver_id FROM ride_transition before
                WHERE before.ride_id = move.ride_id AND before.version < move.version
                ORDER BY before.version DESC LIMIT 1
            ) END AS driver_id
        FROM ride_transition move JOIN ride ON ride.id = move.ride_id
        WHERE move.to_state = 'canceled_by_rider' AND move.reason NOT IN ('', 'rider_canceled')
            OR move.to_state = 'canceled_by_platform'
                AND move.reason NOT IN ('', 'operator_canceled', 'payment_unavailable', 'rider_busy')
            OR move.to_state = 'returning' AND move.reason NOT IN (
                '', 'recipient_absent', 'refused', 'address_wrong', 'age_not_shown', 'pin_not_known')
            OR move.to_state = 'matching' AND move.from_state IN ('driver_en_route', 'arrived')
                AND move.reason NOT IN ('', 'driver_canceled', 'operator_reassigned', 'pickup_moved')
    ), said AS MATERIALIZED (
        SELECT candidate.*, CASE candidate.to_state
            WHEN 'canceled_by_rider' THEN 'rider_canceled'
            WHEN 'canceled_by_platform' THEN 'operator_canceled'
            WHEN 'returning' THEN candidate.delivery_failure
            ELSE CASE WHEN EXISTS (
                SELECT FROM ride_exclusion
                WHERE ride_id = candidate.ride_id AND driver_id = candidate.driver_id AND cause = 'reassigned'
            ) THEN 'operator_reassigned' ELSE 'driver_canceled' END
        END AS reason
        FROM candidate
    ), mended AS (
        UPDATE ride_transition SET reason = said.reason FROM said
        WHERE ride_transition.ride_id = said.ride_id AND ride_transition.version = said.version
    ), kept AS (
        SELECT ride_id, version, words, rider_erased, CASE
            WHEN to_state = 'canceled_by_rider' THEN rider_id
            WHEN reason NOT IN ('operator_canceled', 'operator_reassigned') THEN driver_id
        END AS said_by
        FROM said
    )
    INSERT INTO ride_words (ride_id, version, said_by, words)
    SELECT ride_id, version, said_by, words FROM kept
    WHERE NOT rider_erased
        AND NOT EXISTS (SELECT FROM shift WHERE shift.driver_id = kept.said_by AND shift.driver_name = '')
"""


def upgrade() -> None:
    # Seen by this transaction alone until it is as it was: no lock, and nobody else's change is let through.
    run_sql(_APPEND_ONLY.format(body="RETURN NULL;"), _MOVED, _APPEND_ONLY.format(body=_REFUSED))


def downgrade() -> None:
    """Leave the words where they can be taken away."""
