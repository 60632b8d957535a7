"""Rides that no card pays for, through the public interfaces."""

from __future__ import annotations

import pytest

from tests.system.books import booked, complaints_about, psp_intents
from tests.system.people import HandDriver, HandRider, Town, declined, until

pytestmark = pytest.mark.system


async def arrived(people: Town) -> tuple[HandRider, HandDriver, str]:
    """Return a rider who pays in cash and a driver who stand at the pickup, and the ride."""
    rider, driver = await people.rider(), await people.driver()
    ride_id = await rider.request(funding="cash")
    assert (await driver.offer(ride_id))["funding"] == "cash"
    await driver.accept(ride_id)
    await driver.step(ride_id, "arrive")
    return rider, driver, ride_id


async def complaints(people: Town, rider: HandRider, ride_id: str) -> list[str]:
    """Audit one ride."""
    page = await people.operator("GET", "/v1/operator/rides", limit="20")
    [ride] = [ride for ride in page["items"] if ride["id"] == ride_id]
    return await complaints_about(people, {rider.person.account_id: rider.person}, [ride], await psp_intents(people))


async def test_a_ride_in_cash_leaves_the_driver_owing_commission_fee_and_tax(people: Town) -> None:
    rider, driver, ride_id = await arrived(people)
    ride = await rider.ride(ride_id)
    assert (ride["funding"], ride["payment_state"]) == ("cash", "held")
    assert (await driver.person.get("/v1/driver/rides/current"))["funding"] == "cash"
    await driver.step(ride_id, "start", {"pin": ride["start_pin"]})
    await driver.step(ride_id, "complete")
    settled = await rider.settled(ride_id)
    assert (settled["state"], settled["payment_state"]) == ("completed", "captured")

    receipt = await rider.person.get(f"/v1/rides/{ride_id}/receipt")
    assert receipt["total"] == receipt["captured"] == settled["fare"]["total"]
    assert (receipt["funding"], receipt["brand"], receipt["last_digits"]) == ("cash", None, None)
    assert (receipt["credit_used"]["amount_minor"], receipt["receivable"]["amount_minor"]) == (0, 0)
    assert await complaints(people, rider, ride_id) == []
    journal = (await people.operator("GET", f"/v1/operator/rides/{ride_id}/journal"))["items"]
    postings = [posting for entry in journal for posting in entry["postings"]]
    [balance] = (await driver.person.get("/v1/driver/earnings"))["balances"]
    assert balance["amount_minor"] == -booked(postings, "driver") < 0

    async def told() -> dict[str, str] | None:
        items = (await rider.person.get("/v1/me/notifications"))["items"]
        words = {item["topic"]: item["body"] for item in items}
        return words if {"receipt_ready", "ride_completed"} <= words.keys() else None

    words = await until(told, "the end and a receipt in the inbox")
    assert words["receipt_ready"].endswith(" in cash.")
    assert "in cash" in words["ride_completed"]
    [sums] = (await people.operator("GET", "/v1/operator/ledger/trial-balance"))["currencies"]
    assert sums["sum_minor"] == 0


async def test_a_late_cancel_of_a_cash_ride_is_owed_by_the_rider_who_gets_no_ride_until_it_is_paid(
    people: Town,
) -> None:
    rider, driver, ride_id = await arrived(people)

    async def fee_is_due() -> bool | None:
        preview = await rider.person.do("POST", f"/v1/rides/{ride_id}/cancellation-preview")
        return preview["fee"]["amount_minor"] > 0 or None

    await until(fee_is_due, "the end of the free period")
    preview = await rider.cancel(ride_id)
    assert (await rider.settled(ride_id))["payment_state"] == "captured"
    receipt = await rider.person.get(f"/v1/rides/{ride_id}/receipt")
    assert (receipt["captured"]["amount_minor"], receipt["receivable"]) == (0, preview["fee"])
    assert (await driver.person.get("/v1/driver/earnings"))["balances"][0]["amount_minor"] > 0
    assert await complaints(people, rider, ride_id) == []

    refused = await declined(rider, funding="cash")
    assert (refused.status, refused.code) == (402, "payment_declined")
    assert refused.problem["facts"]["decline_reason"] == "rider_in_arrears"
    ride = (await rider.person.get("/v1/rides"))["items"][0]
    assert (ride["state"], ride["payment_state"], ride["reason"]) == (
        "payment_failed",
        "hold_declined",
        "rider_in_arrears",
    )

    async def told() -> str | None:
        items = (await rider.person.get("/v1/me/notifications"))["items"]
        return next((item["body"] for item in items if item["topic"] == "ride_payment_failed"), None)

    assert "owe" in await until(told, "the reason in the inbox")


async def test_a_cash_ride_that_is_canceled_in_time_costs_nothing(people: Town) -> None:
    rider = await people.rider()
    ride_id = await rider.request(funding="cash")
    await rider.cancel(ride_id)
    assert (await rider.settled(ride_id))["payment_state"] == "voided"
    assert await complaints(people, rider, ride_id) == []


async def test_an_empty_wallet_ends_the_ride_and_tells_why(people: Town) -> None:
    rider = await people.rider()
    refused = await declined(rider, funding="wallet")
    assert (refused.status, refused.code) == (402, "payment_declined")
    assert refused.problem["facts"]["decline_reason"] == "insufficient_funds"
    rides = (await rider.person.get("/v1/rides"))["items"]
    found = {(ride["state"], ride["reason"], ride["funding"]) for ride in rides}
    assert found == {("payment_failed", "insufficient_funds", "wallet")}
