"""Steps of a ride out of order, by strangers or with wrong PINs: refused by name, and the ride stands as it was."""

from __future__ import annotations

from uuid import uuid4

import pytest

from shared_kernel.ids import to_public_id
from tests.system.people import HandDriver, HandRider, Town, refusal
from tests.system.refusals import nothing_is_half_done

pytestmark = pytest.mark.system


async def refused(driver: HandDriver, ride_id: str, step: str, body: dict[str, str] | None = None) -> tuple[str, str]:
    """Try a step; return the code and the sentence of its refusal."""
    error = await refusal(driver.step(ride_id, step, body))
    assert error.status == 409
    return error.code, str(error.problem["detail"])


async def on_the_way(people: Town) -> tuple[HandRider, HandDriver, str]:
    """Return a rider, the driver who is on the way, and the ride."""
    rider, driver = await people.rider(), await people.driver()
    ride_id = await rider.request()
    await driver.accept(ride_id)
    return rider, driver, ride_id


async def test_a_step_out_of_order_names_both_states_and_changes_nothing(people: Town) -> None:
    rider, driver, ride_id = await on_the_way(people)
    pin = {"pin": (await rider.ride(ride_id))["start_pin"]}
    before = await rider.ride(ride_id)

    def cannot(state: str, target: str) -> tuple[str, str]:
        return "invalid_transition", f"a ride that is {state} cannot become {target}"

    assert await refused(driver, ride_id, "start", pin) == cannot("driver_en_route", "in_progress")
    assert await refused(driver, ride_id, "complete") == cannot("driver_en_route", "completed")
    assert await refused(driver, ride_id, "no-show") == cannot("driver_en_route", "no_show")
    assert await rider.ride(ride_id) == before

    await driver.step(ride_id, "arrive")
    assert await refused(driver, ride_id, "complete") == cannot("arrived", "completed")
    await driver.step(ride_id, "start", pin)
    assert await refused(driver, ride_id, "cancel", {"reason": "tired"}) == cannot("in_progress", "matching")
    assert await refused(driver, ride_id, "no-show") == cannot("in_progress", "no_show")
    error = await refusal(rider.person.do("POST", f"/v1/rides/{ride_id}/cancel", {}))
    assert (error.status, error.code) == (409, "not_cancellable")

    await driver.step(ride_id, "complete")
    assert (await rider.settled(ride_id))["payment_state"] == "captured"
    ended = await rider.ride(ride_id)
    assert await refused(driver, ride_id, "arrive") == cannot("completed", "arrived")
    assert await refused(driver, ride_id, "start", pin) == cannot("completed", "in_progress")
    error = await refusal(people.operator("POST", f"/v1/operator/rides/{ride_id}/cancel", {"reason": "late"}))
    assert (error.status, error.code) == (409, "not_cancellable")
    assert await rider.ride(ride_id) == ended


async def test_five_wrong_pins_lock_the_start_and_a_repeated_try_counts_once(people: Town) -> None:
    rider, driver, ride_id = await on_the_way(people)
    await driver.step(ride_id, "arrive")
    right = {"pin": (await rider.ride(ride_id))["start_pin"]}
    wrong = {"pin": f"{(int(right['pin']) + 1) % 10_000:04d}"}
    path, token = f"/v1/driver/rides/{ride_id}/start", await driver.person.token()

    for pin in ("12a4", "", "12345"):
        error = await refusal(driver.step(ride_id, "start", {"pin": pin}))
        assert (error.status, error.code, error.problem["errors"][0]["field"]) == (400, "invalid_request", "pin")
    for _ in range(3):
        error = await refusal(people.api.call("POST", path, json=wrong, token=token, key="first-try"))
        assert (error.status, error.code) == (409, "pin_invalid")
    error = await refusal(people.api.call("POST", path, json=right, token=token, key="first-try"))
    assert (error.status, error.code) == (422, "idempotency_key_reused")
    for _ in range(4):
        assert (await refused(driver, ride_id, "start", wrong))[0] == "pin_invalid"
    code, told = await refused(driver, ride_id, "start", right)
    assert (code, "give the ride back" in told) == ("pin_locked", True)

    assert (await rider.ride(ride_id))["state"] == "arrived"
    await people.operator("POST", f"/v1/operator/rides/{ride_id}/cancel", {"reason": "wrong passenger"})
    assert (await rider.settled(ride_id))["payment_state"] == "voided"


async def test_replayed_steps_are_done_once_and_a_key_is_good_for_one_offer(people: Town) -> None:
    rider, driver = await people.rider(), await people.driver()
    ride_id = await rider.request()
    offer, token = await driver.offer(ride_id), await driver.person.token()
    nobodys = to_public_id("offer", uuid4())

    async def post(path: str, key: str) -> str:
        return str((await people.api.call("POST", f"/v1/driver/{path}", token=token, key=key))["id"])

    assert [await post(f"offers/{offer['id']}/accept", "take-it") for _ in range(2)] == [ride_id, ride_id]
    reused = await refusal(post(f"offers/{nobodys}/accept", "take-it"))
    assert (reused.status, reused.code) == (422, "idempotency_key_reused")
    unknown = await refusal(post(f"offers/{nobodys}/accept", "take-another"))
    assert (unknown.status, unknown.code) == (404, "offer_not_found")
    assert [await post(f"rides/{ride_id}/arrive", "here") for _ in range(2)] == [ride_id, ride_id]
    other_ride = to_public_id("ride", uuid4())
    reused = await refusal(post(f"rides/{other_ride}/arrive", "here"))
    assert (reused.status, reused.code) == (422, "idempotency_key_reused")
    history = await people.operator("GET", f"/v1/operator/rides/{ride_id}/history")
    assert [item["to_state"] for item in history["transitions"]].count("arrived") == 1
    await people.operator("POST", f"/v1/operator/rides/{ride_id}/cancel", {"reason": "street closed"})
    await rider.settled(ride_id)


async def test_another_driver_cannot_step_and_another_rider_cannot_look(people: Town) -> None:
    rider, _, ride_id = await on_the_way(people)
    stranger, strange_driver = await people.rider(), await people.driver()
    before = await rider.ride(ride_id)
    for step, body in (("arrive", None), ("start", {"pin": "0000"}), ("complete", None), ("no-show", None)):
        error = await refusal(strange_driver.step(ride_id, step, body))
        assert (error.status, error.code) == (404, "ride_not_found")
    for path in (f"/v1/rides/{ride_id}", f"/v1/rides/{ride_id}/location"):
        error = await refusal(stranger.person.get(path))
        assert (error.status, error.code) == (404, "ride_not_found")
    assert await rider.ride(ride_id) == before
    await rider.cancel(ride_id)
    await rider.settled(ride_id)


async def test_nothing_of_it_is_half_done(people: Town) -> None:
    await nothing_is_half_done(people)
