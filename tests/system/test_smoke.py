"""What `helm test` asks of a release beside whole rides, asked of the shared stack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jitney.simulator.smoke import SmokeError, declines_and_holds_nothing, reflects, smoke
from tests.system.people import Town


async def test_a_whole_stack_keeps_what_a_release_promises(people: Town) -> None:
    stack, said = people.stack, list[str]()
    targets = [stack.addresses[f"JITNEY_{name}_LISTEN"] for name in ("MATCHING", "NOTIFICATION")]
    sandbox_url = f"http://{stack.addresses['JITNEY_SANDBOX_LISTEN']}"
    await smoke(stack.rest_url, sandbox_url, targets, said.append)
    assert [line.partition(":")[0] for line in said[2:]] == [
        "one key asked twice is one ride",
        "a declined card gets no ride, and nothing is held",
    ]
    assert all("by reflection" in line for line in said[:2])


async def test_a_card_that_is_taken_is_not_taken_for_declined(people: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await people.signed_in("rider")
    monkeypatch.setattr(person.client, "add_payment_method", _with_a_good_card(person.client.add_payment_method))
    with pytest.raises(SmokeError, match="a declined card got the ride"):
        await declines_and_holds_nothing(people.sandbox, person)
    ride = await person.client.read_current_ride()
    preview = await person.client.preview_cancellation(ride["id"])
    await person.client.cancel_ride(ride["id"], {"fee_consent_token": preview["fee_consent_token"]})


async def test_a_card_that_is_declined_late_is_declined(people: Town) -> None:
    person = await people.signed_in("rider")
    # Longer than whoever asks for a ride waits for the hold.
    rule = {"target": "psp", "operation": "payment_intents.*", "kind": "delay", "seconds": 2.8, "count": None}
    made = await people.sandbox.call("POST", "/_sim/faults", json=rule)
    try:
        ride_id = await declines_and_holds_nothing(people.sandbox, person)
    finally:
        await people.sandbox.call("DELETE", f"/_sim/faults/{made['id']}")
    assert (await person.get(f"/v1/rides/{ride_id}"))["state"] == "payment_failed"


def _with_a_good_card(add: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def add_good(body: object) -> Any:
        del body
        return await add({"psp_token": "pm_card_visa"})

    return add_good


async def test_what_is_no_service_of_ours_is_told(people: Town) -> None:
    with pytest.raises(SmokeError, match="does not tell what it serves"):
        await reflects(people.stack.addresses["JITNEY_REST_LISTEN"])
