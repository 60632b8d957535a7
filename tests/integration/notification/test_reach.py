"""Devices, preferences, quiet hours, acknowledgements, timelines, replays and receipts, over the service's own RPCs."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import grpc
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import text

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token, open_channel
from chassis.database import Database
from chassis.redis_client import open_redis
from chassis.status import from_rpc_error
from notification_service.adapters.postgres import PostgresStore
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.planning import Leg
from notification_service.settings import NotificationSettings
from ridesharing.identity.v1.events_pb2 import SessionEnded
from ridesharing.notification.v1 import delivery_service_pb2 as deliveries
from ridesharing.notification.v1 import notifications_pb2
from ridesharing.notification.v1 import reach_service_pb2 as reach
from ridesharing.notification.v1.delivery_service_pb2_grpc import DeliveryServiceStub
from ridesharing.notification.v1.reach_service_pb2_grpc import ReachServiceStub
from shared_kernel.errors import DomainError
from shared_kernel.ids import Uuid7Source
from tests.fakes.notification_senders import FakeSender, Fault
from tests.integration.notification.conftest import SetClock
from tests.integration.notification.events import publish
from tests.integration.notification.lanes import Town
from tests.integration.notification.test_process import eventually, running

URL = "http://edge/v1/callbacks/notifications/sms"
TOKEN = "of the provider"


@dataclass
class Service:
    """The service over gRPC, its database, and a person who calls it."""

    reach: Any
    deliveries: Any
    signer: TokenSigner
    database: Database
    redis: Redis
    person: UUID

    def me(self, person: UUID | None = None, session: UUID | None = None) -> Any:
        return forward_token(self.signer.sign(str(person or self.person), Role.RIDER, 600, str(session or "")))

    @property
    def operator(self) -> Any:
        return forward_token(self.signer.sign(str(uuid4()), Role.OPERATOR, 600))

    async def register(self, token: str, person: UUID | None = None, session: UUID | None = None) -> str:
        request = reach.RegisterDeviceRequest(platform=reach.DEVICE_PLATFORM_IOS, app="rider", token=token)
        answer = await self.reach.RegisterDevice(request, metadata=self.me(person, session))
        return str(answer.device.device_id)

    async def ends(self, session: UUID, replaced_by: UUID | None = None) -> None:
        """Let identity tell that a sign-in of the person ended, and wait until that is taken in."""
        ended = SessionEnded(
            account_id=str(self.person), session_id=str(session), replaced_by_session_id=str(replaced_by or "")
        )
        event_id = await publish(self.redis, ended)

        async def taken_in() -> bool | None:
            query = text("SELECT true FROM inbox WHERE event_id = :id")
            async with self.database.connect() as connection:
                return await connection.scalar(query, {"id": event_id})

        await eventually(taken_in)

    async def devices(self, person: UUID | None = None) -> Sequence[Any]:
        answer = await self.reach.ListDevices(reach.ListDevicesRequest(), metadata=self.me(person))
        return list(answer.devices)

    def town(self) -> Town:
        """Owe and deliver beside the service, in an hour of its own: nothing is due yet for the service's workers."""
        clock = SetClock()
        clock.moment = datetime.now(UTC) + timedelta(hours=1)
        return Town(self.database, PostgresStore(self.database, Uuid7Source()), clock, self.person)

    async def timeline(self, page_size: int = 50, page_token: str = "") -> Any:
        request = deliveries.ListTimelineRequest(
            account_id=str(self.person), page_size=page_size, page_token=page_token
        )
        return await self.deliveries.ListTimeline(request, metadata=self.operator)


