"""Owing messages: what is noted and written when events are taken in, any number of rows a statement.

Rows go as arrays, one a column, so that a statement's text stays the same whatever their number is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.telemetry import current_traceparent
from notification_service.domain.channels import Channel
from notification_service.domain.delivery import DeliveryState, DueDelivery
from notification_service.domain.planning import Planned
from notification_service.domain.sending import Content, Outgoing, Target
from notification_service.use_cases.ports import OwedMessage, Owing
from shared_kernel.ids import IdSource

# Sorted, so that two consumers that note the same events wait for each other instead of deadlocking; the rides
# likewise: who comes second sees the news that the first one stored.
_FIRST_TIMES = text("""
    WITH turns AS MATERIALIZED (
        SELECT count(pg_advisory_xact_lock(ride)) AS taken
        FROM (SELECT DISTINCT hashtextextended(ride_id::text, 0) AS ride
              FROM unnest(CAST(:ride_ids AS uuid[])) AS r(ride_id) ORDER BY ride) AS rides)
    INSERT INTO inbox (event_id, consumer)
    SELECT event_id, :consumer FROM unnest(CAST(:event_ids AS uuid[])) AS e(event_id)
    WHERE (SELECT taken FROM turns) >= 0
    ORDER BY event_id
    ON CONFLICT DO NOTHING
    RETURNING event_id
""")

# Both tables at once: of a message that was owed before, neither is written. What is to be handed over is claimed here,
# unless something of its ride is on its way to the same target, or something later went: then it takes its turn.
_OWE = text("""
    WITH owed AS (
        INSERT INTO notification (
            notification_id, dedupe_key, account_id, topic, priority, ride_id, ride_version, in_inbox, title, body,
            contents, locale, collapse_key, live_type, live_data, created_at, expires_at, marketing_on,
            template, template_version, traceparent, happened_at, campaign_id)
        SELECT notification_id, dedupe_key, account_id, topic, priority, ride_id, ride_version, in_inbox, title, body,
               CAST(contents AS jsonb), locale, collapse_key, live_type, live_data, created_at, expires_at,
               marketing_on, template, template_version, traceparent, happened_at, campaign_id
        FROM unnest(
            CAST(:n_notification_id AS uuid[]), CAST(:n_dedupe_key AS text[]), CAST(:n_account_id AS uuid[]),
            CAST(:n_topic AS text[]), CAST(:n_priority AS smallint[]), CAST(:n_ride_id AS uuid[]),
            CAST(:n_ride_version AS int[]), CAST(:n_in_inbox AS boolean[]), CAST(:n_title AS text[]),
            CAST(:n_body AS text[]), CAST(:n_contents AS text[]), CAST(:n_locale AS text[]),
            CAST(:n_collapse_key AS text[]), CAST(:n_live_type AS text[]), CAST(:n_live_data AS text[]),
            CAST(:n_created_at AS timestamptz[]), CAST(:n_expires_at AS timestamptz[]), CAST(:n_marketing_on AS date[]),
            CAST(:n_template AS text[]), CAST(:n_template_version AS text[]), CAST(:n_traceparent AS text[]),
            CAST(:n_happened_at AS timestamptz[]), CAST(:n_campaign_id AS uuid[]))
            AS n(notification_id, dedupe_key, account_id, topic, priority, ride_id, ride_version, in_inbox, title, body,
                 contents, locale, collapse_key, live_type, live_data, created_at, expires_at, marketing_on,
                 template, template_version, traceparent, happened_at, campaign_id)
        ON CONFLICT (dedupe_key) DO NOTHING
        RETURNING notification_id)
    INSERT INTO delivery (
        delivery_id, notification_id, channel, target, state, priority, account_id, ride_id, ride_version,
        next_attempt_at, finished_at, error, device_id, unless_acknowledged, attempts)
    SELECT d.delivery_id, d.notification_id, d.channel, d.target, d.state, d.priority, d.account_id, d.ride_id,
           d.ride_version, CASE WHEN handed.over THEN d.claimed_until ELSE d.next_attempt_at END, d.finished_at,
           d.error, d.device_id, d.unless_acknowledged, handed.over::int
    FROM unnest(
        CAST(:d_delivery_id AS uuid[]), CAST(:d_notification_id AS uuid[]), CAST(:d_channel AS text[]),
        CAST(:d_target AS text[]), CAST(:d_state AS text[]), CAST(:d_priority AS smallint[]),
        CAST(:d_account_id AS uuid[]), CAST(:d_ride_id AS uuid[]), CAST(:d_ride_version AS int[]),
        CAST(:d_next_attempt_at AS timestamptz[]), CAST(:d_finished_at AS timestamptz[]), CAST(:d_error AS text[]),
        CAST(:d_device_id AS uuid[]), CAST(:d_unless_acknowledged AS boolean[]),
        CAST(:d_claimed_until AS timestamptz[]))
        AS d(delivery_id, notification_id, channel, target, state, priority, account_id, ride_id, ride_version,
             next_attempt_at, finished_at, error, device_id, unless_acknowledged, claimed_until)
    CROSS JOIN LATERAL (
        SELECT d.claimed_until IS NOT NULL AND (d.ride_version = 0 OR NOT EXISTS (
            SELECT FROM delivery other
            WHERE other.ride_id = d.ride_id AND other.channel = d.channel AND other.target = d.target
              AND other.ride_version > 0
              AND (other.state = 'pending' AND NOT other.unless_acknowledged
                   OR other.state = 'sent' AND other.ride_version > d.ride_version))) AS over) AS handed
    WHERE d.notification_id IN (SELECT notification_id FROM owed)
    RETURNING delivery_id, attempts
