"""The service as it is put together: events of the others in, notices in inboxes and on live streams out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.message import Message
from pydantic import SecretStr
from redis.asyncio import Redis

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token, open_channel
from chassis.letters import LetterWriter
from chassis.live_entries import LiveEvent, live_events, stream_key
from chassis.redis_client import awaited, open_redis
from chassis.settings import Address
from notification_service.bootstrap import build
from notification_service.entrypoints.facts import FACT_TYPES
from notification_service.settings import NotificationSettings
from rider_api.schemas.drivers import offer as rest_offer
from rider_api.schemas.rides import rider_ride
from ridesharing.common.v1 import dead_letter_service_pb2, dead_letter_service_pb2_grpc
from ridesharing.identity.v1 import events_pb2 as identity
from ridesharing.matching.v1 import events_pb2 as matching
from ridesharing.matching.v1 import rides_pb2
from ridesharing.notification.v1 import (
    delivery_service_pb2,
    delivery_service_pb2_grpc,
    notification_service_pb2,
    notification_service_pb2_grpc,
    notifications_pb2,
    safety_service_pb2,
    safety_service_pb2_grpc,
)
from shared_kernel.ids import to_public_id
from tests.integration.notification.events import PIN, Story, publish

T = TypeVar("T")
_PATIENCE_SECONDS = 60.0
_REDIS_DATABASE = 10


@dataclass
class Running:
    """The service, its callers, and the Redis between it and the others."""

    redis: Redis
    channel: grpc.aio.Channel
    signer: TokenSigner

    async def inbox(self, account_id: UUID) -> list[notifications_pb2.Notification]:
        """What the account's inbox holds, oldest first."""
        stub = notification_service_pb2_grpc.NotificationServiceStub(self.channel)
        request = notification_service_pb2.ListNotificationsRequest(page_size=50)
        answer = await stub.ListNotifications(request, metadata=self.as_role(Role.RIDER, account_id))
        return list(reversed(answer.notifications))

    async def live(self, account_id: UUID) -> list[LiveEvent]:
        """What the edge reads of the account's live stream."""
        return live_events(await awaited(self.redis.xrange(stream_key(str(account_id)))))

    async def live_once_there_are(self, count: int, account_id: UUID) -> list[LiveEvent]:
        """The live stream as soon as it is so long."""

        async def ask() -> list[LiveEvent] | None:
            events = await self.live(account_id)
            return events if len(events) >= count else None

        return await eventually(ask)

    async def name_contact(self, account_id: UUID, phone_number: str) -> str:
        """Name a trusted contact of the account's."""
        request = safety_service_pb2.AddTrustedContactRequest(name="Grace", phone_number=phone_number)
        stub = safety_service_pb2_grpc.SafetyServiceStub(self.channel)
        answer = await stub.AddTrustedContact(request, metadata=self.as_role(Role.RIDER, account_id))
        return answer.contact.contact_id

    async def timeline(self, account_id: UUID) -> list[str]:
        """The topics of the account's timeline, newest first."""
        request = delivery_service_pb2.ListTimelineRequest(account_id=str(account_id))
        stub = delivery_service_pb2_grpc.DeliveryServiceStub(self.channel)
        answer = await stub.ListTimeline(request, metadata=self.as_role(Role.OPERATOR, uuid4()))
        return [entry.notification.topic for entry in answer.entries]

    async def parked(self, event_id: UUID) -> dead_letter_service_pb2.DeadLetter | None:
        """The event as it was parked; None if it was not."""
        stub = dead_letter_service_pb2_grpc.DeadLetterServiceStub(self.channel)
        request = dead_letter_service_pb2.ListDeadLettersRequest(page_size=50)
        answer = await stub.ListDeadLetters(request, metadata=self.as_role(Role.OPERATOR, uuid4()))
        found = [letter for letter in answer.dead_letters if letter.event_id == str(event_id)]
        return found[0] if found else None

    def as_role(self, role: Role, account_id: UUID) -> Any:
        return forward_token(self.signer.sign(str(account_id), role, 600))