@pytest.fixture(scope="module")
async def serving(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    signing_keys: Path,
    jwks_file: Path,
) -> AsyncGenerator[Service]:
    settings = NotificationSettings(
        redis_url=redis_url_for(11),
        jwks_file=jwks_file,
        signing_keys_dir=signing_keys,
        notification_database_url=migrated_postgres_url("notification"),
        notification_webhook_key=SecretStr("00" * 32),
        notification_sms_url="http://127.0.0.1:9",
        notification_sms_token=TOKEN,
        notification_sms_status_url=URL,
    )
    database = Database(settings.notification_database_url, 4)
    redis = open_redis(settings.redis_url)
    async with running(settings) as address, open_channel(str(address)) as channel:
        signer = TokenSigner.from_dir(signing_keys, "cli")
        yield Service(ReachServiceStub(channel), DeliveryServiceStub(channel), signer, database, redis, uuid4())
    await redis.aclose()
    await database.dispose()


@pytest.fixture
def service(serving: Service) -> Service:
    serving.person = uuid4()
    return serving


async def refusal(call: Any) -> DomainError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return from_rpc_error(raised.value)


async def test_a_device_registered_again_is_the_same_and_a_removed_one_is_gone(service: Service) -> None:
    first = await service.register("token-one-of-a-kind")
    assert await service.register("token-one-of-a-kind") == first
    theft = service.reach.RemoveDevice(reach.RemoveDeviceRequest(device_id=first), metadata=service.me(uuid4()))
    assert (await refusal(theft)).reason == "device_not_found"
    assert [device.device_id for device in await service.devices()] == [first]
    await service.reach.RemoveDevice(reach.RemoveDeviceRequest(device_id=first), metadata=service.me())
    assert await service.devices() == []


async def test_a_phone_that_changes_hands_is_pushed_to_for_its_new_owner_alone(service: Service) -> None:
    other = uuid4()
    await service.register("token-of-a-sold-phone")
    await service.register("token-of-a-sold-phone", other)
    assert (len(await service.devices()), len(await service.devices(other))) == (0, 1)


async def test_a_device_that_is_signed_out_from_afar_is_pushed_to_no_more_and_the_others_are(service: Service) -> None:
    stolen, kept = uuid4(), uuid4()
    await service.register("token-of-a-stolen-phone", session=stolen)
    mine = [await service.register("token-of-a-tablet", session=kept), await service.register("token-of-no-session")]
    await service.ends(stolen)
    assert {device.device_id for device in await service.devices()} == set(mine)


async def test_a_device_that_was_signed_out_does_not_come_back_by_an_access_token_that_still_counts(
    service: Service,
) -> None:
    ended, anew = uuid4(), uuid4()
    await service.register("token-of-a-lost-phone", session=ended)
    await service.ends(ended)
    assert (await refusal(service.register("token-of-a-lost-phone", session=ended))).reason == "session_ended"
    assert await service.devices() == []
    await service.register("token-of-a-lost-phone", session=anew)
    assert len(await service.devices()) == 1


async def test_a_device_that_signs_in_anew_stays_and_goes_with_the_newer_sign_in(service: Service) -> None:
    first, second = uuid4(), uuid4()
    device = await service.register("token-of-one-phone", session=first)
    await service.ends(first, replaced_by=second)
    assert [each.device_id for each in await service.devices()] == [device]
    await service.ends(second)
    assert await service.devices() == []


async def test_news_of_a_newer_sign_ins_end_that_come_first_leave_no_device(service: Service) -> None:
    first, second = uuid4(), uuid4()
    await service.register("token-told-of-late", session=first)
    await service.ends(second)
    await service.ends(first, replaced_by=second)
    assert await service.devices() == []


async def test_an_eleventh_device_makes_the_oldest_leave(service: Service) -> None:
    ids = [await service.register(f"token-number-{number}") for number in range(11)]
    assert {device.device_id for device in await service.devices()} == set(ids[1:])


async def test_twenty_sign_ins_at_once_with_one_token_leave_one_device(service: Service) -> None:
    people = [uuid4() for _ in range(20)]
    await asyncio.gather(*(service.register("token-fought-over", one) for one in people), return_exceptions=True)
    async with service.database.connect() as connection:
        live = await connection.scalar(
            text("SELECT count(*) FROM device WHERE token = 'token-fought-over' AND removed_at IS NULL")
        )
    assert live == 1


