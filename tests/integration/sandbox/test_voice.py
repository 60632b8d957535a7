"""The provider of calls as its clients meet it, and the calls as people read them."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from tests.integration.sandbox.running import STRIPE_AND_HTTPX, Psp
from tests.integration.sandbox.test_sms import ACCOUNT, TOKEN, send
from tests.integration.sandbox.test_webhooks import Receiver

pytestmark = STRIPE_AND_HTTPX
PATH = f"/voice/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
TWIML = '<Response><Say language="es-MX">Tu código es 4, 8, 2, 9, 1, 3 &amp; ya.</Say></Response>'


async def call(psp: Psp, to: str, twiml: str = TWIML, **more: str) -> httpx.Response:
    """Have somebody called."""
    form = {"To": to, "From": "+14155550100", "Twiml": twiml, **more}
    return await psp.controls.post(PATH, data=form, auth=(ACCOUNT, TOKEN))


async def calls(psp: Psp, to: str) -> list[dict[str, Any]]:
    answer = await psp.controls.get(f"/_sim/calls?to={to}")
    assert answer.status_code == 200, answer.text
    return answer.json()["calls"]


async def test_a_call_is_taken_and_what_it_says_is_read(psp: Psp) -> None:
    taken = await call(psp, "+14155550151", Timeout="30", TimeLimit="60")
    assert (taken.status_code, taken.json()["status"], taken.json()["sid"][:2]) == (201, "queued", "CA")
    [told] = await calls(psp, "+14155550151")
    assert (told["said"], told["language"], told["code"], told["status"]) == (
        "Tu código es 4, 8, 2, 9, 1, 3 & ya.",
        "es-MX",
        "482913",
        "completed",
    )
    shown = await psp.controls.get(PATH.replace(".json", f"/{told['sid']}.json"), auth=(ACCOUNT, TOKEN))
    assert shown.json()["status"] == "completed"
    listed = await psp.controls.get(PATH, params={"To": "+14155550151", "PageSize": "5"}, auth=(ACCOUNT, TOKEN))
    assert [each["sid"] for each in listed.json()["calls"]] == [told["sid"]]


async def test_a_call_stands_on_the_page_beside_the_messages_of_its_phone(psp: Psp) -> None:
    await send(psp, "+14155550152", "Your Jitney code is 302817.")
    await call(psp, "+14155550152")
    await psp.fault("undelivered", target="voice", failure_code="busy")
    await call(psp, "+14155550152", TWIML.replace("ya", "&lt;b&gt;nunca"))
    page = (await psp.controls.get("/", params={"to": "+14155550152"})).text
    for words in ('data-copy="302817"', 'data-copy="482913"', "Call ·", 'lang="es-MX"', "Busy", "&lt;b&gt;nunca"):
        assert words in page
    assert page.index("Busy") < page.index('data-copy="302817"')  # the newest first


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": "+14155550100", "Twiml": TWIML}, 21201),
        ({"To": "+14155550153", "Twiml": TWIML}, 21213),
        ({"To": "+14155550153", "From": "+14155550100"}, 21205),
        ({"To": "4155550153", "From": "+14155550100", "Twiml": TWIML}, 21211),
        ({"To": "+14155550153", "From": "Jitney", "Twiml": TWIML}, 21212),
        ({"To": "+14155550153", "From": "+14155550100", "Twiml": TWIML, "Timeout": "long"}, 20001),
        ({"To": "+14155550153", "From": "+14155550100", "Twiml": TWIML, "Url": "http://x"}, 20001),
        *(
            ({"To": "+14155550153", "From": "+14155550100", "Twiml": twiml}, 12100)
            for twiml in (
                "hello",
                "<Response></Response>",
                "<Response><Pause/></Response>",
                "<Response><Dial>+19005550100</Dial></Response>",
                '<Response><Say language="en-US">a<b>c</b></Say></Response>',
            )
        ),
    ],
)
async def test_a_wrong_call_is_refused(psp: Psp, form: dict[str, str], code: int) -> None:
    answer = await psp.controls.post(PATH, data=form, auth=(ACCOUNT, TOKEN))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert await calls(psp, "+14155550153") == []


async def test_a_stranger_calls_nobody(psp: Psp) -> None:
    answer = await psp.controls.post(PATH, data={}, auth=(ACCOUNT, "wrong"))
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


@pytest.mark.parametrize(
    ("fault", "failure_code", "status"),
    [("", "", "completed"), ("undelivered", "", "no-answer"), ("undelivered", "failed", "failed")],
)
async def test_how_a_call_ended_is_told_signed(psp: Psp, fault: str, failure_code: str, status: str) -> None:
    receiver = Receiver()
    if fault:
        await psp.fault(fault, target="voice", failure_code=failure_code)
    try:
        taken = await call(psp, "+14155550154", StatusCallback=receiver.url)
        headers, body = await receiver.next()
    finally:
        receiver.close()
    form = dict(parse_qsl(body.decode()))
    assert (form["CallSid"], form["CallStatus"]) == (taken.json()["sid"], status)
    text = receiver.url + "".join(name + form[name] for name in sorted(form))
    expected = base64.b64encode(hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest()).decode()
    assert headers["X-Twilio-Signature"] == expected


async def test_an_sms_may_be_lost_with_a_word_or_without_one(psp: Psp) -> None:
    receiver = Receiver()
    await psp.fault("no_receipt", target="sms")
    await psp.fault("undelivered", target="sms")
    try:
        await send(psp, "+14155550155", StatusCallback=receiver.url)
        lost = await send(psp, "+14155550155", StatusCallback=receiver.url)
        _, body = await receiver.next()
    finally:
        receiver.close()
    form = dict(parse_qsl(body.decode()))
    assert (form["MessageSid"], form["MessageStatus"], form["ErrorCode"]) == (
        lost.json()["sid"],
        "undelivered",
        "30008",
    )
