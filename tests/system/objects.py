"""One of everything: real objects of a rider and a driver, for tests that hand their ids to strangers."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import Any

from jitney.simulator.api import SignedIn
from shared_kernel.geo import GeoPoint
from tests.system.people import UNION_SQUARE, HandDriver, HandRider, Town, place_of, until

_STREET_CORNER = GeoPoint(37.7893, -122.4010)
_DRIVING_LICENSE = {
    "kind": "driving_license",
    "number": "D1234567",
    "content_base64": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(8)).decode(),
}


@dataclass(frozen=True, slots=True)
class Objects:
    """A rider and a driver, strangers to them, and the ids of what is theirs by the name of the path's parameter."""

    rider: HandRider
    driver: HandDriver
    other_rider: SignedIn
    other_driver: SignedIn
    of_rider: dict[str, str]
    of_driver: dict[str, str]
    of_platform: dict[str, str]
    quote_id: str


async def one_of_everything(people: Town) -> Objects:
    """Make a completed ride with a tip and a refund, a dispute, a payout, one under way with a stop and an edit ..."""
    rider, driver = await people.rider(), await people.driver()
    done = await _completed_ride(rider, driver)
    tip = {"amount": {"currency_code": "USD", "amount_minor": 200}}
    payment = await rider.person.do("POST", f"/v1/rides/{done}/tips", tip)
    refund = await people.operator(
        "POST", "/v1/operator/refunds", {"payment_id": payment["id"], "reason": "a test", "borne_by": "platform"}
    )
    overcharged = {"reason": "overcharged", "words": "It was less in the quote."}
    complaint = await rider.person.do("POST", f"/v1/rides/{done}/disputes", overcharged)
    disputed = await rider.person.do("POST", "/v1/payment-methods", {"psp_token": "pm_card_createDispute"})
    top_up = await rider.person.do(
        "POST",
        "/v1/wallet/top-ups",
        {"amount": {"currency_code": "USD", "amount_minor": 2000}, "payment_method_id": disputed["id"]},
    )
    of_top_up = f"/v1/operator/disputes?payment_id={top_up['id']}"
    dispute_id = await until(lambda: _first_id(people, of_top_up), "a dispute")
    bank = {"bank_token": "btok_us_verified", "country_code": "US"}
    await driver.person.do("PUT", "/v1/driver/payout-account", bank)
    payout = await driver.person.do("POST", "/v1/driver/payouts", {"currency_code": "USD", "amount_minor": 100})
    setup = await rider.person.do("POST", "/v1/payment-method-setups", {"psp_token": "pm_card_mastercard"})
    run = await people.operator("POST", "/v1/operator/reconciliation-runs")
    event_id = await until(lambda: _first_id(people, "/v1/operator/psp-events"), "an event of the PSP")

    quote = await rider.quote(stops=[place_of(_STREET_CORNER)])
    live = await rider.ask(quote)
    offer = await driver.offer(live)
    await driver.accept(live)
    ride = await rider.ride(live)
    edit = await rider.person.do("POST", f"/v1/rides/{live}/edits", {"dropoff": place_of(UNION_SQUARE)})
    told = await until(lambda: _first_notification(rider.person), "a notification of the rider")
    told_driver = await _first_notification(driver.person)
    sessions = (await rider.person.get("/v1/me/sessions"))["items"]
    home = {"kind": "home", "label": "Home", "place": place_of(_STREET_CORNER)}
    saved = await rider.person.do("POST", "/v1/me/places", home)
    document = await driver.person.do("POST", "/v1/driver/documents", _DRIVING_LICENSE)
    device = {"platform": "android", "app": "rider", "token": f"device-of-{rider.person.account_id}"}
    installed = await rider.person.do("POST", "/v1/me/devices", device)
    trusted = {"name": "Ana", "phone_number": "+14155550123"}
    contact = await rider.person.do("POST", "/v1/me/trusted-contacts", trusted)
    of_rider = f"/v1/operator/notifications/timeline?account_id={rider.person.account_id}"
    owed = (await people.operator("GET", of_rider))["items"][0]
    hooks = {"url": "https://hooks.example.org/jitney", "topics": ["sos_raised"]}
    endpoint = (await people.operator("POST", "/v1/operator/webhook-endpoints", hooks))["endpoint"]
    at_home = {"latitude": _STREET_CORNER.latitude, "longitude": _STREET_CORNER.longitude}
    await rider.person.do("POST", "/v1/me/sos", {"point": at_home})
    of_endpoint = f"/v1/operator/webhook-endpoints/{endpoint['id']}/webhooks"
    webhook_id = await until(lambda: _first_id(people, of_endpoint), "a webhook")
    news = {"title": "News", "body": "Of the city."}
    told_all = {"words": dict.fromkeys(("en", "es", "fr"), news), "audience": "drivers", "city": "nowhere"}
    campaign = await people.operator("POST", "/v1/operator/campaigns", told_all)
    code = {"code": f"ALL-{secrets.token_hex(4)}", "currency_code": "USD", "amount_off_minor": 1}
    promotion = await people.operator("POST", "/v1/operator/promotions", {**code, "ends_at": "2099-01-01T00:00:00Z"})
    leaver = await people.signed_in("rider")
    await people.operator("POST", f"/v1/operator/people/{leaver.account_id}/erase", {"reason": "asked by letter"})

    shared = {"ride_id": live, "edit_id": str(edit["id"]), "stop_id": str(ride["stops"][0]["id"])}
    return Objects(
        rider=rider,
        driver=driver,
        other_rider=(await people.rider()).person,
        other_driver=await _driver_at_home(people),
        of_rider={
            **shared,
            "payment_method_id": rider.payment_method_id,
            "setup_id": str(setup["id"]),
            "refund_id": str(refund["id"]),
            "notification_id": told,
            "session_id": str(sessions[0]["id"]),
            "place_id": str(saved["id"]),
            "device_id": str(installed["id"]),
            "contact_id": str(contact["id"]),
        },
        of_driver={
            **shared,
            "offer_id": str(offer["id"]),
            "payout_id": str(payout["id"]),
            **({"notification_id": told_driver} if told_driver else {}),
        },
        of_platform={
            **shared,
            "rider_id": rider.person.account_id,
            "driver_id": driver.person.account_id,
            "payment_id": str(payment["id"]),
            "refund_id": str(refund["id"]),
            "dispute_id": dispute_id,
            "payout_id": str(payout["id"]),
            "run_id": str(run["id"]),
            "psp_event_id": event_id,
            "account_id": leaver.account_id,
            "document_id": str(document["id"]),
            "endpoint_id": str(endpoint["id"]),
            "campaign_id": str(campaign["id"]),
            "promotion_id": str(promotion["id"]),
            "complaint_id": str(complaint["id"]),
            "webhook_id": webhook_id,
            "delivery_id": str(owed["deliveries"][0]["id"]),
        },
        quote_id=str((await rider.quote())["id"]),
    )


async def _completed_ride(rider: HandRider, driver: HandDriver) -> str:
    ride_id = await rider.request()
    await driver.accept(ride_id)
    await driver.step(ride_id, "arrive")
    await driver.step(ride_id, "start", {"pin": (await rider.ride(ride_id))["start_pin"]})
    await driver.step(ride_id, "complete")
    settled = await rider.settled(ride_id)
    assert settled["payment_state"] == "captured"
    return ride_id


async def _first_id(people: Town, path: str) -> str | None:
    items: list[dict[str, Any]] = (await people.operator("GET", path))["items"]
    return str(items[0]["id"]) if items else None


async def _first_notification(person: SignedIn) -> str | None:
    items: list[dict[str, Any]] = (await person.get("/v1/me/notifications"))["items"]
    return str(items[0]["id"]) if items else None


async def _driver_at_home(people: Town) -> SignedIn:
    """Sign a driver up who is not online, so that no ride is offered to them."""
    person = await people.signed_in("driver")
    vehicle = {"model": "Toyota Prius", "color": "blue", "plate": "7ABC124", "vehicle_class": "economy"}
    await person.do("POST", "/v1/driver/application", {"display_name": "Ben", "vehicle": vehicle})
    return person
