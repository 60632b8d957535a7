"""Rides through the public interfaces, each to one of its ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from jitney.simulator.api import ApiError
from shared_kernel.geo import GeoPoint
from tests.system.people import (
    FERRY_BUILDING,
    HURRIED_PLACE,
    NEAR_HURRIED_PLACE,
    UNION_SQUARE,
    HandDriver,
    HandRider,
    Town,
    declined,
    refusal,
    until,
)

pytestmark = pytest.mark.system

FAR_AWAY = GeoPoint(38.05, -122.75)


async def assigned(people: Town) -> tuple[HandRider, HandDriver, str]:
    """Return a rider and a driver who are on their way to each other, and the ride."""
    rider, driver = await people.rider(), await people.driver()
    ride_id = await rider.request()
    await driver.accept(ride_id)
    return rider, driver, ride_id


async def arrived(people: Town) -> tuple[HandRider, HandDriver, str]:
    """Return a rider and a driver who stand at the pickup, and the ride."""
    rider, driver, ride_id = await assigned(people)
    await driver.step(ride_id, "arrive")
    return rider, driver, ride_id


async def test_a_ride_from_quote_to_receipt(people: Town) -> None:
    since = datetime.now(UTC)
    rider, driver = await people.rider(), await people.driver()
    quote = await rider.quote()
    ride_id = await rider.request()
    offer = await driver.offer(ride_id)
    assert offer["earnings"]["amount_minor"] < quote["fare"]["total"]["amount_minor"]
    await driver.accept(ride_id)
    ride = await rider.ride(ride_id)
    assert (ride["state"], ride["driver"]["display_name"], len(ride["start_pin"])) == ("driver_en_route", "Ana", 4)
    assert "start_pin" not in await driver.person.get("/v1/driver/rides/current")
    place = await rider.person.get(f"/v1/rides/{ride_id}/location")
    assert place["latitude"] == pytest.approx(UNION_SQUARE.latitude, abs=1e-4)
    await driver.step(ride_id, "arrive")
    wrong_pin = f"{(int(ride['start_pin']) + 1) % 10_000:04d}"
    assert (await refusal(driver.step(ride_id, "start", {"pin": wrong_pin}))).code == "pin_invalid"
    await driver.step(ride_id, "start", {"pin": ride["start_pin"]})
    await driver.step(ride_id, "complete")
    settled = await rider.settled(ride_id)
    assert (settled["state"], settled["payment_state"]) == ("completed", "captured")
    receipt = await rider.person.get(f"/v1/rides/{ride_id}/receipt")
    assert receipt["total"] == quote["fare"]["total"] == settled["fare"]["total"]
    journal = (await people.operator("GET", f"/v1/operator/rides/{ride_id}/journal"))["items"]
    amounts = [posting["amount"]["amount_minor"] for entry in journal for posting in entry["postings"]]
    assert (sum(amounts), max(amounts)) == (0, receipt["total"]["amount_minor"])
    earnings = await driver.person.get("/v1/driver/earnings")
    assert earnings["balances"] == [offer["earnings"]]

    # The news of the ride and those of its payment come by streams of their own, in any order.
    expected = {"ride_assigned", "driver_arrived", "ride_completed", "receipt_ready"}

    async def told() -> set[str] | None:
        items = (await rider.person.get("/v1/me/notifications"))["items"]
        topics = {item["topic"] for item in items}
        return topics if topics >= expected else None

    assert await until(told, f"{expected} in the inbox") == expected
    summary = await people.operator("GET", "/v1/operator/rides/summary", since=since.isoformat())
    assert summary["double_assignment_count"] == 0


async def test_a_driver_hears_of_a_ride_by_grpc_acknowledges_and_takes_it(people: Town) -> None:
    rider, driver = await people.rider(), await people.driver(by_grpc=True)
    ride_id = await rider.request()
    await driver.accept(ride_id)
    for step in ("arrive", "start", "complete"):
        pin = (await rider.ride(ride_id))["start_pin"]
        await driver.step(ride_id, step, {"pin": pin} if step == "start" else None)

    async def told() -> set[str] | None:
        of_driver = {"account_id": driver.person.account_id}
        entries = (await people.operator("GET", "/v1/operator/notifications/timeline", **of_driver))["items"]
        seen = {entry["notification"]["topic"] for entry in entries if entry["acknowledged_at"]}
        return seen if {"offer_created", "ride_assigned", "ride_completed"} <= seen else None

    await until(told, "the driver's acknowledgements in the timeline")
    assert (await rider.settled(ride_id))["payment_state"] == "captured"


async def test_the_same_key_asks_for_one_ride_and_other_contents_are_refused(people: Town) -> None:
    rider = await people.rider()
    quote = await rider.quote()
    body = {"quote_id": quote["id"], "payment_method_id": rider.payment_method_id}
    token = await rider.person.token()

    async def ask(note: str) -> str:
        answer = await people.api.call("POST", "/v1/rides", json={**body, "note": note}, token=token, key="one-key")
        return str(answer["id"])

    first = await ask("at the corner")
    assert await ask("at the corner") == first
    assert (await refusal(ask("at the hotel"))).code == "idempotency_key_reused"
    await rider.cancel(first)
    await rider.settled(first)


async def test_a_declined_card_ends_the_ride_and_holds_nothing(people: Town) -> None:
    rider = await people.rider("pm_card_chargeCustomerFail")
    refused = await declined(rider)
    assert (refused.status, refused.code) == (402, "payment_declined")
    rides = (await rider.person.get("/v1/rides"))["items"]
    assert {(ride["state"], ride["payment_state"]) for ride in rides} == {("payment_failed", "hold_declined")}


async def test_no_driver_in_the_search_window_releases_the_hold(people: Town) -> None:
    rider = await people.rider()
    ride_id = await rider.request(HURRIED_PLACE, NEAR_HURRIED_PLACE)
    await rider.ride_in(ride_id, "no_driver_available")
    assert (await rider.settled(ride_id))["payment_state"] == "voided"


async def test_a_declined_offer_goes_to_somebody_else_and_not_back(people: Town) -> None:
    rider, first = await people.rider(), await people.driver()
    ride_id = await rider.request()
    offer = await first.offer(ride_id)
    second = await people.driver()
    await first.person.do("POST", f"/v1/driver/offers/{offer['id']}/decline")
    await second.accept(ride_id)
    history = await people.operator("GET", f"/v1/operator/rides/{ride_id}/history")
    assert [item["state"] for item in history["offers"]] == ["declined", "accepted"]
    await rider.cancel(ride_id)
    await rider.settled(ride_id)


async def test_an_offer_nobody_answers_expires_and_cannot_be_accepted_late(people: Town) -> None:
    rider, driver = await people.rider(), await people.driver(HURRIED_PLACE)
    ride_id = await rider.request(HURRIED_PLACE, NEAR_HURRIED_PLACE)
    offer = await driver.offer(ride_id)
    await rider.ride_in(ride_id, "matching", "no_driver_available")
    late = await refusal(driver.person.do("POST", f"/v1/driver/offers/{offer['id']}/accept"))
    assert (late.status, late.code) == (410, "offer_expired")
    await rider.ride_in(ride_id, "no_driver_available")
    assert (await rider.settled(ride_id))["payment_state"] == "voided"


async def test_a_rider_cancels_before_a_driver_is_found_for_free(people: Town) -> None:
    rider = await people.rider()
    ride_id = await rider.request(FAR_AWAY, FERRY_BUILDING)
    preview = await rider.cancel(ride_id)
    assert preview["fee"]["amount_minor"] == 0
    settled = await rider.settled(ride_id)
    assert (settled["state"], settled["payment_state"]) == ("canceled_by_rider", "voided")


async def test_a_late_cancel_needs_consent_and_costs_its_fee(people: Town) -> None:
    rider, driver, ride_id = await arrived(people)

    async def fee_is_due() -> bool | None:
        preview = await rider.person.do("POST", f"/v1/rides/{ride_id}/cancellation-preview")
        return preview["fee"]["amount_minor"] > 0 or None

    await until(fee_is_due, "the end of the free period")
    assert (await refusal(rider.person.do("POST", f"/v1/rides/{ride_id}/cancel", {}))).code == "fee_consent_required"
    preview = await rider.cancel(ride_id)
    settled = await rider.settled(ride_id)
    assert (settled["state"], settled["payment_state"]) == ("canceled_by_rider", "captured")
    receipt = await rider.person.get(f"/v1/rides/{ride_id}/receipt")
    assert receipt["total"] == preview["fee"]
    assert (await driver.person.get("/v1/driver/earnings"))["balances"][0]["amount_minor"] > 0


async def test_a_driver_gives_the_ride_back_and_the_rider_keeps_the_fare(people: Town) -> None:
    rider, first, ride_id = await assigned(people)
    fare = (await rider.ride(ride_id))["fare"]
    second = await people.driver()
    await first.step(ride_id, "cancel", {"reason": "flat tire"})
    await second.accept(ride_id)
    ride = await rider.ride(ride_id)
    assert (ride["state"], ride["fare"]) == ("driver_en_route", fare)
    await rider.cancel(ride_id)
    await rider.settled(ride_id)


async def test_an_operator_cancels_and_nothing_is_charged(people: Town) -> None:
    rider, driver, ride_id = await arrived(people)
    await people.operator("POST", f"/v1/operator/rides/{ride_id}/cancel", {"reason": "street closed"})
    settled = await rider.settled(ride_id)
    assert (settled["state"], settled["payment_state"]) == ("canceled_by_platform", "voided")
    assert (await refusal(driver.person.get("/v1/driver/rides/current"))).status == 404


async def test_a_no_show_costs_its_fee_but_not_before_its_time(people: Town) -> None:
    rider, driver, ride_id = await arrived(people)

    refused: list[str] = []

    async def reported() -> bool | None:
        try:
            await driver.step(ride_id, "no-show")
        except ApiError as error:
            refused.append(error.code)
            return None
        return True

    await until(reported, "the end of the waiting time")
    assert set(refused) == {"too_early"}
    settled = await rider.settled(ride_id)
    assert (settled["state"], settled["payment_state"]) == ("no_show", "captured")


async def test_a_foreign_ride_is_not_there(people: Town) -> None:
    rider, other, other_driver = await people.rider(), await people.rider(), await people.driver(FAR_AWAY)
    ride_id = await rider.request(FERRY_BUILDING, UNION_SQUARE)
    for path in ("", "/location", "/receipt"):
        assert (await refusal(other.person.get(f"/v1/rides/{ride_id}{path}"))).status == 404
    assert (await refusal(other.cancel(ride_id))).status == 404
    assert (await refusal(other_driver.step(ride_id, "arrive"))).status == 404
    await rider.cancel(ride_id)
    await rider.settled(ride_id)


async def test_twenty_riders_and_ten_drivers_never_share(people: Town) -> None:
    since = datetime.now(UTC)
    riders = await asyncio.gather(*(people.rider() for _ in range(20)))
    drivers = await asyncio.gather(*(people.driver() for _ in range(10)))
    rides = await asyncio.gather(*(rider.request() for rider in riders))

    async def take_any(driver: HandDriver) -> str:
        async def taken() -> str | None:
            offers = [event.data for event in driver.heard if event.type == "offer_created"]
            if not offers:
                return None
            try:
                await driver.person.do("POST", f"/v1/driver/offers/{offers[-1]['id']}/accept")
            except ApiError as error:
                if error.code != "offer_expired":
                    raise
                return None  # another rider's comes
            return str((await driver.person.get("/v1/driver/rides/current"))["id"])

        return await until(taken, "a ride")

    taken = await asyncio.gather(*(take_any(driver) for driver in drivers))
    assert len(set(taken)) == 10
    assert set(taken) <= set(rides)
    summary = await people.operator("GET", "/v1/operator/rides/summary", since=since.isoformat())
    assert summary["double_assignment_count"] == 0
    await asyncio.gather(*(rider.cancel(ride) for rider, ride in zip(riders, rides, strict=True)))
    await asyncio.gather(*(rider.settled(ride) for rider, ride in zip(riders, rides, strict=True)))
