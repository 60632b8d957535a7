"""What is told to programs outside, how it is signed, when it is tried again, and where it may go."""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from uuid import uuid4

import pytest

from notification_service.adapters.webhook_poster import WebhookPoster, is_public
from notification_service.domain.facts import Happening
from notification_service.domain.matrix import MATRIX
from notification_service.domain.samples import sample_of
from notification_service.domain.webhooks import (
    MAX_ATTEMPTS,
    TOPICS,
    DueWebhook,
    Endpoint,
    Posted,
    WebhookOutcome,
    WebhookState,
    after_posting,
    webhook_of,
)
from notification_service.use_cases.send_webhooks import signed
from tests.unit.notification.samples import NOON

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def due(attempts: int) -> DueWebhook:
    endpoint = Endpoint(uuid4(), "https://example.org/", frozenset(), SECRET, NOON)
    return DueWebhook(uuid4(), endpoint, attempts, "{}")


def outcome(posted: Posted, attempts: int = 1) -> WebhookOutcome:
    return after_posting(due(attempts), posted, NOON, random.Random(7))


def test_the_signature_is_that_of_the_specification_s_example() -> None:
    # From the reference implementation's tests (standard-webhooks/standard-webhooks).
    at = datetime.fromtimestamp(1_614_265_330, UTC)
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', SECRET)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_an_answer_decides_what_follows() -> None:
    assert outcome(Posted(204)).state is WebhookState.SENT
    gone = outcome(Posted(410))
    assert (gone.state, gone.gone) == (WebhookState.FAILED, True)
    for again in (Posted(500), Posted(302), Posted(404), Posted(error="unanswered")):
        assert outcome(again).state is WebhookState.PENDING


def test_a_receiver_may_be_down_for_a_night() -> None:
    waits = [outcome(Posted(503), attempts).next_attempt_at for attempts in range(1, MAX_ATTEMPTS)]
    hours = sum((at - NOON).total_seconds() for at in waits if at is not None) / 3600
    assert hours > 24
    assert outcome(Posted(503), MAX_ATTEMPTS).state is WebhookState.FAILED


def test_nothing_that_only_people_may_know_is_told() -> None:
    for row in MATRIX:
        fact = sample_of(row)
        event = webhook_of(uuid4(), fact, NOON)
        if row.happening.value not in TOPICS:
            assert event is None
        elif row.happening is not Happening.SOS_RAISED:
            assert event is not None
            assert event.body["type"] == row.happening.value
            told = list(_texts(event.body["data"]))
            assert not [
                text for text in told if any(secret in text for secret in ("4821", "Ana", "7ABC", "+1415", "sorry"))
            ]


def _texts(data: Mapping[str, Any]) -> list[str]:
    return [str(value) for value in data.values() if isinstance(value, str)]


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:10.0.0.1"),
        *("64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::"),
    ],
)
def test_an_address_that_is_not_everybody_s_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111"])
def test_an_address_of_the_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/", "ftp://example.org/", "https://", "https:///x", "https://10.0.0.1/", "https://[::1]/"),
        *(
            "https://user:pw@example.org/",
            "https://example.org/#x",
            "https://example.org/a b",
            "https://ex\nample.org/",
        ),
        *("https://exämple.org/", "https://example.org:0/", "https://example.org:99999/"),
    ],
)
def test_an_address_that_can_never_be_posted_to_is_refused_at_once(url: str) -> None:
    assert WebhookPoster().refusal(url) != ""


def test_a_public_https_address_is_taken() -> None:
    assert WebhookPoster().refusal("https://hooks.example.org:8443/jitney?x=1") == ""
    assert base64.b64decode(SECRET.removeprefix("whsec_"))
