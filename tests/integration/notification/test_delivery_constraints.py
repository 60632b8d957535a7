"""What the database refuses of messages and their deliveries."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from notification_service.domain.channels import Channel
from tests.fakes.notification_senders import FakeSender
from tests.integration.notification.lanes import MARKETING, Town


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE delivery SET state = 'pending', finished_at = NULL",
        "UPDATE delivery SET state = 'failed', error = 'x'",
        "UPDATE delivery SET state = 'dropped', error = 'x'",
        "UPDATE delivery SET channel = 'pigeon'",
        "UPDATE delivery SET priority = 9",
        "INSERT INTO delivery (delivery_id, notification_id, channel, target, state, priority, next_attempt_at) "
        "SELECT gen_random_uuid(), notification_id, channel, target, 'pending', 1, now() FROM delivery",
        "INSERT INTO delivery (delivery_id, notification_id, channel, target, state, priority, next_attempt_at, "
        "finished_at) SELECT gen_random_uuid(), notification_id, channel, 'other', 'dropped', 1, now(), now() "
        "FROM delivery",
        "INSERT INTO preference VALUES (gen_random_uuid(), 'trips', 'push', false, now())",
        "INSERT INTO quiet_hours VALUES (gen_random_uuid(), 'UTC', '22:00', '22:00')",
        "INSERT INTO device VALUES (gen_random_uuid(), gen_random_uuid(), 'pager', 'rider', 't', now(), now())",
        "INSERT INTO device SELECT gen_random_uuid(), account_id, platform, app, token, now(), now() FROM device",
        "INSERT INTO provider_health VALUES ('p', 'open', 1, NULL, '', now())",
        "UPDATE notification SET marketing_on = current_date",
        "UPDATE notification SET dedupe_key = (SELECT dedupe_key FROM notification ORDER BY dedupe_key LIMIT 1)",
    ],
)
async def test_the_database_refuses_what_must_not_be(town: Town, attack: str) -> None:
    town.with_senders({Channel.SMS: [FakeSender("sms")]})
    await town.device("live-token")
    await town.owe()
    await town.deliver()
    await town.owe([])
    with pytest.raises(IntegrityError):
        await town.query(attack)


async def test_the_database_holds_marketing_to_one_a_day(town: Town) -> None:
    today = datetime(2026, 11, 22, tzinfo=UTC).date()
    await town.owe(priority=MARKETING, marketing_on=today)
    with pytest.raises(IntegrityError):
        await town.owe(priority=MARKETING, marketing_on=today)
