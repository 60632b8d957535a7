"""The queue of deliveries in Postgres: what is due, who has it, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, TextClause, select, text
from sqlalchemy.dialects.postgresql import insert

from chassis.database import Database
from notification_service.adapters.delivery_metrics import observe
from notification_service.adapters.postgres_codes import BRING_FORWARD, WIPE_WORDS
from notification_service.adapters.tables import provider_health
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import Attempt, DeliveryState, DueDelivery
from notification_service.domain.lanes import Lane
from notification_service.domain.preferences import MANDATORY, SUBJECT_OF, QuietHours, keeps_quiet
from notification_service.domain.provider_health import BreakerState, ProviderHealth
from notification_service.domain.sending import Content, Outgoing, Target
from shared_kernel.origins import Origin

# Of one ride and target only the earliest goes, so that news come in their order. A later one that went, or is on its
# way, makes an earlier one that turns up afterwards stale; of those with one collapse key only the last counts,
# but on a live stream, where an app is shown every change. What a person wishes is asked once more: hours may lie
# between the planning and now.
_CLAIM = text("""
    WITH due AS (
        SELECT d.delivery_id
        FROM delivery d
        WHERE d.channel = :channel AND d.priority = :priority AND d.state = 'pending' AND d.next_attempt_at <= :now
          AND (d.ride_version = 0 OR NOT EXISTS (
              SELECT FROM delivery earlier
              WHERE earlier.ride_id = d.ride_id AND earlier.channel = d.channel AND earlier.target = d.target
                AND earlier.ride_version > 0 AND earlier.ride_version <= d.ride_version
                AND earlier.state = 'pending' AND NOT earlier.unless_acknowledged
                AND (earlier.ride_version, earlier.delivery_id) < (d.ride_version, d.delivery_id)))
        ORDER BY d.next_attempt_at
        LIMIT :limit
        FOR UPDATE OF d SKIP LOCKED),
    claimed AS (
        UPDATE delivery
        SET attempts = attempts + 1, next_attempt_at = :claimed_until
        FROM due
        WHERE delivery.delivery_id = due.delivery_id
        RETURNING delivery.*)
    SELECT c.delivery_id, c.notification_id, c.channel, c.target, c.priority, c.attempts, c.account_id, c.device_id,
           c.provider, n.topic, n.locale, n.collapse_key, n.created_at, n.expires_at, n.live_type, n.live_data,
           n.traceparent, n.happened_at,
           n.contents -> c.channel AS content, device.token, device.platform,
           quiet.time_zone, quiet.begins_at, quiet.ends_at,
           CASE
             WHEN c.unless_acknowledged AND n.acknowledged_at IS NOT NULL THEN 'acknowledged'
             WHEN c.device_id IS NOT NULL AND device.device_id IS NULL THEN 'device_removed'
             WHEN campaign.state = 'stopped' THEN 'campaign_stopped'
             WHEN :is_chosen AND EXISTS (
                 SELECT FROM preference p
                 WHERE p.account_id = c.account_id AND p.subject = :subject AND p.channel = c.channel
                   AND NOT p.wanted) THEN 'not_wanted'
             WHEN c.ride_version > 0 AND EXISTS (
                 SELECT FROM delivery later
                 WHERE later.ride_id = c.ride_id AND later.channel = c.channel AND later.target = c.target
                   AND later.ride_version > c.ride_version
                   AND (later.state = 'sent' OR (later.state = 'pending' AND later.attempts > 0))) THEN 'superseded'
             WHEN n.collapse_key <> '' AND c.channel <> 'stream' AND c.ride_version > 0 AND EXISTS (
                 SELECT FROM delivery later JOIN notification newer USING (notification_id)
                 WHERE later.ride_id = c.ride_id AND later.channel = c.channel AND later.target = c.target
                   AND later.ride_version > c.ride_version AND later.state = 'pending'
                   AND later.unless_acknowledged = c.unless_acknowledged
                   AND newer.collapse_key = n.collapse_key) THEN 'collapsed'
             ELSE '' END AS moot_because
    FROM claimed c
    JOIN notification n ON n.notification_id = c.notification_id
    LEFT JOIN device ON device.device_id = c.device_id AND device.removed_at IS NULL
    LEFT JOIN campaign ON campaign.campaign_id = n.campaign_id
    LEFT JOIN quiet_hours quiet ON :keeps_quiet AND quiet.account_id = c.account_id
    ORDER BY c.delivery_id
