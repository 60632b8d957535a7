"""Judges the events and what people were told: nothing unpublished, nothing unread by its consumer, nobody untold."""

from __future__ import annotations

from jitney.chaos.ground import Ground
from ridesharing.payment.v1 import events_pb2 as payment

PUBLISHERS = ("identity", "matching", "payment")
CONSUMERS = ("matching", "notification")
_PUBLISHED_TYPES = """
    SELECT id::text AS id, type, payload FROM outbox WHERE published_at IS NOT NULL
"""
_TOLD_OF = {"driver_arrived": "arrived", "ride_completed": "completed"}
"""What somebody must have been told of a ride, by the state that it came to."""
_TOLD_TWICE = """
    SELECT ride_id::text AS ride, account_id::text AS account, topic, ride_version, count(*) FROM notification
    WHERE ride_id IS NOT NULL AND in_inbox GROUP BY ride_id, account_id, topic, ride_version HAVING count(*) > 1
"""
_PARKED_WITHOUT_REASON = """
    SELECT delivery_id::text AS delivery, channel, state FROM delivery
    WHERE state IN ('failed', 'dropped') AND error = ''
"""


async def unfinished_messages(ground: Ground) -> list[str]:
    """Name what a quiet stack must have none of."""
    found: list[str] = []
    for service in PUBLISHERS:
        count = await ground.count(service, "SELECT count(*) FROM outbox WHERE published_at IS NULL")
        found += [f"{count} events of {service} are not published"] if count else []
    count = await ground.count(
        "notification", "SELECT count(*) FROM delivery WHERE state = 'pending' AND next_attempt_at <= now()"
    )
    found += [f"{count} deliveries are due"] if count else []
    return found + await unread_events(ground)


async def unread_events(ground: Ground) -> list[str]:
    """Name the consumer groups that have not read all of their stream, or not said so."""
    found: list[str] = []
    async with ground.redis() as redis:
        streams = [key async for key in redis.scan_iter(match="events:*", _type="stream")]
        for key in sorted(streams):
            # Redis does not know how many are unread where entries were trimmed: the places tell.
            last = (await redis.xinfo_stream(key))["last-generated-id"]
            for group in await redis.xinfo_groups(key):
                at, pending = group["last-delivered-id"], group["pending"]
                found += [f"{group['name']} has read {key} to {at}, and it goes to {last}"] if at != last else []
                found += [f"{group['name']} has not acknowledged {pending} events of {key}"] if pending else []
    return found


async def judge_messages(ground: Ground) -> list[str]:
    """Name every event without its effect, and every message owed that is neither there nor parked with a reason."""
    wrong = [f"told twice: {row}" for row in await ground.rows("notification", _TOLD_TWICE)]
    wrong += [f"parked without a reason: {row}" for row in await ground.rows("notification", _PARKED_WITHOUT_REASON)]
    for service in CONSUMERS:
        letters = await ground.rows(service, "SELECT type, consumer, attempts FROM dead_letters")
        wrong += [f"{service} parked an event: {row}" for row in letters]
    wrong += await _never_consumed(ground)
    for topic, state in _TOLD_OF.items():
        wrong += await _untold(ground, topic, state)
    return wrong


def is_told_to_nobody(event_type: str, payload: bytes) -> bool:
    """Tell whether an event is one of those of its type that a consumer passes by: of charges, tips alone are told."""
    if event_type != payment.ChargeCollected.DESCRIPTOR.full_name:
        return False
    return not payment.ChargeCollected.FromString(payload).tipped_driver_id


async def _never_consumed(ground: Ground) -> list[str]:
    """Name events of types that a consumer takes, of which it has not noted this one."""
    wrong: list[str] = []
    for consumer in CONSUMERS:
        noted = {row["id"] for row in await ground.rows(consumer, "SELECT event_id::text AS id FROM inbox")}
        for publisher in PUBLISHERS:
            events = await ground.rows(publisher, _PUBLISHED_TYPES)
            taken = {event["type"] for event in events if event["id"] in noted}
            missing = [
                event
                for event in events
                if event["type"] in taken
                and event["id"] not in noted
                and not is_told_to_nobody(event["type"], event["payload"])
            ]
            wrong += [f"{consumer} never took {event['type']} {event['id']} of {publisher}" for event in missing]
    return wrong


async def _untold(ground: Ground, topic: str, state: str) -> list[str]:
    told = {
        row["ride"]
        for row in await ground.rows(
            "notification", "SELECT DISTINCT ride_id::text AS ride FROM notification WHERE topic = $1", topic
        )
    }
    came = await ground.rows(
        "matching", "SELECT DISTINCT ride_id::text AS ride FROM ride_transition WHERE to_state = $1", state
    )
    return [f"nobody was told {topic} of ride {row['ride']}" for row in came if row["ride"] not in told]
