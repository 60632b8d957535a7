"""The SMS provider as its clients meet it, and the messages as people and the simulator read them."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from tests.integration.sandbox.running import Psp
from tests.integration.sandbox.test_webhooks import Receiver

ACCOUNT, TOKEN = "AC_sandbox", "sandbox_token"
PATH = f"/sms/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


async def send(psp: Psp, to: str, body: str = "Your Jitney code is 482913.", **more: str) -> httpx.Response:
    """Hand a message over."""
    form = {"To": to, "From": "Jitney", "Body": body, **more}
    return await psp.controls.post(PATH, data=form, auth=(ACCOUNT, TOKEN))


async def messages(psp: Psp, query: str = "") -> list[dict[str, Any]]:
    """Read what was handed over, with the query as a person types it."""
    answer = await psp.controls.get(f"/_sim/messages{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["messages"]


async def test_a_message_is_taken_and_its_code_is_read(psp: Psp) -> None:
    taken = await send(psp, "+14155550101")
    assert taken.status_code == 201
    assert taken.json()["status"] == "queued"
    assert taken.json()["sid"].startswith("SM")
    for query in ("?to=+14155550101", "?to=%2B14155550101"):
        [message] = await messages(psp, query)
        assert (message["sid"], message["code"]) == (taken.json()["sid"], "482913")
    shown = await psp.controls.get(PATH.replace(".json", f"/{message['sid']}.json"), auth=(ACCOUNT, TOKEN))
    assert shown.json()["status"] == "delivered"


async def test_messages_are_read_newest_first_and_page_by_page(psp: Psp) -> None:
    for number in range(5):
        await send(psp, "+14155550102", f"Message {number}")
    first = (await psp.controls.get("/_sim/messages?to=+14155550102&limit=3")).json()
    assert [message["body"] for message in first["messages"]] == ["Message 4", "Message 3", "Message 2"]
    rest = await messages(psp, f"?to=+14155550102&limit=3&before={first['next_before']}")
    assert [message["body"] for message in rest] == ["Message 1", "Message 0"]
    assert rest[0]["code"] is None


async def test_messages_are_read_since_a_time(psp: Psp) -> None:
    await send(psp, "+14155550103", "Before")
    since = (await messages(psp, "?to=+14155550103"))[0]["created_at"]
    await psp.advance(5)
    await send(psp, "+14155550103", "After")
    later = datetime.fromisoformat(since).astimezone(UTC).replace(tzinfo=None)
    found = await messages(psp, f"?to=+14155550103&since={later.isoformat()}Z")
    assert [message["body"] for message in found] == ["After", "Before"]
    now = (await psp.controls.get("/_sim/clock")).json()["now"]
    assert await messages(psp, f"?to=+14155550103&since={now}") == []
    assert (await psp.controls.get("/_sim/messages?since=yesterday")).status_code == 400


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": "Jitney", "Body": "x"}, 21604),
        ({"To": "+14155550104", "Body": "x"}, 21603),
        ({"To": "+14155550104", "From": "Jitney"}, 21602),
        ({"To": "4155550104", "From": "Jitney", "Body": "x"}, 21211),
        ({"To": "+14155550104", "From": "A sender too long", "Body": "x"}, 21212),
        ({"To": "+14155550104", "From": "Jitney", "Body": "x" * 1601}, 21617),
        ({"To": "+14155550104", "From": "Jitney", "Body": "x", "MediaUrl": "y"}, 20001),
        ({"To": "+14155550104", "From": "Jitney", "Body": "x", "StatusCallback": "http://far.example/"}, 21609),
    ],
)
async def test_a_wrong_message_is_refused(psp: Psp, form: dict[str, str], code: int) -> None:
    answer = await psp.controls.post(PATH, data=form, auth=(ACCOUNT, TOKEN))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert await messages(psp, "?to=+14155550104") == []


async def test_a_stranger_sends_nothing(psp: Psp) -> None:
    answer = await psp.controls.post(PATH, data={}, auth=(ACCOUNT, "wrong"))
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


@pytest.mark.parametrize(("kind", "status"), [("rate_limited", 429), ("unavailable", 503)])
async def test_the_provider_may_be_busy(psp: Psp, kind: str, status: int) -> None:
    await psp.fault(kind, "messages.create", target="sms")
    busy = await send(psp, "+14155550105")
    assert (busy.status_code, busy.headers["retry-after"]) == (status, "1")
    assert (await send(psp, "+14155550105")).status_code == 201


async def test_the_provider_may_hang_after_it_took_the_message(psp: Psp) -> None:
    await psp.fault("timeout_after_effect", target="sms", seconds=0.1)
    with pytest.raises(httpx.ReadError):
        await send(psp, "+14155550106")
    assert len(await messages(psp, "?to=+14155550106")) == 1


async def test_the_state_of_a_message_is_told_signed(psp: Psp) -> None:
    receiver = Receiver()
    try:
        taken = await send(psp, "+14155550107", StatusCallback=receiver.url)
        headers, body = await receiver.next()
    finally:
        receiver.close()
    form = dict(parse_qsl(body.decode()))
    assert (form["MessageSid"], form["MessageStatus"]) == (taken.json()["sid"], "delivered")
    text = receiver.url + "".join(name + form[name] for name in sorted(form))
    expected = base64.b64encode(hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest()).decode()
    assert headers["X-Twilio-Signature"] == expected
