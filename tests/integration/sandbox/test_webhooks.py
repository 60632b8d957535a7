"""Webhooks as a receiver gets them: signed on the raw bytes, tried again until taken, wrong when told to be."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from jitney.stack.launch import Launcher
from tests.integration.sandbox.running import (
    API_KEY,
    PATIENCE_SECONDS,
    STRIPE_AND_HTTPX,
    WEBHOOK_SECRET,
    Psp,
    SandboxProcess,
    until,
)

pytestmark = STRIPE_AND_HTTPX
SIGNATURE = "Stripe-Signature"


class Receiver:
    """A receiver of webhooks on a free port; it answers with what it is told to."""

    def __init__(self) -> None:
        self.requests: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
        self.answers: queue.Queue[int] = queue.Queue()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                try:
                    status = outer.answers.get_nowait()
                except queue.Empty:
                    status = 200
                # Before the answer: whoever has been told of the answer finds the request.
                outer.requests.put((dict(self.headers), body))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is the base class's)
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    async def next(self) -> tuple[dict[str, str], bytes]:
        """Wait for the next request."""
        return await asyncio.to_thread(self.requests.get, timeout=PATIENCE_SECONDS)

    def arrived(self) -> list[stripe.Event]:
        """What has come so far and was not looked at."""
        come: list[stripe.Event] = []
        while not self.requests.empty():
            headers, body = self.requests.get_nowait()
            come.append(stripe.Webhook.construct_event(body, headers[SIGNATURE], WEBHOOK_SECRET, api_key=API_KEY))
        return come

    async def event(self) -> stripe.Event:
        """Wait for the next request and verify it with the real library."""
        headers, body = await self.next()
        return stripe.Webhook.construct_event(body, headers[SIGNATURE], WEBHOOK_SECRET, api_key=API_KEY)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """A receiver."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def sandbox(
    launcher: Launcher, receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxProcess]:
    """A sandbox that posts to the receiver."""
    sandbox = SandboxProcess(launcher, tmp_path_factory.mktemp("sandbox-with-webhooks"), receiver.url)
    with sandbox.running():
        yield sandbox


@pytest.fixture
async def psp(sandbox: SandboxProcess) -> AsyncIterator[Psp]:
    """The client of the sandbox that posts."""
    psp = Psp(sandbox.url)
    yield psp
    await psp.controls.delete("/_sim/faults")
    await psp.close()


async def test_each_event_is_posted_signed(psp: Psp, receiver: Receiver) -> None:
    held = await psp.hold()
    await psp.client.payment_intents.cancel_async(held.id)
    events = [await receiver.event() for _ in range(4)]
    assert {event.type for event in events} == {
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
    }
    stored = await psp.client.events.retrieve_async(events[0].id)
    assert stored.type == events[0].type


async def test_an_event_that_was_not_taken_comes_again(psp: Psp, receiver: Receiver) -> None:
    receiver.answers.put(500)
    receiver.answers.put(500)
    customer = await psp.client.customers.create_async()
    events = [await receiver.event() for _ in range(3)]
    assert {event.data.object["id"] for event in events} == {customer.id}
    assert len({event.id for event in events}) == 1


async def test_an_event_comes_twice_when_told_to(psp: Psp, receiver: Receiver) -> None:
    await psp.fault("duplicate", "customer.created", target="webhook")
    await psp.client.customers.create_async()
    first, second = await receiver.event(), await receiver.event()
    assert first.id == second.id


async def test_an_event_never_comes_when_told_so_but_is_listed(psp: Psp, receiver: Receiver) -> None:
    await psp.fault("never", "customer.created", target="webhook")
    lost = await psp.client.customers.create_async()
    sent = await psp.client.customers.create_async()
    assert (await receiver.event()).data.object["id"] == sent.id
    listed = await psp.client.events.list_async({"type": "customer.created", "limit": 2})
    assert [event.data.object["id"] for event in listed.data] == [sent.id, lost.id]