async def test_safety_and_trips_cannot_be_turned_off_and_the_rest_can(service: Service) -> None:
    async def choose(subject: Any, channel: Any) -> Any:
        request = reach.SetPreferenceRequest(subject=subject, channel=channel, wanted=False)
        return await service.reach.SetPreference(request, metadata=service.me())

    for subject in (reach.SUBJECT_SECURITY, reach.SUBJECT_TRIPS):
        failure = await refusal(choose(subject, notifications_pb2.CHANNEL_PUSH))
        assert failure.reason == "topic_mandatory"
    failure = await refusal(choose(reach.SUBJECT_MONEY, notifications_pb2.CHANNEL_INBOX))
    assert failure.reason == "channel_not_chosen"
    await choose(reach.SUBJECT_MONEY, notifications_pb2.CHANNEL_SMS)
    town = service.town()
    owed = await town.owe([Leg(Channel.SMS), Leg(Channel.STREAM)], priority=Priority.MONEY)
    assert (await town.states(owed))["sms"] == ("dropped", "not_wanted")
    trip = await town.owe([Leg(Channel.SMS)], priority=Priority.TRIP_CRITICAL, life=timedelta(0))
    assert (await town.states(trip))["sms"][1] != "not_wanted"


async def test_quiet_hours_put_off_what_can_wait_and_drop_what_cannot(service: Service) -> None:
    town = service.town()
    town.clock.moment = datetime(2031, 1, 14, 6, 30, tzinfo=UTC)  # 22:30 on the day before in California
    hours = reach.QuietHours(time_zone="America/Los_Angeles", begins_at="22:00", ends_at="07:00")
    await service.reach.SetQuietHours(reach.SetQuietHoursRequest(quiet_hours=hours), metadata=service.me())
    long = await town.owe([Leg(Channel.PUSH)], priority=Priority.MONEY, life=timedelta(days=1))
    short = await town.owe([Leg(Channel.SMS)], priority=Priority.MARKETING, life=timedelta(hours=2))
    trip = await town.owe([Leg(Channel.SMS)], priority=Priority.TRIP_CRITICAL)
    [row] = await town.query("SELECT next_attempt_at FROM delivery WHERE notification_id = :id", id=long)
    assert row.next_attempt_at == datetime(2031, 1, 14, 15, tzinfo=UTC)
    assert (await town.states(short))["sms"] == ("dropped", "quiet_hours")
    [row] = await town.query("SELECT next_attempt_at FROM delivery WHERE notification_id = :id", id=trip)
    assert row.next_attempt_at == town.clock.now()
    wrong = reach.QuietHours(time_zone="Mars/Olympus", begins_at="22:00", ends_at="07:00")
    call = service.reach.SetQuietHours(reach.SetQuietHoursRequest(quiet_hours=wrong), metadata=service.me())
    assert (await refusal(call)).reason == "invalid_quiet_hours"


async def test_the_timeline_tells_what_was_owed_how_it_went_and_why_not(service: Service) -> None:
    town = service.town()
    sms, push = FakeSender("sms", provider="twilio"), FakeSender("push")
    sms.fail(Fault.REFUSED)
    town.with_senders({Channel.SMS: [sms], Channel.PUSH: [push]})
    first = await town.owe([Leg(Channel.SMS), Leg(Channel.PUSH)], priority=Priority.MONEY)
    await town.deliver()
    town.clock.moment += timedelta(seconds=1)
    await town.owe([Leg(Channel.INBOX)])
    page = await service.timeline(page_size=1)
    assert [way.channel for way in page.entries[0].deliveries] == [notifications_pb2.CHANNEL_INBOX]
    [entry] = (await service.timeline(page_size=1, page_token=page.next_page_token)).entries
    assert entry.notification.notification_id == str(first)
    by_channel = {way.channel: way for way in entry.deliveries}
    told = by_channel[notifications_pb2.CHANNEL_SMS]
    assert (told.state, told.reason, told.provider, told.attempts) == (
        notifications_pb2.DELIVERY_STATE_FAILED,
        "sms_refused",
        "twilio",
        1,
    )
    assert [(event.kind, event.provider) for event in told.events] == [("refused", "twilio")]
    assert by_channel[notifications_pb2.CHANNEL_PUSH].reason == "no_device"


