"""Push providers: by which tokens they know us, and of whom they say that it is too much."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from notification_service.adapters.apns import ApnsSender
from notification_service.adapters.fcm import FcmSender
from notification_service.adapters.provider_tokens import AppleTokens, GoogleTokens
from notification_service.domain.channels import Channel, Priority
from notification_service.domain.sending import Accepted, Content, Outgoing, SendResult, Target, Throttled, Unavailable
from tests.unit.notification.samples import NOON

_PEM = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
_GOOGLE_KEY = generate_rsa_key(65_537, 2_048).private_bytes(*_PEM).decode()
_APPLE_KEY = generate_private_key(SECP256R1()).private_bytes(*_PEM).decode()


class Google:
    """FCM and what gives out its tokens, and the clock of both."""

    def __init__(self) -> None:
        self.moment = NOON
        self.is_away = False
        self.asked = 0
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer), base_url="https://fcm.test")
        tokens = GoogleTokens(client, "https://token.test/", "us@fcm.test", _GOOGLE_KEY, "key", self)
        self.sender = FcmSender(client, tokens, "jitney", self)

    def now(self) -> datetime:
        return self.moment

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "fcm.test":
            known = request.headers["authorization"] == "Bearer a-token"
            return httpx.Response(200, json={"name": "taken"}) if known else httpx.Response(401)
        self.asked += 1
        if self.is_away:
            return httpx.Response(503)
        return httpx.Response(200, json={"access_token": "a-token", "expires_in": 3_600})

    async def push(self) -> SendResult:
        return await self.sender.send(a_push(self.moment), Target("a-device", "android"))


def a_push(now: datetime) -> Outgoing:
    expires_at = now + timedelta(minutes=2)
    content = Content("Ana is here", "A blue Toyota Prius")
    return Outgoing(uuid4(), Channel.PUSH, "driver_arrived", Priority.TRIP_CRITICAL, expires_at, content)


async def test_a_token_that_still_counts_is_used_while_there_is_no_other() -> None:
    google = Google()
    assert await google.push() == Accepted("taken")
    google.is_away = True
    google.moment += timedelta(minutes=56)
    assert await google.push() == Accepted("taken")


async def test_whoever_gives_no_token_out_is_asked_now_and_then_and_not_for_each_push() -> None:
    google = Google()
    await google.push()
    google.is_away = True
    google.moment += timedelta(minutes=56)
    for _ in range(20):
        await google.push()
    assert google.asked == 2
    google.is_away = False
    google.moment += timedelta(minutes=1)
    await google.push()
    google.moment += timedelta(minutes=30)
    assert (await google.push(), google.asked) == (Accepted("taken"), 3)


async def test_a_token_that_is_over_is_not_used() -> None:
    google = Google()
    await google.push()
    google.is_away = True
    google.moment += timedelta(minutes=60)
    for _ in range(2):
        assert await google.push() == Unavailable("fcm_token_refused_503")


@pytest.mark.parametrize(("reason", "of_device"), [("TooManyRequests", True), ("TooManyProviderTokenUpdates", False)])
async def test_too_much_for_one_device_of_apple_s_is_said_of_that_one(reason: str, of_device: bool) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(429, json={"reason": reason})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="https://apns.test")
    sender = ApnsSender(client, AppleTokens("team", "key", _APPLE_KEY, Google()), "org.jitney")
    assert await sender.send(a_push(NOON), Target("a0", "ios")) == Throttled("apns_throttled", of_target=of_device)