@pytest.fixture(scope="module")
async def service(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    signing_keys: Path,
    jwks_file: Path,
) -> AsyncGenerator[Running]:
    """The service with its workers."""
    settings = NotificationSettings(
        redis_url=redis_url_for(_REDIS_DATABASE),
        jwks_file=jwks_file,
        signing_keys_dir=signing_keys,
        notification_database_url=migrated_postgres_url("notification"),
        notification_webhook_key=SecretStr("00" * 32),
    )
    redis = open_redis(settings.redis_url)
    async with running(settings) as address, open_channel(str(address)) as channel:
        yield Running(redis, channel, TokenSigner.from_dir(signing_keys, "cli"))
    await redis.aclose()


@asynccontextmanager
async def running(settings: NotificationSettings) -> AsyncGenerator[Address]:
    server = build(settings).server
    task = asyncio.create_task(server.run(Address("127.0.0.1", 0)))
    try:
        yield await server.started()
    finally:
        server.stop()
        await task


async def eventually(ask: Callable[[], Awaitable[T | None]]) -> T:
    """Ask until there is an answer, within bounds."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while (answer := await ask()) is None:  # noqa: ASYNC110 (it is the service that is asked; it sets no event)
            await asyncio.sleep(0.02)
        return answer


def data_of(event: LiveEvent) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(event.data))


@dataclass(frozen=True)
class Turn:
    """How a ride can end or turn: its event, its public state then, the rider's topic, whether a driver is told."""

    event: Callable[[Story], Message]
    state: str
    topic: str
    concerns_driver: bool


def canceled_late(story: Story) -> Message:
    return story.canceled(rides_pb2.RIDE_STATE_CANCELED_BY_RIDER, fee=True)


def rider_did_not_come(story: Story) -> Message:
    return story.canceled(rides_pb2.RIDE_STATE_NO_SHOW, fee=True)


def canceled_by_an_operator(story: Story) -> Message:
    return story.canceled(rides_pb2.RIDE_STATE_CANCELED_BY_PLATFORM, fee=False)


TURNS = [
    Turn(Story.payment_failed, "payment_failed", "ride_payment_failed", concerns_driver=False),
    Turn(Story.unmatched, "no_driver_available", "ride_unmatched", concerns_driver=False),
    Turn(Story.rematching, "matching", "ride_rematching", concerns_driver=True),
    Turn(Story.swapped, "driver_en_route", "ride_driver_swapped", concerns_driver=True),
    Turn(canceled_late, "canceled_by_rider", "ride_canceled", concerns_driver=True),
    Turn(canceled_by_an_operator, "canceled_by_platform", "ride_canceled", concerns_driver=True),
    Turn(Story.reminded, "scheduled", "ride_reminded", concerns_driver=False),
    Turn(Story.edited, "in_progress", "ride_edited", concerns_driver=True),
    Turn(Story.edit_closed, "in_progress", "ride_edit_closed", concerns_driver=True),
    Turn(Story.delivery_failed, "returning", "ride_returning", concerns_driver=True),
    Turn(Story.order_returned, "returned", "ride_returned", concerns_driver=True),
    Turn(rider_did_not_come, "no_show", "ride_no_show", concerns_driver=True),
]
# What is not of a ride's way: its event, and what the rider's or driver's inbox is to say.
OTHER_NEWS: dict[Callable[[Story], Message], str] = {
    Story.document_expiring: "insurance expires on February 28, 2030",
    Story.shift_ended: "We did not hear from your phone",
    Story.refund_paid: "$5.00 back to your card",
    Story.refund_failed: "$5.00 came back to us",
    Story.complaint_decided: "not giving money back. Our answer: The way was the shortest.",
    Story.route_deviated: "not on the way we expected",
    Story.long_stop: "has stood still for a while",
    Story.ride_rating_due: "Give your driver stars",
    Story.tip_received: "All of it is yours",
    Story.payout_paid: "the account ending in 6789",
    Story.payout_failed: "The bank did not take $22.80",
    Story.cash_stopped: "You owe $50.00",
    Story.driver_approved: "Your application was approved",
    Story.new_device: "signed in to on Pixel 9",
    Story.sign_in_stolen: "the sign-in of Pixel 9",
}
# What a rider's app shows without a word: the rider made it happen, or sees it.
SILENT_TURNS = [Story.scheduled, Story.stop_reached, Story.stop_left, Story.edit_proposed]
# What is on the rider's phone for a moment, and not in the inbox.
NUDGES = [Story.driver_arriving]


