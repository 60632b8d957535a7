"""Parties who share a vehicle, and orders that are delivered: from asking to the books, by the public interfaces."""

from __future__ import annotations

from typing import Any

import pytest

from shared_kernel.geo import GeoPoint
from tests.system.books import complaints_about, psp_intents
from tests.system.people import HandDriver, HandRider, Town, refusal

pytestmark = pytest.mark.system

NEAR_UNION_SQUARE = GeoPoint(37.7886, -122.4068)
ORDER = {
    "shop_name": "Corner Bakery",
    "shop_phone": "+14155550111",
    "order_reference": "A-1042",
    "recipient_name": "Robin",
    "recipient_phone": "+14155550122",
    "items": "2 loaves of bread",
    "size": "small",
    "capabilities": ["thermal_bag"],
    "pickup_code_required": True,
}


async def check_the_books(people: Town, riders: dict[str, HandRider]) -> dict[str, dict[str, Any]]:
    """Wait until the rides are paid for, and hold the PSP, the ledger and the receipts against their fares."""
    settled = {ride_id: await rider.settled(ride_id) for ride_id, rider in riders.items()}
    for ride_id, rider in riders.items():
        receipt = await rider.person.get(f"/v1/rides/{ride_id}/receipt")
        assert receipt["total"] == settled[ride_id]["fare"]["total"]
    page = await people.operator("GET", "/v1/operator/rides", limit="50")
    rides = [item for item in page["items"] if item["id"] in riders]
    persons = {rider.person.account_id: rider.person for rider in riders.values()}
    assert await complaints_about(people, persons, rides, await psp_intents(people)) == []
    [sums] = (await people.operator("GET", "/v1/operator/ledger/trial-balance"))["currencies"]
    assert sums["sum_minor"] == 0
    return settled


async def collected(people: Town, rider: HandRider) -> tuple[str, HandDriver, dict[str, Any]]:
    """Bring an order from asking to where its courier has it; return the ride, the courier and the quote."""
    bare, courier = await people.driver(), await people.driver(NEAR_UNION_SQUARE)
    declared = {"online": True, "capabilities": ["delivery", "thermal_bag"]}
    await courier.person.do("PUT", "/v1/driver/availability", declared)
    quote = await rider.quote(product="delivery")
    body = {"quote_id": quote["id"], "payment_method_id": rider.payment_method_id, "delivery": ORDER}
    ride = await rider.person.do("POST", "/v1/rides", body)
    offer = await courier.offer(ride["id"])
    assert offer["order"]["items"] == "2 loaves of bread"
    assert "+1415555" not in str(offer)
    assert not [event for event in bare.heard if event.data.get("ride_id") == ride["id"]]
    taken = await courier.accept(ride["id"])
    assert taken["delivery"]["order"]["recipient_phone"] == "+14155550122"
    assert taken["delivery"]["hand_over_pin"] is None
    await courier.step(ride["id"], "arrive")
    refused = await refusal(courier.step(ride["id"], "collect", {}))
    assert refused.code == "pickup_code_invalid"
    await courier.step(ride["id"], "collect", {"code": (await rider.ride(ride["id"]))["start_pin"]})
    return str(ride["id"]), courier, quote


async def test_an_order_is_handed_over_by_the_recipients_pin_and_paid(people: Town) -> None:
    rider = await people.rider()
    ride_id, courier, quote = await collected(people, rider)
    pin = (await rider.ride(ride_id))["delivery"]["hand_over_pin"]
    wrong = f"{(int(pin) + 1) % 10_000:04d}"
    refused = await refusal(courier.step(ride_id, "hand-over", {"proof_kind": "pin", "pin": wrong}))
    assert refused.code == "hand_over_pin_invalid"
    await courier.step(ride_id, "hand-over", {"proof_kind": "pin", "pin": pin})
    done = (await check_the_books(people, {ride_id: rider}))[ride_id]
    assert (done["state"], done["delivery"]["proof_kind"]) == ("completed", "pin")
    assert done["fare"]["total"] == quote["fare"]["total"]
    assert "+1415555" not in str(done)


async def test_an_order_that_nobody_takes_goes_back_for_the_fare_and_the_fee_of_the_return(people: Town) -> None:
    rider = await people.rider()
    ride_id, courier, quote = await collected(people, rider)
    await courier.step(ride_id, "fail-delivery", {"failure": "recipient_absent"})
    assert (await rider.ride(ride_id))["state"] == "returning"
    await courier.step(ride_id, "return", {"received_by": "Kim"})
    back = await rider.settled(ride_id)
    assert (back["state"], back["payment_state"]) == ("returned", "captured")
    fee = back["delivery"]["return_fee"]["amount_minor"]
    assert fee > 0
    assert back["fare"]["total"]["amount_minor"] == quote["fare"]["total"]["amount_minor"] + fee
    receipt = await rider.person.get(f"/v1/rides/{ride_id}/receipt")
    assert receipt["total"] == back["fare"]["total"]
    [sums] = (await people.operator("GET", "/v1/operator/ledger/trial-balance"))["currencies"]
    assert sums["sum_minor"] == 0


async def ask_for_a_shared_ride(rider: HandRider, *places: GeoPoint) -> str:
    quote = await rider.quote(*places, product="pool")
    body = {"quote_id": quote["id"], "payment_method_id": rider.payment_method_id}
    refused = await refusal(rider.person.do("POST", "/v1/rides", body))
    assert refused.code == "detour_not_accepted"
    body["accepted_detour_seconds"] = quote["max_detour_seconds"]
    return str((await rider.person.do("POST", "/v1/rides", body))["id"])


async def test_two_parties_share_a_vehicle_and_each_pays_for_its_own_ride(people: Town) -> None:
    first, second, driver = await people.rider(), await people.rider(), await people.driver()
    alone = await first.quote()
    rides = {await ask_for_a_shared_ride(first): first}
    [first_id] = rides
    await driver.accept(first_id)
    second_id = await ask_for_a_shared_ride(second, NEAR_UNION_SQUARE)
    rides[second_id] = second
    offer = await driver.offer(second_id)
    assert offer["joins_run"]
    await driver.accept(second_id)

    plan = (await driver.person.get("/v1/driver/plan"))["stops"]
    assert sorted((stop["ride_id"], stop["action"]) for stop in plan) == sorted(
        (ride_id, action) for ride_id in rides for action in ("pick_up", "drop_off")
    )
    while plan := (await driver.plan())["stops"]:
        ride_id, action = plan[0]["ride_id"], plan[0]["action"]
        assert (await driver.person.get("/v1/driver/rides/current"))["id"] == ride_id
        if action == "pick_up":
            await driver.step(ride_id, "arrive")
            await driver.step(ride_id, "start", {"pin": (await rides[ride_id].ride(ride_id))["start_pin"]})
        else:
            await driver.step(ride_id, "complete")

    settled = await check_the_books(people, rides)
    assert {ride["sharing"]["run_id"] for ride in settled.values()} == {settled[first_id]["sharing"]["run_id"]}
    assert all(ride["state"] == "completed" for ride in settled.values())
    assert settled[first_id]["fare"]["total"]["amount_minor"] < alone["fare"]["total"]["amount_minor"]
    summary = await people.operator("GET", "/v1/operator/rides/summary", since="2024-01-01T00:00:00Z")
    assert summary["double_assignment_count"] == 0
