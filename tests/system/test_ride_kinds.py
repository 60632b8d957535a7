"""Rides of each kind from asking to the books, through the public interfaces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared_kernel.geo import GeoPoint
from tests.system.books import complaints_about, psp_intents
from tests.system.people import UNION_SQUARE, HandDriver, HandRider, Town, place_of, refusal, until

pytestmark = pytest.mark.system

BAKERY = GeoPoint(37.7920, -122.4010)
BALL_PARK = GeoPoint(37.7786, -122.3893)
AIRPORT = GeoPoint(37.6213, -122.3790)


async def under_way(people: Town, ride_id: str, rider: HandRider, driver: HandDriver) -> None:
    """Bring a ride from its offer to where the rider is in the vehicle."""
    await driver.accept(ride_id)
    await driver.step(ride_id, "arrive")
    ride = await rider.ride(ride_id)
    await driver.step(ride_id, "start", {"pin": ride["start_pin"]})


async def paid_for(people: Town, rider: HandRider, ride_id: str) -> dict[str, Any]:
    """Wait until a ride is paid for; its receipt, the PSP and the ledger must all have its fare."""
    settled = await rider.settled(ride_id)
    assert (settled["state"], settled["payment_state"]) == ("completed", "captured")
    receipt = await rider.person.get(f"/v1/rides/{ride_id}/receipt")
    assert receipt["total"] == receipt["captured"] == settled["fare"]["total"]
    assert receipt["receivable"]["amount_minor"] == 0
    page = await people.operator("GET", "/v1/operator/rides", limit="50")
    [ride] = [item for item in page["items"] if item["id"] == ride_id]
    riders = {rider.person.account_id: rider.person}
    assert await complaints_about(people, riders, [ride], await psp_intents(people)) == []
    [sums] = (await people.operator("GET", "/v1/operator/ledger/trial-balance"))["currencies"]
    assert sums["sum_minor"] == 0
    return settled


async def test_a_ride_with_a_stop_is_driven_by_way_of_it_and_paid(people: Town) -> None:
    rider, driver = await people.rider(), await people.driver()
    plain = await rider.quote()
    quote = await rider.quote(stops=[place_of(BAKERY)], passengers=2)
    assert quote["distance_meters"] > plain["distance_meters"]
    ride_id = await rider.ask(quote)
    offer = await driver.offer(ride_id)
    assert (len(offer["stops"]), offer["passengers"]) == (1, 2)
    await under_way(people, ride_id, rider, driver)
    [stop] = (await driver.person.get("/v1/driver/rides/current"))["stops"]
    reached = await driver.step(ride_id, f"stops/{stop['id']}/reach")
    assert reached["stops"][0]["state"] == "reached"
    await driver.step(ride_id, f"stops/{stop['id']}/leave")
    await driver.step(ride_id, "complete")
    settled = await paid_for(people, rider, ride_id)
    assert settled["stops"][0]["state"] == "left"
    assert settled["fare"]["total"] == quote["fare"]["total"]


async def test_an_edit_on_the_way_raises_the_hold_and_is_what_is_paid(people: Town) -> None:
    rider, driver = await people.rider(), await people.driver()
    ride_id = await rider.request()
    await under_way(people, ride_id, rider, driver)
    before = await rider.ride(ride_id)
    edit = await rider.person.do("POST", f"/v1/rides/{ride_id}/edits", {"stops": [{"place": place_of(BALL_PARK)}]})
    assert edit["difference_minor"] > 0
    edit = await rider.person.do("POST", f"/v1/rides/{ride_id}/edits/{edit['id']}/accept")
    assert edit["state"] == "applied"
    after = await rider.ride(ride_id)
    assert after["fare"] == edit["fare"] != before["fare"]

    async def told() -> bool | None:
        return any(event.data.get("edit_id") == edit["id"] for event in driver.heard) or None

    await until(told, "the edit on the driver's live stream")
    [stop] = (await driver.person.get("/v1/driver/rides/current"))["stops"]
    await driver.step(ride_id, f"stops/{stop['id']}/reach")
    await driver.step(ride_id, f"stops/{stop['id']}/leave")
    await driver.step(ride_id, "complete")
    late = await refusal(rider.person.do("POST", f"/v1/rides/{ride_id}/edits", {"stops": []}))
    assert (late.status, late.code) == (409, "not_editable")
    settled = await paid_for(people, rider, ride_id)
    assert settled["fare"]["total"] == edit["fare"]["total"]


async def test_a_much_longer_trip_waits_for_the_drivers_word(people: Town) -> None:
    rider, driver = await people.rider(), await people.driver()
    ride_id = await rider.request()
    await under_way(people, ride_id, rider, driver)
    edit = await rider.person.do("POST", f"/v1/rides/{ride_id}/edits", {"dropoff": place_of(AIRPORT)})
    edit = await rider.person.do("POST", f"/v1/rides/{ride_id}/edits/{edit['id']}/accept")
    assert edit["state"] == "awaiting_driver"
    shown = await driver.person.get(f"/v1/driver/rides/{ride_id}/edits/{edit['id']}")
    assert shown["added_seconds"] > 900
    answer = await driver.person.do("POST", f"/v1/driver/rides/{ride_id}/edits/{edit['id']}/answer", {"agreed": True})
    assert answer["state"] == "applied"
    await driver.step(ride_id, "complete")
    assert (await paid_for(people, rider, ride_id))["fare"]["total"] == edit["fare"]["total"]


async def test_a_ride_asked_for_ahead_holds_nothing_yet_and_bars_another_at_its_time(people: Town) -> None:
    rider = await people.rider()
    pickup_at = datetime.now(UTC) + timedelta(hours=1)
    ride_id = await rider.ask(await rider.quote(pickup_at=pickup_at.isoformat()))
    waiting = await rider.ride(ride_id)
    assert (waiting["state"], waiting["payment_state"]) == ("scheduled", "hold_not_due")
    [listed] = (await rider.person.get("/v1/rides/scheduled"))["items"]
    assert listed["id"] == ride_id
    overlapping = await refusal(rider.ask(await rider.quote(pickup_at=pickup_at.isoformat())))
    assert (overlapping.status, overlapping.code) == (409, "schedule_overlap")
    # A ride now is another matter.
    now_id = await rider.request()
    await rider.cancel(now_id)
    page = await people.operator("GET", "/v1/operator/rides", state="scheduled")
    assert ride_id in {item["id"] for item in page["items"]}
    await rider.cancel(ride_id)
    canceled = await rider.settled(ride_id)
    assert (canceled["state"], canceled["payment_state"]) == ("canceled_by_rider", "voided")


async def test_a_ride_asked_for_ahead_is_held_matched_and_paid_in_its_time(people: Town) -> None:
    rider, driver = await people.rider(), await people.driver()
    pickup_at = datetime.now(UTC) + timedelta(seconds=12)
    quote = await rider.quote(pickup_at=pickup_at.isoformat())
    ride_id = await rider.ask(quote)
    await under_way(people, ride_id, rider, driver)
    await driver.step(ride_id, "complete")
    settled = await paid_for(people, rider, ride_id)
    assert settled["fare"]["total"] == quote["fare"]["total"]
    [first, second, *_] = (await people.operator("GET", f"/v1/operator/rides/{ride_id}/history"))["transitions"]
    assert first["to_state"] == "scheduled"
    assert datetime.fromisoformat(second["occurred_at"]) >= pickup_at - timedelta(seconds=4)  # of the city's search

    async def reminded() -> bool:
        return "ride_reminded" in {item["topic"] for item in (await rider.person.get("/v1/me/notifications"))["items"]}

    await until(reminded, "the reminder in the inbox")


@pytest.mark.parametrize(("product", "passengers"), [("wheelchair", 1), ("xl", 5)])
async def test_a_ride_goes_to_a_vehicle_of_its_class_alone(people: Town, product: str, passengers: int) -> None:
    rider = await people.rider()
    nearest, right = await people.driver(), await people.driver(BAKERY, product)
    ride_id = await rider.ask(await rider.quote(UNION_SQUARE, product=product, passengers=passengers))
    await under_way(people, ride_id, rider, right)
    assert not [event for event in nearest.heard if event.data.get("ride_id") == ride_id]
    await right.step(ride_id, "complete")
    assert (await paid_for(people, rider, ride_id))["product"] == product


async def test_a_party_of_five_is_sold_no_economy(people: Town) -> None:
    rider = await people.rider()
    refused = await refusal(rider.quote(passengers=5))
    assert (refused.status, refused.code) == (400, "too_many_passengers")
    body = {"pickup": place_of(UNION_SQUARE), "dropoff": place_of(BALL_PARK), "passengers": 5}
    quotes = (await rider.person.do("POST", "/v1/quotes", body))["quotes"]
    assert {quote["product"] for quote in quotes} == {"xl"}
