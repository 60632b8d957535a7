"""A code from the operator's desk to the ledger, through the public interfaces."""

from __future__ import annotations

import pytest

from tests.system.books import booked, complaints_about, psp_intents
from tests.system.people import HandDriver, HandRider, Town, refusal

pytestmark = pytest.mark.system

_UNTIL = "2099-01-01T00:00:00Z"


async def ridden(rider: HandRider, driver: HandDriver, ride_id: str) -> dict[str, object]:
    """Drive a ride to its end, and return it settled."""
    await driver.accept(ride_id)
    await driver.step(ride_id, "arrive")
    await driver.step(ride_id, "start", {"pin": (await rider.ride(ride_id))["start_pin"]})
    await driver.step(ride_id, "complete")
    settled = await rider.settled(ride_id)
    assert (settled["state"], settled["payment_state"]) == ("completed", "captured")
    return settled


@pytest.mark.parametrize("funding", ["card", "cash"])
async def test_a_ride_with_a_code_costs_less_the_driver_earns_as_without_and_the_platform_pays(
    people: Town, funding: str
) -> None:
    rider, driver, code = await people.rider(), await people.driver(), f"FIFTH-{funding.upper()}"
    terms = {"code": code, "currency_code": "USD", "percent_off_basis_points": 2000, "ends_at": _UNTIL}
    made = await people.operator("POST", "/v1/operator/promotions", {**terms, "uses_per_rider": 2})
    wrong = await refusal(rider.person.do("POST", "/v1/promotions/redeem", {"code": f"{code}-X"}))
    assert (wrong.status, wrong.code) == (404, "promotion_not_found")
    mine = await rider.person.do("POST", "/v1/promotions/redeem", {"code": code.lower()})
    assert (mine["id"], mine["state"], mine["uses_left"]) == (made["id"], "in_force", 2)

    canceled = await rider.request(funding=funding)
    await rider.cancel(canceled)
    assert (await rider.settled(canceled))["payment_state"] == "voided"
    assert [each["uses_left"] for each in (await rider.person.get("/v1/promotions"))["items"]] == [2]

    ride_id = await rider.request(funding=funding)
    offer = await driver.offer(ride_id)
    ride = await rider.ride(ride_id)
    off = ride["promotion"]["amount_off"]["amount_minor"]
    before = ride["promotion"]["price_before"]["amount_minor"]
    assert ride["fare"]["total"]["amount_minor"] == before - off < before
    assert off == (2 * before * 2000 + 10_000) // 20_000  # no toll on the way, rounded half up
    assert ride["promotion"]["code"] == code
    settled = await ridden(rider, driver, ride_id)
    assert settled["fare"] == ride["fare"]
    shown = next(item for item in (await driver.person.get("/v1/driver/rides"))["items"] if item["id"] == ride_id)
    assert "promotion" not in shown
    assert code not in str(shown)

    receipt = await rider.person.get(f"/v1/rides/{ride_id}/receipt")
    assert receipt["captured"]["amount_minor"] == receipt["total"]["amount_minor"] == before - off
    assert [line["amount"]["amount_minor"] for line in receipt["lines"] if line["kind"] == "promotion"] == [off]
    journal = (await people.operator("GET", f"/v1/operator/rides/{ride_id}/journal"))["items"]
    postings = [posting for entry in journal for posting in entry["postings"]]
    assert booked(postings, "promo") == off
    in_hand = before - off if funding == "cash" else 0
    assert booked(postings, "driver") == in_hand - offer["earnings"]["amount_minor"]
    [balance] = (await driver.person.get("/v1/driver/earnings"))["balances"]
    assert balance["amount_minor"] == -booked(postings, "driver")

    told = await people.operator("GET", f"/v1/operator/promotions/{made['id']}")
    assert (told["redemption_count"], told["use_count"], told["taken_off"]["amount_minor"]) == (1, 1, off)
    ended = await people.operator("POST", f"/v1/operator/promotions/{made['id']}/end", {"note": "the test is over"})
    assert (ended["state"], ended["version"]) == ("ended", 2)
    assert (await rider.quote())["promotion"] is None
    page = await people.operator("GET", "/v1/operator/rides", limit="20")
    known = {rider.person.account_id: rider.person}
    of_ride = [item for item in page["items"] if item["id"] == ride_id]
    assert await complaints_about(people, known, of_ride, await psp_intents(people)) == []