def test_every_event_that_people_are_told_of_is_published_here() -> None:
    story = Story()
    published = {type(message) for message in story.a_whole_ride()} | {type(turn.event(story)) for turn in TURNS}
    published |= {type(event(story)) for event in (*SILENT_TURNS, *NUDGES, *OTHER_NEWS)}
    assert published == set(FACT_TYPES)


async def test_a_whole_ride_is_told_to_its_rider_in_order(service: Running) -> None:
    story = Story()
    for message in story.a_whole_ride():
        await publish(service.redis, message)
    live = await service.live_once_there_are(8, story.rider_id)
    changes = [data_of(event) for event in live if event.type == "ride_updated"]
    assert [(change["version"], change["state"]) for change in changes] == [
        (1, "requested"),
        (2, "matching"),
        (5, "driver_en_route"),
        (6, "arrived"),
        (7, "in_progress"),
        (8, "completed"),
        (9, "completed"),
    ]
    [receipt] = [data_of(event) for event in live if event.type == "notification"]
    assert receipt["topic"] == "receipt_ready"
    assert "$22.80" in receipt["body"]

    inbox = await service.inbox(story.rider_id)
    assert sorted(item.topic for item in inbox) == sorted(
        ["ride_assigned", "driver_arrived", "ride_completed", "receipt_ready"]
    )
    assert {item.ride_id for item in inbox} == {str(story.ride_id)}
    assert to_public_id("ntf", UUID(inbox[-1].notification_id)) in str([event.data for event in live])


async def test_a_whole_ride_is_told_to_its_driver_without_the_pin(service: Running) -> None:
    story = Story()
    for message in story.a_whole_ride():
        await publish(service.redis, message)
    live = await service.live_once_there_are(7, story.driver_id)
    assert [event.type for event in live] == ["offer_created", "offer_closed"] + ["ride_updated"] * 5
    assert [data_of(event)["version"] for event in live[2:]] == [5, 6, 7, 8, 9]
    assert not [event for event in live if PIN in event.data or "start_pin" in event.data]
    assert await service.inbox(story.driver_id) == []


async def test_an_offer_on_the_live_stream_is_the_offer_that_the_rest_interface_shows(service: Running) -> None:
    story = Story()
    message = story.offer(rides_pb2.OFFER_STATE_OPEN)
    await publish(service.redis, matching.OfferCreated(offer=message))
    [event] = await service.live_once_there_are(1, story.driver_id)
    assert data_of(event) == rest_offer(message).model_dump(mode="json")
    assert event.expires_at == message.expire_time.ToDatetime(UTC)