""")

# A worker whose lease ran out meanwhile may still tell that a message went, since it did; nothing else.
_RECORD = text("""
    UPDATE delivery
    SET state = o.state, error = o.error, provider = o.provider, provider_message_id = o.provider_message_id,
        next_attempt_at = coalesce(o.next_attempt_at, delivery.next_attempt_at), finished_at = o.finished_at,
        attempts = delivery.attempts - o.uncounted,
        target = CASE WHEN o.finished_at IS NULL THEN delivery.target
                      WHEN delivery.target LIKE '+%' THEN '…' || right(delivery.target, 2)
                      WHEN delivery.target LIKE '%@%' THEN '…' || substr(delivery.target, strpos(delivery.target, '@'))
                      ELSE delivery.target END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:tries AS int[]), CAST(:states AS text[]), CAST(:errors AS text[]),
                CAST(:providers AS text[]), CAST(:message_ids AS text[]), CAST(:next_at AS timestamptz[]),
                CAST(:finished AS timestamptz[]), CAST(:uncounted AS int[]))
         AS o(delivery_id, tries, state, error, provider, provider_message_id, next_attempt_at, finished_at, uncounted)
    WHERE delivery.delivery_id = o.delivery_id AND delivery.state = 'pending'
      AND (o.state = 'sent' OR delivery.attempts = o.tries)
    RETURNING delivery.ride_version > 0 AND EXISTS (
        SELECT FROM delivery later
        WHERE later.ride_id = delivery.ride_id AND later.channel = delivery.channel AND later.target = delivery.target
          AND later.ride_version > 0 AND later.state = 'pending' AND later.delivery_id <> delivery.delivery_id)
        AS followed
""")

# Of deliveries that are still there, and held until the end: who is erased meanwhile takes theirs along.
_RECORD_EVENTS = text("""
    WITH kept AS MATERIALIZED (
        SELECT delivery_id FROM delivery WHERE delivery_id = ANY(CAST(:ids AS uuid[]))
        ORDER BY delivery_id
        FOR KEY SHARE)
    INSERT INTO delivery_event (delivery_id, happened_at, kind, provider, detail)
    SELECT e.delivery_id, e.happened_at, e.kind, e.provider, e.detail
    FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[]), CAST(:kinds AS text[]),
                CAST(:providers AS text[]), CAST(:details AS text[])) WITH ORDINALITY
         AS e(delivery_id, happened_at, kind, provider, detail, place)
    JOIN kept USING (delivery_id)
    ORDER BY e.place
""")

_REMOVE_DEVICES = text("""
    UPDATE device SET removed_at = :now, removed_because = 'unregistered', token = ''
    WHERE device_id = ANY(:device_ids) AND removed_at IS NULL
""")

_SUPPRESS = text("""
    INSERT INTO suppression (account_id, channel, reason, provider, suppressed_at)
    SELECT d.account_id, d.channel, o.reason, o.provider, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[]), CAST(:providers AS text[]))
         AS o(delivery_id, reason, provider)
    JOIN delivery d ON d.delivery_id = o.delivery_id
    WHERE d.account_id IS NOT NULL AND d.channel IN ('sms', 'voice', 'email')
    ON CONFLICT (account_id, channel) DO NOTHING
""")

_DUE_LANES = text("""
    SELECT lane.channel, lane.priority
    FROM unnest(CAST(:channels AS text[]), CAST(:priorities AS smallint[])) AS lane(channel, priority)
    WHERE EXISTS (
        SELECT FROM delivery d
        WHERE d.channel = lane.channel AND d.priority = lane.priority AND d.state = 'pending'
          AND d.next_attempt_at <= :now)
""")


class PostgresDeliveries:
    """The queue as the worker sees it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, lane: Lane, now: datetime, lease: timedelta, limit: int) -> Sequence[DueDelivery]:
        """Claim what is due in a lane, the longest due first, for the time of a lease."""
        subject = SUBJECT_OF[lane.priority]
        parameters = {
            "channel": lane.channel.value,
            "priority": lane.priority.value,
            "now": now,
            "claimed_until": now + lease,
            "limit": limit,
            "subject": subject.value,
            "is_chosen": subject not in MANDATORY,
            "keeps_quiet": keeps_quiet(lane.priority, lane.channel),
        }
        async with self._database.connect() as connection:
            return [_due(row) for row in await connection.execute(_CLAIM, parameters)]

    async def due_lanes(self, lanes: Sequence[Lane], now: datetime) -> set[tuple[Channel, Priority]]:
        """Tell in which lanes something is due."""
        parameters = {
            "channels": [lane.channel.value for lane in lanes],
            "priorities": [lane.priority.value for lane in lanes],
            "now": now,
        }
        async with self._database.connect() as connection:
            rows = await connection.execute(_DUE_LANES, parameters)
            return {(Channel(row.channel), Priority(row.priority)) for row in rows}

    async def record(self, attempts: Sequence[Attempt], now: datetime) -> bool:
        """Write down what became of claimed deliveries, and what follows for dead tokens and addresses; tell whether
        later news of their rides waited for them."""
        more = [(statement, parameters) for statement, parameters in _consequences(attempts, now) if parameters]
        if not more:
            # The usual case of a live stream, a thousand times a second: one trip instead of three.
            async with self._database.connect() as connection:
                followed = _any_followed(await connection.execute(_RECORD, _outcomes(attempts, now)))
            observe(attempts, now)
            return followed
        async with self._database.transaction() as connection:
            followed = _any_followed(await connection.execute(_RECORD, _outcomes(attempts, now)))
            for statement, parameters in more:
                await connection.execute(statement, parameters)
        observe(attempts, now)
        return followed

    async def note_health(self, health: ProviderHealth) -> None:
        """Keep how a provider stands now."""
        row = {
            "provider": health.provider,
            "state": health.state.value,
            "failures": health.failures,
            "open_until": health.open_until,
            "error": health.error,
            "changed_at": health.changed_at,
        }
        statement = insert(provider_health).values(row)
        async with self._database.connect() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["provider"], set_=row))

    async def health(self) -> Sequence[ProviderHealth]:
        """Read how the providers stood at their last change."""
        async with self._database.connect() as connection:
            rows = await connection.execute(select(provider_health).order_by(provider_health.c.provider))
            return [
                ProviderHealth(
                    row.provider, BreakerState(row.state), row.failures, row.open_until, row.error, row.changed_at
                )
                for row in rows
            ]


