"""Idempotency by Stripe's rules, with and without faults: one effect a key, whatever the network does."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest
import stripe

from tests.integration.sandbox.running import API_KEY, STRIPE_AND_HTTPX, Psp, until

pytestmark = STRIPE_AND_HTTPX
SLOW = 600.0
"""For who is kept waiting until the fault is taken back, or the client goes away."""


def headers(error: stripe.StripeError) -> dict[str, str]:
    """The headers of a refusal, in lower case."""
    return {name.lower(): value for name, value in dict(error.headers or {}).items()}


async def raw_hold(psp: Psp, key: str, amount: str = "500") -> Any:
    """The same hold without the client, for its headers."""
    form = {
        "amount": amount,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "payment_method_types[0]": "card",
        "capture_method": "manual",
        "confirm": "true",
        "metadata[key]": key,
    }
    authorization = {"authorization": f"Bearer {API_KEY}", "idempotency-key": key}
    return await psp.controls.post("/psp/v1/payment_intents", data=form, headers=authorization)


async def test_the_same_key_with_the_same_parameters_replays_the_answer(psp: Psp) -> None:
    first, second = await raw_hold(psp, "replayed"), await raw_hold(psp, "replayed")
    assert (first.status_code, first.content) == (second.status_code, second.content) == (200, first.content)
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["original-request"] == first.headers["request-id"] != second.headers["request-id"]
    assert len(await psp.ledger(**{"metadata[key]": "replayed"})) == 1


async def test_the_same_key_with_other_parameters_is_an_idempotency_error(psp: Psp) -> None:
    held = await psp.hold(500, key="one-amount")
    with pytest.raises(stripe.IdempotencyError) as refusal:
        await psp.hold(600, key="one-amount")
    assert refusal.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        await psp.client.payment_intents.capture_async(held.id, {}, {"idempotency_key": "one-amount"})


async def test_a_decline_is_replayed_without_another_attempt(psp: Psp) -> None:
    attempt: dict[str, Any] = {"payment_method": "pm_card_chargeDeclined", "metadata": {"case": "declined-once"}}
    with pytest.raises(stripe.CardError):
        await psp.hold(key="declined-once", **attempt)
    with pytest.raises(stripe.CardError) as again:
        await psp.hold(key="declined-once", **attempt)
    assert headers(again.value)["idempotent-replayed"] == "true"
    [line] = await psp.ledger(**{"metadata[case]": "declined-once"})
    charges = await psp.client.charges.list_async({"payment_intent": line["payment_intent"]})
    assert len(charges.data) == 1


async def test_a_refused_parameter_does_not_use_the_key_up(psp: Psp) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await psp.hold(0, key="mended")
    assert (await psp.hold(700, key="mended")).amount == 700


async def test_a_key_is_forgotten_after_a_day(psp: Psp) -> None:
    first = await psp.hold(500, key="a-day-old")
    await psp.advance(24 * 3600 + 1)
    second = await psp.hold(600, key="a-day-old")
    assert second.id != first.id


async def test_a_key_in_use_is_a_conflict_and_then_the_answer(psp: Psp) -> None:
    delay = await psp.fault("delay", "payment_intents.create", seconds=SLOW)
    first = asyncio.create_task(psp.hold(500, key="in-use"))
    await fired(psp)
    with pytest.raises(stripe.APIError) as refusal:
        await psp.hold(500, key="in-use")
    assert refusal.value.http_status == 409
    assert refusal.value.error is not None
    assert refusal.value.error.code == "idempotency_key_in_use"
    await psp.controls.delete(f"/_sim/faults/{delay}")
    held = await first
    assert (await psp.hold(500, key="in-use")).id == held.id


async def test_many_clients_with_one_key_make_one_hold(psp: Psp) -> None:
    async def hold() -> str | int | None:
        try:
            return (await psp.hold(500, key="shared", metadata={"case": "shared"})).id
        except stripe.APIError as error:
            return error.http_status

    answers = set(await asyncio.gather(*(hold() for _ in range(20))))
    assert len(answers - {409}) == 1
    assert answers <= {409, (await psp.hold(500, key="shared", metadata={"case": "shared"})).id}
    assert len(await psp.ledger(**{"metadata[case]": "shared"})) == 1


async def fired(psp: Psp, times: int = 1) -> None:
    """Wait until the faults that were scripted have struck so often, and what is done nevertheless is done."""

    async def struck() -> bool:
        return sum(rule["fired"] for rule in (await psp.controls.get("/_sim/faults")).json()["faults"]) >= times

    await until(struck)
    # The work comes right after the drawing of its fault, and the store does one thing after the other.
    await psp.controls.get("/_sim/faults")


async def give_up(psp: Psp, call: Coroutine[Any, Any, object], times: int = 1) -> None:
    """Go away from a call that a fault leaves unanswered, the so-manieth, as a client does whose patience ends."""
    asking = asyncio.create_task(call)
    await fired(psp, times)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_timeout_before_the_effect_leaves_nothing_and_the_key_free(psp: Psp) -> None:
    await psp.fault("timeout_before_effect", "payment_intents.create", seconds=SLOW)
    await give_up(psp, psp.hold(key="lost-before", metadata={"case": "lost-before"}))
    assert await psp.ledger(**{"metadata[case]": "lost-before"}) == []
    held = await psp.hold(key="lost-before", metadata={"case": "lost-before"})
    assert held.status == "requires_capture"
    assert len(await psp.ledger(**{"metadata[case]": "lost-before"})) == 1


async def test_a_timeout_after_the_effect_is_answered_under_the_same_key(psp: Psp) -> None:
    await psp.fault("timeout_after_effect", "payment_intents.*", seconds=SLOW, count=2)
    await give_up(psp, psp.hold(key="lost-after", metadata={"case": "lost-after"}))
    [line] = await psp.ledger(**{"metadata[case]": "lost-after"})
    assert line["authorized_minor"] == 2280

    # The network is still bad, the answer is a replay.
    await give_up(psp, psp.hold(key="lost-after", metadata={"case": "lost-after"}), times=2)
    held = await psp.hold(key="lost-after", metadata={"case": "lost-after"})
    assert held.id == line["payment_intent"]

    await psp.fault("timeout_after_effect", "payment_intents.capture", seconds=SLOW)
    key: Any = {"idempotency_key": "capture-lost-after"}
    await give_up(psp, psp.client.payment_intents.capture_async(held.id, {}, key), times=3)
    captured = await psp.client.payment_intents.capture_async(held.id, {}, key)
    assert captured.status == "succeeded"
    [line] = await psp.ledger(**{"metadata[case]": "lost-after"})
    assert (line["authorizations"], line["captures"], line["captured_minor"]) == (1, 1, 2280)


async def test_a_timeout_ends_in_a_reset_for_a_client_that_waits(psp: Psp) -> None:
    await psp.fault("timeout_before_effect", "customers.create", seconds=0.1)
    with pytest.raises(stripe.APIConnectionError, match="ReadError"):
        await psp.client.customers.create_async()


async def test_who_waits_is_let_go_when_the_very_fault_is_taken_back(psp: Psp) -> None:
    alike = [await psp.fault("timeout_before_effect", "customers.create", seconds=SLOW) for _ in range(2)]
    first = asyncio.create_task(psp.client.customers.create_async())
    await fired(psp)
    second = asyncio.create_task(psp.client.customers.create_async())
    await fired(psp, times=2)
    await psp.controls.delete(f"/_sim/faults/{alike[0]}")
    with pytest.raises(stripe.APIConnectionError, match="ReadError"):
        await first
    # Time enough for the other to be told as well.
    await psp.client.customers.list_async()
    assert not second.done()
    await psp.controls.delete("/_sim/faults")
    with pytest.raises(stripe.APIConnectionError, match="ReadError"):
        await second


@pytest.mark.parametrize(("kind", "done"), [("reset_before_effect", 0), ("reset_after_effect", 1)])
async def test_a_reset_connection_does_not_tell_whether_it_was_done(psp: Psp, kind: str, done: int) -> None:
    await psp.fault(kind, "payment_intents.create")
    with pytest.raises(stripe.APIConnectionError, match="ReadError"):
        await psp.hold(key=kind, metadata={"case": kind})
    assert len(await psp.ledger(**{"metadata[case]": kind})) == done
    await psp.hold(key=kind, metadata={"case": kind})
    assert len(await psp.ledger(**{"metadata[case]": kind})) == 1


async def test_hundreds_of_connections_are_reset_and_the_next_is_served(psp: Psp) -> None:
    await psp.fault("reset_before_effect", "customers.list", count=300)

    async def ask() -> type[Exception] | None:
        try:
            await psp.controls.get("/psp/v1/customers", auth=(API_KEY, ""))
        except httpx.HTTPError as error:
            return type(error)
        return None

    outcomes = {outcome for _ in range(3) for outcome in await asyncio.gather(*(ask() for _ in range(100)))}
    assert outcomes == {httpx.ReadError}
    assert (await psp.client.customers.list_async()).url == "/v1/customers"


@pytest.mark.parametrize(("kind", "done"), [("error_before_effect", 0), ("error_after_effect", 1)])
async def test_a_500_is_replayed_under_its_key_and_proves_nothing(psp: Psp, kind: str, done: int) -> None:
    await psp.fault(kind, "payment_intents.create")
    for replayed in (False, True):
        with pytest.raises(stripe.APIError) as refusal:
            await psp.hold(key=kind, metadata={"case": kind})
        assert refusal.value.http_status == 500
        assert headers(refusal.value).get("idempotent-replayed") == ("true" if replayed else None)
    assert len(await psp.ledger(**{"metadata[case]": kind})) == done
    found = await psp.client.payment_intents.search_async({"query": f"metadata['case']:'{kind}'"})
    assert len(found.data) == done


async def test_a_replay_does_not_meet_a_fault_of_the_work(psp: Psp) -> None:
    held = await psp.hold(key="done-before-the-fault")
    await psp.fault("error_before_effect", "payment_intents.create")
    assert (await psp.hold(key="done-before-the-fault")).id == held.id
    with pytest.raises(stripe.APIError):
        await psp.hold()


async def test_a_rate_limit_and_a_conflict_are_not_remembered(psp: Psp) -> None:
    await psp.fault("rate_limited", "payment_intents.create")
    with pytest.raises(stripe.RateLimitError):
        await psp.hold(key="limited")
    await psp.fault("conflict", "payment_intents.create")
    with pytest.raises(stripe.APIError) as refusal:
        await psp.hold(key="limited")
    assert refusal.value.http_status == 409
    assert (await psp.hold(key="limited")).status == "requires_capture"


async def test_a_slow_effect_comes_although_the_client_has_gone(psp: Psp) -> None:
    delay = await psp.fault("delay", "payment_intents.create", seconds=SLOW)
    await give_up(psp, psp.hold(key="late", metadata={"case": "late"}))
    assert await psp.ledger(**{"metadata[case]": "late"}) == []
    await psp.controls.delete(f"/_sim/faults/{delay}")

    async def done() -> bool:
        return bool(await psp.ledger(**{"metadata[case]": "late"}))

    await until(done)
    assert (await psp.hold(key="late", metadata={"case": "late"})).status == "requires_capture"
    assert len(await psp.ledger(**{"metadata[case]": "late"})) == 1


async def test_a_scripted_decline_strikes_the_chosen_call(psp: Psp) -> None:
    options = {"card": {"request_incremental_authorization": "if_available"}}
    await psp.fault("decline", "payment_intents.create", decline_code="insufficient_funds", skip=1)
    held = await psp.hold(1000, payment_method_options=options)
    with pytest.raises(stripe.CardError, match="insufficient funds"):
        await psp.hold()
    await psp.fault("decline", "payment_intents.increment_authorization")
    with pytest.raises(stripe.CardError):
        await psp.client.payment_intents.increment_authorization_async(held.id, {"amount": 2000})
    kept = await psp.client.payment_intents.retrieve_async(held.id)
    assert (kept.status, kept.amount) == ("requires_capture", 1000)


async def test_chance_plays_the_same_way_again(psp: Psp) -> None:
    async def play() -> list[bool]:
        await psp.controls.delete("/_sim/faults")
        await psp.fault("rate_limited", "customers.list", probability=0.5, seed=7, count=None)
        struck: list[bool] = []
        for _ in range(20):
            try:
                await psp.client.customers.list_async()
                struck.append(False)
            except stripe.RateLimitError:
                struck.append(True)
        return struck

    first = await play()
    assert await play() == first
    assert 0 < sum(first) < 20
