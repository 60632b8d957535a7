"""What is known of a person is told whole and erased, and found by indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis
from sqlalchemy import event, text

from chassis.database import Database
from chassis.seals import KeyRing
from notification_service.adapters.personal_data import NotificationPersonalData
from notification_service.adapters.postgres import PostgresStore
from notification_service.adapters.postgres_safety import PostgresSafety
from notification_service.adapters.postgres_webhooks import PostgresWebhooks
from notification_service.adapters.tables import metadata
from notification_service.adapters.webhook_poster import WebhookPoster
from notification_service.domain.facts import Happening
from notification_service.use_cases.keep_webhooks import KeepWebhooks
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.raise_sos import RaiseSos
from shared_kernel.ids import Uuid7Source, to_public_id
from tests.fakes.notification_templates import TEMPLATES
from tests.integration.notification.conftest import SetClock
from tests.integration.notification.test_deliveries import fresh
from tests.integration.notification.test_sos import PLACE, FakeNames

_OTHERS = """
    INSERT INTO notification (notification_id, dedupe_key, account_id, topic, priority, in_inbox, title, body,
                              live_type, live_data, created_at, expires_at)
    SELECT gen_random_uuid(), n::text, gen_random_uuid(), 'receipt_ready', 2, false, '', '', '', '', now(), now()
    FROM generate_series(1, 2000) AS n;
    INSERT INTO delivery (delivery_id, notification_id, channel, target, state, priority, account_id, next_attempt_at)
    SELECT gen_random_uuid(), notification_id, 'push', '', 'pending', 2, account_id, now() FROM notification;
    ANALYZE notification, delivery
"""


@pytest.fixture
def personal_data(database: Database, redis: Redis) -> NotificationPersonalData:
    return NotificationPersonalData(database, redis, metadata)


async def scans_of(database: Database, statement: str, parameters: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return how a statement looks through tables, where looking through them whole is the last resort."""
    async with database.engine.connect() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        driver: Any = (await connection.get_raw_connection()).driver_connection
        [plan] = await driver.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *parameters)
    return [node for node in _nodes(plan["Plan"]) if node["Node Type"].endswith("Scan")]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


async def test_nobody_is_told_or_erased_by_a_look_through_a_whole_table(
    database: Database, personal_data: NotificationPersonalData
) -> None:
    asked: list[tuple[str, tuple[Any, ...]]] = []

    def keep(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        del connection, cursor, context, many
        if "account_id" in statement:
            asked.append((statement, tuple(parameters)))

    async with database.transaction() as connection:
        for statement in _OTHERS.split(";"):
            await connection.execute(text(statement))
    event.listen(database.engine.sync_engine, "before_cursor_execute", keep)
    await personal_data.export(uuid4(), 0)
    await personal_data.erase(uuid4(), "request")
    event.remove(database.engine.sync_engine, "before_cursor_execute", keep)
    assert {"DELETE", "SELECT"} <= {statement.split()[0] for statement, _ in asked}
    for statement, parameters in asked:
        scans = await scans_of(database, statement, parameters)
        assert [scan["Relation Name"] for scan in scans if scan["Node Type"] == "Seq Scan"] == []
        deliveries = [scan for scan in scans if scan.get("Relation Name") == "delivery"]
        assert all("notification_id" in scan.get("Index Cond", "") for scan in deliveries), statement


async def test_deliveries_are_told_and_go_with_their_messages(
    database: Database,
    owe_messages: OweMessages,
    personal_data: NotificationPersonalData,
) -> None:
    leaving, staying = uuid4(), uuid4()
    for rider in (leaving, staying):
        await owe_messages(uuid4(), fresh(Happening.RIDE_COMPLETED, 9, rider, uuid4()))
    told, _ = await personal_data.export(leaving, 0)
    assert sorted(row["channel"] for row in told["delivery"]) == ["inbox", "push", "stream"]
    await personal_data.erase(leaving, "request")
    assert await owners_of_deliveries(database) == {staying}


async def owners_of_deliveries(database: Database) -> set[UUID]:
    async with database.connect() as connection:
        return set(await connection.scalars(text("SELECT account_id FROM delivery")))


async def test_where_somebody_called_for_help_goes_with_them_out_of_the_webhooks(
    database: Database, store: PostgresStore, clock: SetClock, personal_data: NotificationPersonalData
) -> None:
    kept, poster = PostgresWebhooks(database, KeyRing("aa" * 32, "webhook secrets")), WebhookPoster(private_too=True)
    keep = KeepWebhooks(kept, poster, clock, Uuid7Source(), lambda count: bytes(range(count)))
    endpoint = await keep.add("http://127.0.0.1:1/hooks", [])
    raise_sos = RaiseSos(PostgresSafety(database, Uuid7Source()), TEMPLATES, FakeNames(), clock, Uuid7Source())
    leaving, staying = uuid4(), uuid4()
    for person in (leaving, staying):
        await raise_sos(person, "k", uuid4(), *PLACE)
    await OweMessages(store, TEMPLATES, clock, Uuid7Source())(
        uuid4(), fresh(Happening.RIDE_COMPLETED, 9, leaving, uuid4())
    )
    await personal_data.erase(leaving, "request")
    stories, _ = await keep.stories(endpoint.endpoint_id, 0, "")
    assert sorted(story.topic for story in stories) == ["ride_completed", "sos_raised"]
    [call] = [story for story in stories if story.topic == "sos_raised"]
    assert to_public_id("acct", staying) in call.payload
    await poster.aclose()
