"""The dispatcher's desk, through the public interfaces: rides for people who call, rides that need another driver."""

from __future__ import annotations

from typing import Any

import pytest

from jitney.simulator.api import ApiError, sign_in
from tests.system.people import FERRY_BUILDING, UNION_SQUARE, Town, place_of, refusal, until

pytestmark = pytest.mark.system

_NEVER_SIGNED_IN = "+14155559301"
_SIGNS_IN_LATER = "+14155559302"


async def guest_of(people: Town, phone_number: str, name: str = "Carmen Alvarez") -> dict[str, Any]:
    """Register somebody who calls."""
    return await people.operator(
        "POST", "/v1/operator/guests", {"phone_number": phone_number, "display_name": name, "locale": "es"}
    )


async def booked(people: Town, rider_id: str) -> dict[str, Any]:
    """Book a ride for them."""
    places = {"pickup": place_of(UNION_SQUARE), "dropoff": place_of(FERRY_BUILDING), "product": "economy"}
    [quote] = (await people.operator("POST", "/v1/operator/quotes", {"rider_id": rider_id, **places}))["quotes"]
    body = {"rider_id": rider_id, "quote_id": quote["id"], "note": "the blue door"}
    return await people.operator("POST", "/v1/operator/bookings", body)


async def test_somebody_who_calls_is_driven_and_reads_the_pin_in_an_sms(people: Town) -> None:
    guest = await guest_of(people, _NEVER_SIGNED_IN)
    assert (guest["new_account"], guest["masked_phone"], guest["locale"]) == (True, "•••9301", "es")
    driver = await people.driver()
    ride = await booked(people, guest["id"])
    assert (ride["rider_id"], ride["funding"]) == (guest["id"], "cash")
    offer = await driver.accept(ride["id"])
    assert offer["rider_name"] == "Carmen"
    await driver.step(ride["id"], "arrive")

    async def texted() -> str | None:
        messages = (await people.sandbox.call("GET", "/_sim/messages", params={"to": _NEVER_SIGNED_IN, "limit": 20}))[
            "messages"
        ]
        pins = [word for message in messages for word in message["body"].replace(".", " ").split() if is_pin(word)]
        return pins[-1] if pins else None

    await driver.step(ride["id"], "start", {"pin": await until(texted, "an SMS with the PIN")})
    done = await driver.step(ride["id"], "complete")
    assert done["state"] == "completed"


def is_pin(word: str) -> bool:
    """Tell whether a word of a message is one."""
    return len(word) == 4 and word.isdigit()


async def test_a_guest_who_signs_in_finds_the_ride_and_the_name(people: Town) -> None:
    guest = await guest_of(people, _SIGNS_IN_LATER)
    ride = await booked(people, guest["id"])
    person = await sign_in(people.api, people.sandbox, _SIGNS_IN_LATER, "rider")
    assert person.account_id == guest["id"]
    assert (await person.get("/v1/me"))["display_name"] == "Carmen Alvarez"
    assert (await person.get("/v1/rides/current"))["id"] == ride["id"]
    again = await guest_of(people, _SIGNS_IN_LATER, "Somebody else")
    assert (again["new_account"], again["id"], again["display_name"]) == (False, guest["id"], "Carmen Alvarez")
    await person.do("POST", f"/v1/rides/{ride['id']}/cancel", {})


async def test_a_booking_is_made_once_and_with_the_guests_own_quote(people: Town) -> None:
    guest, other = await guest_of(people, "+14155559303"), await guest_of(people, "+14155559304")
    ride = await booked(people, guest["id"])
    places = {"pickup": place_of(UNION_SQUARE), "dropoff": place_of(FERRY_BUILDING), "product": "economy"}
    [quote] = (await people.operator("POST", "/v1/operator/quotes", {"rider_id": other["id"], **places}))["quotes"]
    twice = await refusal(
        people.operator("POST", "/v1/operator/bookings", {"rider_id": guest["id"], "quote_id": quote["id"]})
    )
    assert (twice.status, twice.code) == (404, "quote_not_found")
    await people.operator("POST", f"/v1/operator/rides/{ride['id']}/cancel", {"reason": "test"})


async def test_a_ride_taken_from_its_driver_goes_to_another(people: Town) -> None:
    rider, first = await people.rider(), await people.driver()
    ride_id = await rider.request()
    await first.accept(ride_id)
    second = await people.driver()
    fare = (await rider.ride(ride_id))["fare"]
    path = f"/v1/operator/rides/{ride_id}/reassign"
    taken = await people.operator("POST", path, {"reason": "the vehicle broke down"})
    assert (taken["state"], taken["fare"], taken["reason"]) == ("matching", fare, "operator_reassigned")
    await second.accept(ride_id)
    lost = await refusal(first.step(ride_id, "arrive"))
    assert (lost.status, lost.code) == (409, "ride_reassigned")
    await second.step(ride_id, "arrive")
    await second.step(ride_id, "start", {"pin": (await rider.ride(ride_id))["start_pin"]})
    under_way = await refusal(people.operator("POST", path, {"reason": "too late"}))
    assert (under_way.status, under_way.code) == (409, "invalid_transition")
    await second.step(ride_id, "complete")
    assert (await rider.settled(ride_id))["fare"] == fare


async def test_riders_book_for_nobody_but_themselves(people: Town) -> None:
    rider = await people.rider()
    places = {"pickup": place_of(UNION_SQUARE), "dropoff": place_of(FERRY_BUILDING)}
    body = {"rider_id": rider.person.account_id, **places}
    for path in ("/v1/operator/quotes", "/v1/operator/guests"):
        refused: ApiError = await refusal(rider.person.do("POST", path, body))
        assert (refused.status, refused.code) == (403, "role_not_allowed")