async def test_a_failed_delivery_is_listed_replayed_and_sent_unless_later_news_went(service: Service) -> None:
    town = service.town()
    sms = FakeSender("sms")
    sms.fail(Fault.REFUSED, times=2)
    town.with_senders({Channel.SMS: [sms]})
    await town.owe(version=1, priority=Priority.MONEY)
    await town.deliver()
    await town.owe(version=2, priority=Priority.MONEY)
    await town.deliver()
    listed = await service.deliveries.ListFailedDeliveries(
        deliveries.ListFailedDeliveriesRequest(page_size=2), metadata=service.operator
    )
    later, earlier = (found.delivery.delivery_id for found in listed.deliveries)

    async def replay(delivery_id: str) -> Any:
        request = deliveries.ReplayDeliveryRequest(delivery_id=delivery_id)
        return await service.deliveries.ReplayDelivery(request, metadata=service.operator)

    assert (await replay(later)).delivery.state == notifications_pb2.DELIVERY_STATE_PENDING
    assert (await refusal(replay(later))).reason == "delivery_not_failed"
    assert (await refusal(replay(str(uuid4())))).reason == "delivery_not_found"
    async with service.database.connect() as connection:
        await connection.execute(
            text("UPDATE delivery SET state = 'sent', finished_at = now() WHERE delivery_id = :id"), {"id": later}
        )
    assert (await refusal(replay(earlier))).reason == "delivery_superseded"


def signed(form: bytes, token: str = TOKEN) -> str:
    fields = dict(pair.split("=") for pair in form.decode().split("&"))
    words = URL + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), words.encode(), hashlib.sha1)).decode()


async def test_a_signed_receipt_is_kept_once_and_a_dead_number_is_not_written_to_again(
    service: Service, signing_keys: Path
) -> None:
    town = service.town()
    sms = FakeSender("sms", provider="sms")
    town.with_senders({Channel.SMS: [sms]})
    owed = await town.owe(priority=Priority.MONEY)
    await town.deliver()
    [row] = await town.query("SELECT provider_message_id FROM delivery WHERE notification_id = :id", id=owed)
    form = urlencode(
        {"MessageSid": row.provider_message_id, "MessageStatus": "undelivered", "ErrorCode": "30005"}
    ).encode()
    as_edge = forward_token(TokenSigner.from_dir(signing_keys, "rider_api").sign("rider_api", Role.SERVICE, 600))

    async def post(signature: str) -> None:
        request = deliveries.ReceiveSmsReceiptRequest(form=form, signature=signature)
        await service.deliveries.ReceiveSmsReceipt(request, metadata=as_edge)

    assert (await refusal(post(signed(form, "of somebody else")))).reason == "invalid_signature"
    for _ in range(3):
        await post(signed(form))
    rows = await town.query(
        "SELECT e.kind FROM delivery_event e JOIN delivery d USING (delivery_id) WHERE d.notification_id = :id "
        "ORDER BY delivery_event_id",
        id=owed,
    )
    assert [row.kind for row in rows] == ["accepted", "undelivered"]
    later = await town.owe(priority=Priority.MONEY)
    assert (await town.states(later))["sms"] == ("dropped", "suppressed")


async def test_an_acknowledgement_over_the_service_calls_the_sms_off(service: Service) -> None:
    town = service.town()
    owed = await town.owe([Leg(Channel.SMS, timedelta(seconds=20))])
    request = reach.AcknowledgeNotificationRequest(notification_id=str(owed))
    stranger = service.reach.AcknowledgeNotification(request, metadata=service.me(uuid4()))
    assert (await refusal(stranger)).reason == "notification_not_found"
    await service.reach.AcknowledgeNotification(request, metadata=service.me())
    assert (await town.states(owed))["sms"] == ("dropped", "acknowledged")
