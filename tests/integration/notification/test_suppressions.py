"""Numbers and mailboxes that are not written to: listed, lifted, and who lifted them, over the service's own RPCs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import text

from chassis.auth import Role
from chassis.clients import forward_token
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.planning import Leg
from ridesharing.notification.v1 import delivery_service_pb2 as pb
from ridesharing.notification.v1 import notifications_pb2
from tests.fakes.notification_senders import FakeSender
from tests.integration.notification.test_reach import Service, refusal, service, serving

__all__ = ["service", "serving"]

SMS, VOICE, EMAIL = notifications_pb2.CHANNEL_SMS, notifications_pb2.CHANNEL_VOICE, notifications_pb2.CHANNEL_EMAIL
_SUPPRESS = "INSERT INTO suppression VALUES (:account_id, :channel, 'said so', 'twilio', :at)"


async def suppress(service: Service, account_id: UUID, *channels: str, at: datetime | None = None) -> None:
    """As an earlier release did by mistake."""
    async with service.database.transaction() as connection:
        for channel in channels:
            values = {"account_id": account_id, "channel": channel, "at": at or datetime.now(UTC)}
            await connection.execute(text(_SUPPRESS), values)


async def lift(service: Service, key: str, channel: Any = SMS, *, caller: Any = None, **more: Any) -> Any:
    fields = {"account_id": str(service.person), "reason": "the phone was off", **more}
    request = pb.LiftSuppressionRequest(request_id=key, channel=channel, **fields)
    return await service.deliveries.LiftSuppression(request, metadata=caller or service.operator)


async def listed(service: Service, **more: Any) -> Any:
    request = pb.ListSuppressionsRequest(**more)
    return await service.deliveries.ListSuppressions(request, metadata=service.operator)


async def lifts(service: Service, **more: Any) -> Any:
    request = pb.ListLiftedSuppressionsRequest(**more)
    return await service.deliveries.ListLiftedSuppressions(request, metadata=service.operator)


async def test_a_number_that_an_operator_lifts_is_written_to_again_and_it_is_known_who_did(service: Service) -> None:
    town = service.town()
    sms = FakeSender("sms")
    town.with_senders({Channel.SMS: [sms]})
    await suppress(service, service.person, "sms", "email")
    before = await town.owe([Leg(Channel.SMS)], priority=Priority.MONEY)
    assert (await town.states(before))["sms"] == ("dropped", "suppressed")
    operator_id = uuid4()
    operator = forward_token(service.signer.sign(str(operator_id), Role.OPERATOR, 600))
    done = (await lift(service, "a-key", caller=operator)).lifted
    assert (done.suppression.channel, done.suppression.reason, done.reason) == (SMS, "said so", "the phone was off")
    after = await town.owe([Leg(Channel.SMS)], priority=Priority.MONEY)
    await town.deliver()
    assert (await town.states(after))["sms"][0] == "sent"
    [left] = (await listed(service, account_id=str(service.person))).suppressions
    assert left.channel == EMAIL
    [kept] = (await lifts(service, account_id=str(service.person))).lifted
    assert (kept, kept.operator_id) == (done, str(operator_id))


async def test_a_lift_asked_for_again_is_answered_as_before_and_its_key_stands_for_no_other(service: Service) -> None:
    await suppress(service, service.person, "sms", "voice")
    operator = service.operator
    first = await lift(service, "one-key", caller=operator)
    # It bounced once more since: the request of before does not lift that.
    await suppress(service, service.person, "sms")
    assert await lift(service, "one-key", caller=operator) == first
    assert len((await listed(service, account_id=str(service.person))).suppressions) == 2
    for channel, more in ((VOICE, {}), (SMS, {"reason": "another"}), (SMS, {"account_id": str(uuid4())})):
        other = lift(service, "one-key", channel, caller=operator, **more)
        assert (await refusal(other)).reason == "idempotency_key_reused"
    assert len((await lifts(service, account_id=str(service.person))).lifted) == 1


async def test_of_many_who_lift_at_once_one_does(service: Service) -> None:
    await suppress(service, service.person, "sms")
    operator = service.operator
    same = await asyncio.gather(*(lift(service, "the-same", caller=operator) for _ in range(8)))
    assert [answer == same[0] for answer in same] == [True] * 8
    await suppress(service, service.person, "sms")
    own = await asyncio.gather(*(lift(service, f"own-{number}") for number in range(8)), return_exceptions=True)
    refused = [answer for answer in own if isinstance(answer, grpc.aio.AioRpcError)]
    assert (len(refused), {each.code() for each in refused}) == (7, {grpc.StatusCode.NOT_FOUND})
    assert len((await lifts(service, account_id=str(service.person))).lifted) == 2


async def test_a_key_that_comes_at_once_for_two_addresses_lifts_one(service: Service) -> None:
    await suppress(service, service.person, "sms", "email")
    operator = service.operator
    both = (lift(service, "torn", channel, caller=operator) for channel in (SMS, EMAIL))
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(answer, grpc.aio.AioRpcError) for answer in answers) == 1
    assert len((await listed(service, account_id=str(service.person))).suppressions) == 1


async def test_what_is_not_suppressed_or_can_never_be_is_not_lifted(service: Service) -> None:
    assert (await refusal(lift(service, "nothing"))).reason == "suppression_not_found"
    for channel in (notifications_pb2.CHANNEL_PUSH, notifications_pb2.CHANNEL_UNSPECIFIED, 99):
        assert (await refusal(lift(service, "nothing", channel))).violations[0].field == "channel"
    for more in ({"reason": ""}, {"account_id": "me"}):
        assert [each.field for each in (await refusal(lift(service, "nothing", **more))).violations] == list(more)
    await suppress(service, service.person, "sms")
    assert (await refusal(lift(service, "mine", caller=service.me()))).reason == "role_not_allowed"
    listing = service.deliveries.ListSuppressions(pb.ListSuppressionsRequest(), metadata=service.me())
    assert (await refusal(listing)).reason == "role_not_allowed"


async def test_suppressions_and_lifts_are_paged_through_the_latest_first(service: Service) -> None:
    noon = datetime(2031, 1, 1, 12, tzinfo=UTC)
    people = [uuid4() for _ in range(3)]
    for number, person in enumerate(people):
        # Two at one moment are told apart as well.
        await suppress(service, person, "email", "sms", at=noon + timedelta(seconds=number))
    wanted = [(str(person), channel) for person in reversed(people) for channel in (SMS, EMAIL)]
    found: list[tuple[str, Any]] = []
    token = ""
    while len(found) < len(wanted):
        page = await listed(service, page_size=1, page_token=token)
        found += [(item.account_id, item.channel) for item in page.suppressions]
        token = page.next_page_token
    assert found == wanted
    for number, (account_id, channel) in enumerate(wanted):
        await lift(service, f"paged-{number}", channel, account_id=account_id)
    first = await lifts(service, page_size=4)
    rest = await lifts(service, page_size=2, page_token=first.next_page_token)
    told = [(item.suppression.account_id, item.suppression.channel) for page in (first, rest) for item in page.lifted]
    assert told == wanted[::-1]


@pytest.mark.parametrize("token", ["x", "sms", "sms.", ".", "push.MjAzMQ==", "inbox.x", "sms.x"])
async def test_a_page_token_of_nobodys_is_refused(service: Service, token: str) -> None:
    assert (await refusal(listed(service, page_token=token))).reason == "invalid_page_token"