def _consequences(attempts: Sequence[Attempt], now: datetime) -> Iterator[tuple[TextClause, dict[str, Any]]]:
    """What is to be written beside the outcomes; no parameters: nothing."""
    over = [attempt for attempt in attempts if attempt.outcome.state is not DeliveryState.PENDING]
    dead = [attempt for attempt in attempts if attempt.outcome.dead_target]
    events = [(attempt.due.delivery_id, event) for attempt in attempts for event in attempt.events]
    device_ids = [attempt.due.device_id for attempt in dead if attempt.due.device_id is not None]
    spoken = [
        attempt.due.message.notification_id
        for attempt in over
        if attempt.due.message.channel in (Channel.SMS, Channel.VOICE, Channel.EMAIL)
    ]
    failed = [attempt.due.message.notification_id for attempt in over if attempt.outcome.state is DeliveryState.FAILED]
    told = {
        "ids": [delivery_id for delivery_id, _ in events],
        "times": [event.happened_at for _, event in events],
        "kinds": [event.kind for _, event in events],
        "providers": [event.provider for _, event in events],
        "details": [event.detail for _, event in events],
    }
    suppressed = {
        "ids": [attempt.due.delivery_id for attempt in dead],
        "reasons": [attempt.outcome.error for attempt in dead],
        "providers": [attempt.provider for attempt in dead],
        "now": now,
    }
    yield _RECORD_EVENTS, told if events else {}
    yield _REMOVE_DEVICES, {"device_ids": device_ids, "now": now} if device_ids else {}
    yield _SUPPRESS, suppressed if dead else {}
    # The notification before its deliveries, as a code that is called off: else the two could wait for each other.
    yield WIPE_WORDS, {"notification_ids": spoken} if spoken else {}
    yield BRING_FORWARD, {"notification_ids": failed, "now": now} if failed else {}


def _any_followed(rows: CursorResult[Any]) -> bool:
    return any(row.followed for row in rows)


def _due(row: Any) -> DueDelivery:
    message = Outgoing(
        notification_id=row.notification_id,
        channel=Channel(row.channel),
        topic=row.topic,
        priority=Priority(row.priority),
        expires_at=row.expires_at,
        content=Content(**row.content) if row.content else Content(),
        locale=row.locale,
        collapse_key=row.collapse_key,
        live_type=row.live_type,
        live_data=row.live_data,
        attempt=row.attempts,
        owed_at=row.created_at,
        origin=Origin(row.traceparent, row.happened_at),
    )
    target = Target(row.token, row.platform) if row.token else Target(row.target)
    return DueDelivery(
        delivery_id=row.delivery_id,
        attempts=row.attempts,
        message=message,
        target=target,
        account_id=row.account_id,
        device_id=row.device_id,
        last_provider=row.provider,
        moot_because=row.moot_because,
        quiet_hours=QuietHours(row.time_zone, row.begins_at, row.ends_at) if row.time_zone else None,
    )


def _outcomes(attempts: Sequence[Attempt], now: datetime) -> dict[str, list[Any]]:
    outcomes = [attempt.outcome for attempt in attempts]
    return {
        "ids": [attempt.due.delivery_id for attempt in attempts],
        "tries": [attempt.due.attempts for attempt in attempts],
        "states": [outcome.state.value for outcome in outcomes],
        "errors": [outcome.error for outcome in outcomes],
        "providers": [attempt.provider for attempt in attempts],
        "message_ids": [attempt.provider_message_id for attempt in attempts],
        "next_at": [outcome.next_attempt_at for outcome in outcomes],
        "finished": [None if outcome.state is DeliveryState.PENDING else now for outcome in outcomes],
        "uncounted": [int(outcome.uncounted) for outcome in outcomes],
    }