async def test_an_event_comes_late_when_told_so(psp: Psp, receiver: Receiver) -> None:
    await psp.fault("late", "customer.created", target="webhook", seconds=600)
    late = await psp.client.customers.create_async()
    prompt = await psp.client.customers.create_async()
    assert (await receiver.event()).data.object["id"] == prompt.id

    async def owed() -> list[str]:
        deliveries = (await psp.controls.get("/_sim/deliveries")).raise_for_status().json()["deliveries"]
        assert {(delivery["kind"], delivery["url"]) for delivery in deliveries} <= {("event", receiver.url)}
        return [delivery["body"]["data"]["object"]["id"] for delivery in deliveries]

    async def only(*expected: str) -> bool:
        return await owed() == list(expected)

    await until(lambda: only(late.id))
    await psp.advance(601)
    assert (await receiver.event()).data.object["id"] == late.id
    await until(only)


async def test_a_badly_signed_event_is_followed_by_a_good_one(psp: Psp, receiver: Receiver) -> None:
    await psp.fault("bad_signature", "customer.created", target="webhook")
    receiver.answers.put(400)
    await psp.client.customers.create_async()
    with pytest.raises(stripe.SignatureVerificationError):
        await receiver.event()
    assert (await receiver.event()).type == "customer.created"


async def test_an_event_comes_after_the_next_one_when_told_so(psp: Psp, receiver: Receiver) -> None:
    await psp.fault("reordered", "customer.created", target="webhook", seconds=600)
    first = await psp.client.customers.create_async()
    second = await psp.client.customers.create_async()
    come = [await receiver.event(), await receiver.event()]
    assert [event.data.object["id"] for event in come] == [second.id, first.id]


async def test_an_event_to_be_swapped_comes_by_itself_when_no_other_follows(psp: Psp, receiver: Receiver) -> None:
    await psp.fault("reordered", "customer.created", target="webhook", seconds=600)
    only = await psp.client.customers.create_async()
    await psp.advance(601)
    assert (await receiver.event()).data.object["id"] == only.id


async def test_an_event_is_there_before_the_answer_when_told_so(psp: Psp, receiver: Receiver) -> None:
    await psp.fault("early", "payment_intent.succeeded", target="webhook")
    held = await psp.hold()
    for _ in range(3):
        await receiver.event()
    await psp.fault("late", "charge.captured", target="webhook", seconds=600)
    await psp.client.payment_intents.capture_async(held.id)
    assert [event.type for event in receiver.arrived()] == ["payment_intent.succeeded"]
    await psp.advance(601)
    assert (await receiver.event()).type == "charge.captured"


async def test_an_early_event_that_is_not_taken_comes_again(psp: Psp, receiver: Receiver) -> None:
    await psp.fault("early", "customer.created", target="webhook")
    receiver.answers.put(503)
    customer = await psp.client.customers.create_async()
    come = [await receiver.event(), await receiver.event()]
    assert [event.data.object["id"] for event in come] == [customer.id, customer.id]


async def test_an_event_is_replayed_with_an_old_signature_when_told_so(psp: Psp, receiver: Receiver) -> None:
    await psp.fault("replay_old", "customer.created", target="webhook", seconds=3600)
    await psp.client.customers.create_async()
    verdicts: list[str] = []
    for _ in range(2):
        try:
            await receiver.event()
            verdicts.append("taken")
        except stripe.SignatureVerificationError as error:
            verdicts.append(str(error))
    assert sorted(verdict.split(" (")[0] for verdict in verdicts) == ["Timestamp outside the tolerance zone", "taken"]


async def test_an_event_of_a_connected_account_names_it(psp: Psp, receiver: Receiver) -> None:
    account = await psp.client.accounts.create_async({"type": "custom", "country": "US"})
    event = await receiver.event()
    assert (event.type, event.account) == ("account.updated", account.id)
    assert event.request is not None
    assert event.request.idempotency_key
