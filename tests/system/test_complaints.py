"""A rider says what was wrong with a ride, and gets money back, through the public interfaces."""

from __future__ import annotations

from typing import Any

import pytest

from tests.system.books import booked
from tests.system.people import Town, refusal, until

pytestmark = pytest.mark.system


async def test_a_rider_who_complains_gets_money_back_as_the_operator_decides(people: Town) -> None:
    rider, driver = await people.rider(), await people.driver()
    ride_id = await rider.request()
    of_ride = f"/v1/rides/{ride_id}/disputes"
    early = await refusal(rider.person.do("POST", of_ride, {"reason": "wrong_route"}))
    assert (early.status, early.code) == (409, "ride_not_over")
    await driver.accept(ride_id)
    await driver.step(ride_id, "arrive")
    await driver.step(ride_id, "start", {"pin": (await rider.ride(ride_id))["start_pin"]})
    await driver.step(ride_id, "complete")
    settled = await rider.settled(ride_id)
    total = settled["fare"]["total"]["amount_minor"]

    raised = await rider.person.do("POST", of_ride, {"reason": "wrong_route", "words": "Twice around the park."})
    assert (raised["state"], raised["answer"]) == ("open", None)
    again = await refusal(rider.person.do("POST", of_ride, {"reason": "overcharged"}))
    assert (again.status, again.code) == (409, "complaint_open")
    found = (await people.operator("GET", "/v1/operator/complaints", state="open"))["items"]
    assert raised["id"] in [each["id"] for each in found]

    one = f"/v1/operator/complaints/{raised['id']}"
    too_much = {"amount": {"currency_code": "USD", "amount_minor": total + 1}, "answer": "all of it"}
    refused = await refusal(people.operator("POST", f"{one}/refund", too_much))
    assert (refused.code, refused.problem["facts"]["refusal_reason"]) == ("refund_refused", "exceeds_captured")
    assert (await people.operator("GET", one))["state"] == "open"
    half = {"amount": {"currency_code": "USD", "amount_minor": total // 2}, "borne_by": "platform", "answer": "Sorry!"}
    decided = await people.operator("POST", f"{one}/refund", half)
    assert decided["state"] in ("refund_pending", "refunded")

    async def refunded() -> dict[str, Any] | None:
        [mine] = (await rider.person.get(of_ride))["items"]
        return mine if mine["state"] == "refunded" else None

    mine = await until(refunded, "the refund of the complaint")
    assert (mine["answer"], mine["refund_amount"]["amount_minor"]) == ("Sorry!", total // 2)
    refund = await rider.person.get(f"/v1/refunds/{mine['refund_id']}")
    assert refund["amount"]["amount_minor"] == total // 2

    async def given() -> int | None:
        journal = (await people.operator("GET", f"/v1/operator/rides/{ride_id}/journal"))["items"]
        return booked([posting for entry in journal for posting in entry["postings"]], "goodwill") or None

    assert await until(given, "the refund in the ledger") == total // 2
    second = await rider.person.do("POST", of_ride, {"reason": "other", "words": "And the radio."})
    told = await people.operator("POST", f"/v1/operator/complaints/{second['id']}/reject", {"answer": "It was off."})
    assert (told["state"], told["answer"]) == ("rejected", "It was off.")
    assert [each["state"] for each in (await rider.person.get(of_ride))["items"]] == ["rejected", "refunded"]