""")


async def first_times(
    connection: AsyncConnection, event_ids: Sequence[UUID], ride_ids: Sequence[UUID], consumer: str
) -> set[UUID]:
    """Note events; return those that were not taken in before."""
    parameters = {"event_ids": list(event_ids), "ride_ids": list(ride_ids), "consumer": consumer}
    rows = await connection.execute(_FIRST_TIMES, parameters)
    return {row.event_id for row in rows}


async def owe(connection: AsyncConnection, messages: Sequence[OwedMessage], new_id: IdSource) -> Owing:
    """Store messages and their planned deliveries; one with a known dedupe key is left as it was."""
    notifications = [_notification(owed) for owed in messages]
    planned = {new_id(): (owed, each) for owed in messages for each in owed.planned}
    deliveries = [_delivery(delivery_id, *pair) for delivery_id, pair in planned.items()]
    rows = await connection.execute(
        _OWE, {**_columns("n", _NOTIFICATION_COLUMNS, notifications), **_columns("d", _DELIVERY_COLUMNS, deliveries)}
    )
    claimed = [_claimed(row.delivery_id, *planned.pop(row.delivery_id)) for row in rows if row.attempts]
    lanes = frozenset(
        (each.channel, owed.message.priority)
        for owed, each in planned.values()
        if each.state is DeliveryState.PENDING and each.next_attempt_at <= owed.created_at
    )
    return Owing(claimed, lanes)


def contents_of(contents: Mapping[Channel, Content]) -> dict[str, dict[str, str]]:
    """Write the words by channel as they are stored."""
    return {
        channel.value: {name: words for name, words in asdict(content).items() if words}
        for channel, content in contents.items()
    }


_NOTIFICATION_COLUMNS = (
    *("notification_id", "dedupe_key", "account_id", "topic", "priority", "ride_id", "ride_version", "in_inbox"),
    *("title", "body", "contents", "locale", "collapse_key", "live_type", "live_data", "created_at", "expires_at"),
    *("marketing_on", "template", "template_version", "traceparent", "happened_at", "campaign_id"),
)
_DELIVERY_COLUMNS = (
    *("delivery_id", "notification_id", "channel", "target", "state", "priority", "account_id", "ride_id"),
    *("ride_version", "next_attempt_at", "finished_at", "error", "device_id", "unless_acknowledged", "claimed_until"),
)


def _notification(owed: OwedMessage) -> tuple[object, ...]:
    message, inbox = owed.message, owed.contents.get(Channel.INBOX, Content())
    return (
        owed.notification_id,
        owed.dedupe_key,
        owed.owner or message.account_id,
        str(message.topic),
        message.priority.value,
        message.ride_id,
        owed.message.ride_version,
        any(planned.channel is Channel.INBOX for planned in owed.planned),
        inbox.title,
        inbox.body,
        # What stands in the inbox is not stored twice.
        json.dumps(contents_of({channel: words for channel, words in owed.contents.items() if words is not inbox})),
        owed.locale,
        message.collapse_key,
        owed.live_type,
        owed.live_data,
        owed.created_at,
        owed.expires_at,
        owed.marketing_on,
        message.template,
        owed.template_version,
        owed.origin.trace or current_traceparent(),
        owed.origin.happened_at,
        message.campaign_id,
    )


def _delivery(delivery_id: UUID, owed: OwedMessage, planned: Planned) -> tuple[object, ...]:
    return (
        delivery_id,
        owed.notification_id,
        planned.channel.value,
        planned.target,
        planned.state.value,
        owed.message.priority.value,
        owed.message.account_id,
        owed.message.ride_id,
        owed.message.ride_version,
        planned.next_attempt_at,
        None if planned.state is DeliveryState.PENDING else owed.created_at,
        planned.reason,
        planned.device_id,
        planned.unless_acknowledged,
        planned.claimed_until,
    )


def _claimed(delivery_id: UUID, owed: OwedMessage, planned: Planned) -> DueDelivery:
    message = Outgoing(
        notification_id=owed.notification_id,
        channel=planned.channel,
        topic=owed.message.topic.value,
        priority=owed.message.priority,
        expires_at=owed.expires_at,
        content=owed.contents.get(planned.channel, Content()),
        locale=owed.locale,
        collapse_key=owed.message.collapse_key,
        live_type=owed.live_type,
        live_data=owed.live_data,
        owed_at=owed.created_at,
        origin=owed.origin,
    )
    return DueDelivery(delivery_id, 1, message, Target(planned.target), owed.message.account_id)


def _columns(prefix: str, names: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, list[object]]:
    by_column = [list(values) for values in zip(*rows, strict=True)] if rows else [[] for _ in names]
    return {f"{prefix}_{name}": values for name, values in zip(names, by_column, strict=True)}