async def test_a_change_on_the_live_stream_has_the_words_of_the_rest_interface(service: Running) -> None:
    story = Story()
    ride = story.ride(rides_pb2.RIDE_STATE_DRIVER_EN_ROUTE, 5, driver=True)
    await publish(service.redis, matching.RideAssigned(ride=ride))
    [event] = await service.live_once_there_are(1, story.rider_id)
    change, rest = data_of(event), rider_ride(ride).model_dump(mode="json")
    for name in ("state", "payment_state", "version", "driver", "start_pin", "reason"):
        assert change[name] == rest[name]
    assert change["ride_id"] == rest["id"]
    assert change["notification"]["ride_id"] == rest["id"]
    assert PIN in change["notification"]["body"]


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.event.__name__)
async def test_every_other_turn_of_a_ride_is_told_to_whom_it_concerns(service: Running, turn: Turn) -> None:
    story = Story()
    await publish(service.redis, turn.event(story))
    [event] = await service.live_once_there_are(1, story.rider_id)
    change = data_of(event)
    assert (event.type, change["state"], change["notification"]["topic"]) == (
        "ride_updated",
        turn.state,
        turn.topic,
    )
    [item] = await service.inbox(story.rider_id)
    assert (item.topic, item.title, item.body) == (
        turn.topic,
        change["notification"]["title"],
        change["notification"]["body"],
    )
    if turn.concerns_driver:
        [told] = await service.live_once_there_are(1, story.driver_id)
        assert data_of(told)["state"] == turn.state
    else:
        assert await service.live(story.driver_id) == []


async def test_that_the_driver_is_arriving_is_live_with_how_soon_and_not_in_the_inbox(service: Running) -> None:
    story = Story()
    await publish(service.redis, story.driver_arriving())
    [event] = await service.live_once_there_are(1, story.rider_id)
    change = data_of(event)
    assert (event.type, change["state"], change["pickup_eta_seconds"]) == ("ride_updated", "driver_en_route", 110)
    assert await service.timeline(story.rider_id) == ["driver_arriving"]
    assert await service.inbox(story.rider_id) == []
    assert await service.live(story.driver_id) == []


@pytest.mark.parametrize("event", SILENT_TURNS, ids=lambda event: event.__name__)
async def test_what_a_rider_sees_anyway_is_live_without_words(
    service: Running, event: Callable[[Story], Message]
) -> None:
    story = Story()
    await publish(service.redis, event(story))
    [told] = await service.live_once_there_are(1, story.rider_id)
    assert (told.type, data_of(told).get("notification")) == ("ride_updated", None)
    assert await service.inbox(story.rider_id) == []


async def test_driver_is_asked_about_a_longer_way_in_words(service: Running) -> None:
    story = Story()
    await publish(service.redis, story.edit_proposed())
    [told] = await service.live_once_there_are(1, story.driver_id)
    [item] = await service.inbox(story.driver_id)
    assert (item.topic, item.body) == ("ride_edit_proposed", data_of(told)["notification"]["body"])


@pytest.mark.parametrize("event", OTHER_NEWS, ids=lambda event: event.__name__)
async def test_what_befalls_people_beside_a_ride_is_in_their_inbox(
    service: Running, event: Callable[[Story], Message]
) -> None:
    story = Story()
    await publish(service.redis, event(story))
    of_riders = (
        *(Story.refund_paid, Story.refund_failed, Story.complaint_decided, Story.route_deviated, Story.long_stop),
        Story.ride_rating_due,
    )
    reader = story.rider_id if event in of_riders else story.driver_id
    [told] = await service.live_once_there_are(1, reader)
    [item] = await service.inbox(reader)
    assert (told.type, data_of(told)["topic"], item.topic) == ("notification", event.__name__, event.__name__)
    assert OTHER_NEWS[event] in item.body


async def test_what_a_rider_paid_at_once_beside_a_tip_is_no_news_for_a_driver(service: Running) -> None:
    story = Story()
    await publish(service.redis, story.debt_collected())
    await publish(service.redis, story.tip_received())
    [told] = await service.live_once_there_are(1, story.driver_id)
    assert data_of(told)["ride_id"] == to_public_id("ride", story.ride_id)
    assert (await service.inbox(story.rider_id), len(await service.inbox(story.driver_id))) == ([], 1)


async def test_a_link_that_is_sent_to_a_contact_stands_in_the_rider_s_timeline(
    service: Running, jwks_file: Path
) -> None:
    story = Story()
    contact_id = await service.name_contact(story.rider_id, "+14155550141")
    await publish(service.redis, story.shared_with(LetterWriter.from_file(jwks_file, "notification"), contact_id))

    async def texted() -> list[str] | None:
        return await service.timeline(story.rider_id) or None

    assert await eventually(texted) == ["trip_shared"]


