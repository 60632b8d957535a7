"""Rides taken and orders brought by hand, in the windows of a rider and of a driver."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from shared_kernel.geo import GeoPoint
from tests.system.pages.windows import DESKTOP, DROPOFF, PHONE, PICKUP, Held, violations, window
from tests.system.people import Town, until
from tests.system.stack import Stack

pytestmark = pytest.mark.system

# Nothing is drawn before draw() is called, as on a slow machine.
_UNDRAWN = """{
  const [ask, cancel, waiting] = [requestAnimationFrame, cancelAnimationFrame, []];
  window.requestAnimationFrame = (work) => -waiting.push(work);
  window.cancelAnimationFrame = (id) => (id < 0 ? delete waiting[-id - 1] : cancel(id));
  window.draw = () => {
    Object.assign(window, { requestAnimationFrame: ask });
    for (const number of waiting.keys()) ask((time) => waiting[number]?.(time));
  };
}"""
_ORDER = {
    "shop_name": "Corner Bakery",
    "shop_phone": "+14155550111",
    "order_reference": "A-1042",
    "recipient_name": "Robin",
    "items": "2 loaves of bread",
    "size": "small",
    "capabilities": ["thermal_bag"],
    "pickup_code_required": True,
}
_SOUTH_OF_PICKUP = GeoPoint(37.7480, -122.4290)
_PIN = 12
"""Half of a pin, in CSS pixels."""
# Where a driver's page begins.
_CAR = GeoPoint(37.7816, -122.4156)


async def test_a_ride_is_taken_by_hand_in_two_windows(browser: Browser, stack: Stack, people: Town) -> None:
    async with window(browser, stack, DESKTOP) as rider, window(browser, stack, PHONE, "dark") as driver:
        await driver.sign_in("/try/driver", people.phone_number(), people)
        await driver.page.get_by_role("button", name="Apply").click()
        await driver.page.get_by_role("switch").click()
        await expect(driver.page.get_by_role("heading", name="You are online")).to_be_visible()
        await driver.page.get_by_label("Your car drives").select_option("Very fast")
        await driver.shot("driver-online")

        await rider.sign_in("/try/rider", people.phone_number(), people)
        await expect(rider.page.get_by_role("heading", name="Where to?")).to_be_visible()
        await rider.page.get_by_text("Type coordinates").click()
        await rider.page.get_by_label("Pickup: latitude").fill("37.7850, -122.4200")
        await rider.page.get_by_label("Destination: latitude").fill("37.7650, -122.4190")
        await rider.page.get_by_role("button", name="Show prices").click()
        await expect(rider.page.get_by_role("radio", name="Economy")).to_be_checked()
        await rider.shot("rider-prices")
        await rider.page.get_by_role("button", name=re.compile("Request economy for")).click()

        await driver.page.get_by_role("button", name="Accept").click()
        await driver.page.get_by_role("button", name="Drive to the pickup").click()
        await expect(rider.page.get_by_role("heading", name="Your driver is on the way")).to_be_visible()
        await rider.shot("rider-waits")
        await expect(driver.page.get_by_role("button", name="You are there")).to_be_visible()
        await driver.page.get_by_role("button", name="I am here").click()
        await expect(rider.page.get_by_role("heading", name="Your driver is here")).to_be_visible()
        pin = await rider.page.locator(".pin output").inner_text()
        await driver.page.get_by_label("The PIN").fill(pin)
        await driver.shot("driver-pin")
        await driver.page.get_by_role("button", name="Start the trip").click()
        await driver.page.get_by_role("button", name="Drive to the destination").click()
        await expect(rider.page.get_by_role("heading", name="On the way")).to_be_visible()
        await expect(driver.page.get_by_role("button", name="You are there")).to_be_visible()
        await driver.page.get_by_role("button", name="Complete the ride").click()

        receipt = rider.page.get_by_role("region", name="Receipt")
        await expect(receipt).to_contain_text("Total")
        await expect(receipt).to_contain_text("4242")
        await rider.page.get_by_role("button", name="5 of 5 stars").click()
        await expect(rider.page.get_by_role("button", name="5 of 5 stars")).to_have_attribute("aria-pressed", "true")
        await rider.shot("rider-receipt")
        await driver.page.get_by_role("button", name="Next ride").click()
        await expect(driver.page.get_by_role("region", name="Earnings")).to_contain_text("$")
        await driver.shot("driver-earned")
        await driver.page.get_by_role("switch").click()
        await expect(driver.page.get_by_role("heading", name="You are offline")).to_be_visible()


async def test_an_order_that_nobody_takes_is_brought_back_by_hand(browser: Browser, stack: Stack, people: Town) -> None:
    rider = await people.rider()
    async with window(browser, stack, PHONE) as courier:
        page = courier.page
        await courier.sign_in("/try/driver", people.phone_number(), people)
        await page.get_by_role("button", name="Apply").click()
        await page.get_by_label("Take deliveries as well").check()
        await page.get_by_role("switch").click()
        await expect(page.get_by_role("heading", name="You are online")).to_be_visible()
        await expect(page.get_by_label("Take deliveries as well")).to_be_checked()
        quote = await rider.quote(_CAR, DROPOFF, product="delivery")
        asked = {"quote_id": quote["id"], "payment_method_id": rider.payment_method_id, "delivery": _ORDER}
        ride_id = str((await rider.person.do("POST", "/v1/rides", asked))["id"])
        await expect(page.get_by_role("heading", name="A delivery for you")).to_be_visible()
        await page.get_by_role("button", name="Accept").click()
        await page.get_by_role("button", name="I am here").click()
        await page.get_by_label("The code").fill(str((await rider.ride(ride_id))["start_pin"]))
        await courier.shot("courier-collects")
        await page.get_by_role("button", name="I have the order").click()
        await expect(page.get_by_role("heading", name="Bring it to Robin")).to_be_visible()
        await page.get_by_role("button", name="It cannot be handed over").click()
        await page.get_by_role("dialog").get_by_label("Why").select_option("It is not wanted")
        await courier.shot("courier-fails")
        await page.get_by_role("dialog").get_by_role("button", name="Bring it back").click()
        await expect(page.get_by_role("heading", name="Bring it back to Corner Bakery")).to_be_visible()
        assert await violations(page) == []
        await page.get_by_label("Who took it back").fill("Kim")
        await courier.shot("courier-returns")
        await page.get_by_role("button", name="The shop has it again").click()
        await expect(page.get_by_role("heading", name="Brought back")).to_be_visible()
        back = await rider.settled(ride_id)
        assert (back["state"], back["delivery"]["failure"]) == ("returned", "refused")
        await page.get_by_role("button", name="Next ride").click()
        await page.get_by_role("switch").click()
        await expect(page.get_by_role("heading", name="You are offline")).to_be_visible()


async def test_what_a_rider_follows_on_a_phone_lies_above_the_sheet(
    browser: Browser, stack: Stack, people: Town
) -> None:
    driver = await people.driver(_SOUTH_OF_PICKUP)
    async with window(browser, stack, PHONE) as rider:
        page = rider.page
        await rider.sign_in("/try/rider", people.phone_number(), people)
        await page.get_by_text("Type coordinates").click()
        await page.get_by_label("Pickup: latitude").fill(f"{PICKUP.latitude}, {PICKUP.longitude}")
        await page.get_by_label("Destination: latitude").fill(f"{DROPOFF.latitude}, {DROPOFF.longitude}")
        await page.get_by_role("button", name="Show prices").click()
        await expect(page.get_by_role("radio", name="Economy")).to_be_checked()
        pins = [page.get_by_role("img", name=name, exact=True) for name in ("Pickup", "Where to")]
        await rider.shot("rider-phone-prices")

        async def shown() -> bool:
            return await lie_above_the_sheet(page, [await middle_of(pin) for pin in pins])

        await until(shown, "both ends above the sheet")
        await page.get_by_role("button", name=re.compile("Request economy for")).click()
        ride = page.locator("[data-ride]")
        ride_id = str(await ride.get_attribute("data-ride"))
        await driver.accept(ride_id)
        await expect(page.get_by_role("heading", name="Your driver is on the way")).to_be_visible()
        await expect(page.locator("#eta")).to_have_text(re.compile("min"))

        async def framed() -> bool:
            # Both pins tell where all else is: at this scale the map is even.
            pickup, dropoff = [await middle_of(pin) for pin in pins]
            across = (_SOUTH_OF_PICKUP.longitude - PICKUP.longitude) / (DROPOFF.longitude - PICKUP.longitude)
            down = (_SOUTH_OF_PICKUP.latitude - PICKUP.latitude) / (DROPOFF.latitude - PICKUP.latitude)
            car = pickup[0] + (dropoff[0] - pickup[0]) * across, pickup[1] + (dropoff[1] - pickup[1]) * down
            await rider.shot("rider-phone-waits")
            return await lie_above_the_sheet(page, [pickup, car])

        await until(framed, "the car and the pickup above the sheet")
        await driver.step(ride_id, "arrive")
        pin = (await page.locator(".pin output").inner_text()).strip()
        await driver.step(ride_id, "start", {"pin": pin})
        await driver.step(ride_id, "complete")
        await expect(page.get_by_role("region", name="Receipt")).to_contain_text("Total")


async def middle_of(pin: Locator) -> tuple[float, float]:
    """Where a pin stands in the window, in CSS pixels from its top left corner."""
    box = await pin.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def lie_above_the_sheet(page: Page, spots: list[tuple[float, float]]) -> bool:
    """Whether pins and cars at these places are seen whole on the map of a phone."""
    sheet = await page.locator(".panel").bounding_box()
    assert sheet is not None
    return all(_PIN < x < PHONE["width"] - _PIN and _PIN < y < sheet["y"] - _PIN for x, y in spots)


async def test_prices_are_told_before_the_map_is_drawn(browser: Browser, stack: Stack, people: Town) -> None:
    await people.driver(PICKUP)
    async with window(browser, stack, DESKTOP) as operator:
        page = operator.page
        await page.add_init_script(_UNDRAWN)
        await operator.console("book")
        await page.get_by_label("Phone number").fill("+14155559398")
        await page.get_by_label("Name").fill("Bao Tran")
        await page.get_by_label("Pickup").first.fill(f"{PICKUP.latitude}, {PICKUP.longitude}")
        await page.get_by_label("Destination").first.fill(f"{DROPOFF.latitude}, {DROPOFF.longitude}")
        await page.get_by_role("button", name="Show prices").click()
        await expect(page.get_by_role("button", name="Book economy for")).to_be_visible()
        await expect(page.get_by_role("img", name="Pickup")).to_have_count(0)
        note = page.get_by_label("Note to the driver")
        await note.press_sequentially("the blue")
        async with page.expect_response("**/v1/service-areas") as areas:
            await page.evaluate("draw()")
        await (await areas.value).finished()
        # What follows upon the areas has happened by the frame after a later answer.
        await page.evaluate("fetch('/healthz').then(() => new Promise(requestAnimationFrame))")
        await page.keyboard.type(" door")
        await expect(note).to_have_value("the blue door")
        await expect(page.get_by_role("img", name="Pickup")).to_be_visible()
        await expect(page.get_by_role("img", name="Where to")).to_be_visible()
        await expect(page.get_by_role("button", name="Book economy for")).to_be_visible()


async def test_a_look_that_began_before_a_step_does_not_undo_it(browser: Browser, stack: Stack, people: Town) -> None:
    rider = await people.rider()
    async with window(browser, stack, PHONE) as driver:
        page = driver.page
        await driver.sign_in("/try/driver", people.phone_number(), people)
        await page.get_by_role("button", name="Apply").click()
        await page.get_by_role("switch").click()
        await expect(page.get_by_role("heading", name="You are online")).to_be_visible()
        ride_id = await rider.request(_CAR, DROPOFF, note="by the fountain")
        await expect(page.get_by_role("button", name="Accept")).to_be_visible()

        # The page asks for the ride under way while there is none; before it is told so, the driver has accepted one.
        under_way, ended = Held(), Held()
        await under_way.at(page, "**/v1/driver/rides/current")
        await under_way.given()
        await page.get_by_role("button", name="Accept").click()
        await expect(page.get_by_role("button", name="I am here")).to_be_visible()
        await expect(page.get_by_text("by the fountain")).to_be_visible()
        await driver.shot("driver-phone-note")
        # So it asks how that ride ended, and is told where it stood before the driver arrived.
        await ended.at(page, f"**/v1/driver/rides/{ride_id}")
        under_way.let_go()
        await ended.given()
        await page.get_by_role("button", name="I am here").click()
        pin = page.get_by_label("The PIN")
        await pin.fill(str((await rider.ride(ride_id))["start_pin"]))
        async with page.expect_response("**/v1/driver/rides/current"):
            ended.let_go()
        await expect(pin).to_have_value(re.compile("[0-9]{4}"))
        await page.get_by_role("button", name="Start the trip").click()
        await page.get_by_role("button", name="Complete the ride").click()
        await page.get_by_role("button", name="Next ride").click()
        await page.get_by_role("switch").click()
        await expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