async def test_what_was_owed_for_a_ride_is_told_without_its_words(service: Running) -> None:
    story = Story()
    for message in story.a_whole_ride():
        await publish(service.redis, message)
    await service.live_once_there_are(8, story.rider_id)
    await service.live_once_there_are(7, story.driver_id)
    stub = delivery_service_pb2_grpc.DeliveryServiceStub(service.channel)
    answer = await stub.ListRideMessages(
        delivery_service_pb2.ListRideMessagesRequest(ride_id=str(story.ride_id)),
        metadata=service.as_role(Role.SUPPORT, uuid4()),
    )
    topics = [message.topic for message in answer.messages if message.account_id == str(story.rider_id)]
    assert topics.index("ride_requested") < topics.index("driver_arrived")
    assert "receipt_ready" in topics
    assert {message.account_id for message in answer.messages} == {str(story.rider_id), str(story.driver_id)}
    assert all(message.deliveries for message in answer.messages)
    assert PIN not in str(answer)


async def test_people_are_told_in_the_language_of_their_account(service: Running) -> None:
    story = Story()
    await publish(service.redis, identity.AccountCreated(account_id=str(story.rider_id), locale="fr"))
    await publish(service.redis, identity.AccountUpdated(account_id=str(story.rider_id), locale="es"))

    async def told_in_spanish() -> bool | None:
        # The account's news come by another stream than the ride's, in no order between the two.
        told = len(await service.live(story.rider_id))
        await publish(service.redis, Story(rider_id=story.rider_id).unmatched())
        data = data_of((await service.live_once_there_are(told + 1, story.rider_id))[-1])
        return True if "conductor" in f"{data['notification']['title']} {data['notification']['body']}" else None

    assert await eventually(told_in_spanish)


async def test_an_event_that_is_published_twice_is_told_once(service: Running) -> None:
    story, event_id = Story(), uuid4()
    for _ in range(2):
        await publish(service.redis, story.unmatched(), event_id=event_id)
    await publish(service.redis, matching.RidePaymentSettled(ride=story.ride(rides_pb2.RIDE_STATE_COMPLETED, 4)))
    live = await service.live_once_there_are(2, story.rider_id)
    assert [data_of(event)["version"] for event in live] == [3, 4]
    assert len(await service.inbox(story.rider_id)) == 1


async def test_an_event_that_nobody_can_read_is_parked_and_the_others_go_on(service: Running) -> None:
    poisoned, well = Story(), Story()
    event_id = await publish(service.redis, poisoned.unmatched(), payload=b"\xff no protocol buffer")
    await publish(service.redis, well.unmatched())
    assert len(await service.live_once_there_are(1, well.rider_id)) == 1
    letter = await eventually(lambda: service.parked(event_id))
    assert (letter.type, letter.attempts, letter.error) == (
        matching.RideUnmatched.DESCRIPTOR.full_name,
        8,
        "DecodeError",
    )
    assert await service.live(poisoned.rider_id) == []


async def test_what_came_in_or_was_parked_of_an_erased_account_goes_with_the_news_of_it(service: Running) -> None:
    story, account_id = Story(), str(uuid4())
    story.rider_id = UUID(account_id)
    parked = await publish(service.redis, identity.AccountCreated(account_id=account_id), payload=b"\xff")
    await publish(service.redis, story.unmatched())
    assert len(await service.live_once_there_are(1, story.rider_id)) == 1
    await eventually(lambda: service.parked(parked))

    async def forgotten() -> bool | None:
        left = await service.parked(parked), await service.timeline(story.rider_id), await service.live(story.rider_id)
        return True if not any(left) else None

    await publish(service.redis, identity.AccountErased(account_id=account_id))
    assert await eventually(forgotten)
