"""The pages in a real browser: rides taken by hand in two windows and watched in the console, and who is kept out.

The browser is the system's Chromium, driven by Playwright. Screenshots of each step are kept in build/pages.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Playwright, Route, async_playwright, expect

from jitney.chaos.hurried_city import write_hurried_city
from shared_kernel.geo import GeoPoint
from tests.system.people import Town, town, until
from tests.system.stack import Stack

pytestmark = pytest.mark.system

SHOTS = Path(__file__).parents[2] / "build/pages"
AXE = Path(__file__).parents[1] / "vendor/axe-core/axe.min.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
WAIT_MILLISECONDS = 60_000
expect.set_options(timeout=WAIT_MILLISECONDS)
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
VIEWS = ("map", "rides", "book", "pulse", "money", "complaints", "promotions", "drivers", "messages")
_CITY = {"tick_seconds = 2.0": "tick_seconds = 0.5", "offer_seconds = 15": "offer_seconds = 120"}
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
# Away from the corners where other tests drive.
PICKUP, DROPOFF = GeoPoint(37.7600, -122.4350), GeoPoint(37.7700, -122.4100)
_SOUTH_OF_PICKUP = GeoPoint(37.7480, -122.4290)
_PIN = 12
"""Half of a pin, in CSS pixels."""
# Where a driver's page begins.
_CAR = GeoPoint(37.7816, -122.4156)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack as a newcomer has it, whose dispatch looks twice a second and whose offers wait for slow browsers."""
    folder = tmp_path_factory.mktemp("pages")
    running = Stack(folder, JITNEY_MATCHING_CITY_FILE=str(write_hurried_city(folder, _CITY)))
    try:
        running.start()
        yield running
    finally:
        running.discard()


@pytest.fixture
async def people(stack: Stack) -> AsyncGenerator[Town]:
    """The town of that stack."""
    async with town(stack) as opened:
        yield opened


@pytest.fixture(scope="module")
async def browser() -> AsyncGenerator[Browser]:
    """The system's own browser; without one these tests are skipped, unless one must be there."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        told = f"there is none of {', '.join(BROWSERS)}; on Debian: apt-get install chromium"
        assert not os.environ.get("TESTS_NEED_BROWSER"), told
        pytest.skip(told)
    SHOTS.mkdir(parents=True, exist_ok=True)
    playwright: Playwright
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=path, args=_OPTIONS)
        yield opened
        await opened.close()


class Window:
    """A window of the browser, with all that went wrong in it."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self.page = page
        self.stack = stack
        self.wrong: list[str] = []
        page.set_default_timeout(WAIT_MILLISECONDS)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        # The pages look for what may not be there, an offer or a driver's way, and ask again where a busy service did
        # not answer in time; the browser tells of each.
        if message.type == "error" and not re.search("status of (404|409|503|504)", message.text):
            self.wrong.append(message.text)

    async def shot(self, name: str) -> None:
        """Keep a picture for who wants to look."""
        await self.page.screenshot(path=SHOTS / f"{name}.png")

    async def sign_in(self, path: str, phone_number: str, people: Town) -> None:
        """Sign in by phone and code, as people do."""
        page, since = self.page, datetime.now(UTC)
        await page.goto(self.stack.rest_url + path)
        await page.get_by_label("Phone number").fill(phone_number)
        await page.get_by_role("button", name="Send me a code").click()
        await expect(page.get_by_role("link", name="read the text message")).to_be_visible()

        async def code() -> str | None:
            query = {"to": phone_number, "since": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
            told = await people.sandbox.call("GET", "/_sim/messages", params=query)
            return told["messages"][0]["code"] if told["messages"] else None

        await page.get_by_label("six digits").fill(await until(code, "the text message"))

    async def console(self, view: str = "", role: str = "operator") -> None:
        """Open the console signed in, as `jitney console` does."""
        options = ("--no-browser", "--role", role, "--data", str(self.stack.data))
        told = await asyncio.to_thread(self.stack.jitney, "console", *options)
        await self.page.goto(told.stdout.strip())
        await expect(self.page.get_by_role("navigation", name="Views")).to_be_visible()
        assert "token" not in self.page.url
        if view:
            await self.page.goto(f"{self.stack.rest_url}/console#/{view}")


@asynccontextmanager
async def window(browser: Browser, stack: Stack, size: dict[str, int], theme: str = "light") -> AsyncGenerator[Window]:
    """A window of a person of its own, in which nothing went wrong."""
    scheme: Any = theme
    context = await browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")  # pyright: ignore[reportArgumentType] (a size)
    try:
        opened = Window(await context.new_page(), stack)
        yield opened
        assert opened.wrong == []
    finally:
        await context.close()


class Held:
    """The next answer to a question of a page, kept from it until it is let go."""

    def __init__(self) -> None:
        self._given, self._let_go = asyncio.Event(), asyncio.Event()

    async def at(self, page: Page, address: str) -> None:
        """Hold what is asked there next."""
        await page.route(address, self._hold, times=1)

    async def given(self) -> None:
        """Wait until it is given."""
        await asyncio.wait_for(self._given.wait(), WAIT_MILLISECONDS / 1000)

    def let_go(self) -> None:
        """Let the page have it."""
        self._let_go.set()

    async def _hold(self, route: Route) -> None:
        answer = await route.fetch()
        self._given.set()
        await self._let_go.wait()
        await route.fulfill(response=answer)


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


async def test_a_ride_is_watched_in_the_console_and_refunded(browser: Browser, stack: Stack, people: Town) -> None:
    async with window(browser, stack, DESKTOP) as operator:
        page = operator.page
        await operator.console()
        await expect(page.get_by_text("No open rides here")).to_be_visible()
        driver, rider = await people.driver(PICKUP), await people.rider()
        await expect(page.get_by_role("button", name="Free 1")).to_be_visible()
        ride_id = await rider.request(PICKUP, DROPOFF)
        row = page.locator(f'[data-key="{ride_id}"]')
        await expect(row).to_contain_text(re.compile("Matching|Offered"))
        await driver.accept(ride_id)
        await expect(row).to_contain_text("Driver en route")
        await expect(row).to_contain_text("Ana · 7ABC123")
        await row.click()
        await operator.shot("console-map")
        await driver.step(ride_id, "arrive")
        await expect(row).to_contain_text("Arrived")
        await driver.step(ride_id, "start", {"pin": (await rider.ride(ride_id))["start_pin"]})
        await expect(page.get_by_role("button", name="With a rider 1")).to_be_visible()
        await page.get_by_role("link", name="The ride's story").click()
        story = page.get_by_role("region", name="Story")
        await expect(story).to_contain_text("In progress")
        await driver.step(ride_id, "complete")
        await expect(story).to_contain_text("Completed")
        await expect(page.get_by_role("region", name="Dispatch")).to_contain_text("Chosen")
        await page.get_by_role("button", name="Refund").click()
        await page.get_by_label("Amount in USD").fill("1.25")
        await page.get_by_label("Why, for the record").fill("the route was longer than it had to be")
        await page.get_by_role("dialog").get_by_role("button", name="Refund").click()
        await expect(story).to_contain_text("$1.25")
        await operator.shot("console-ride")
        [refund] = (await people.operator("GET", "/v1/operator/refunds", ride_id=ride_id))["items"]
        assert refund["amount"] == {"currency_code": "USD", "amount_minor": 125}
        await page.get_by_role("link", name="Money").click()
        await expect(page.get_by_text("Balanced")).to_be_visible()
        await page.get_by_role("button", name="Audit the ledger").click()
        await expect(page.get_by_text("Every balance is the sum of its postings")).to_be_visible()
        await operator.shot("console-money")


async def test_a_row_that_changes_while_it_is_pressed_is_chosen(browser: Browser, stack: Stack, people: Town) -> None:
    driver, rider = await people.driver(PICKUP), await people.rider()
    async with window(browser, stack, DESKTOP) as operator:
        page = operator.page
        await operator.console()
        ride_id = await rider.request(PICKUP, DROPOFF)
        await driver.accept(ride_id)
        row = page.locator(f'[data-key="{ride_id}"]')
        await expect(row).to_contain_text("Driver en route")
        await row.locator(".title").hover()
        await page.mouse.down()
        await driver.step(ride_id, "arrive")
        await expect(row).to_contain_text("Arrived")
        await page.mouse.up()
        await expect(page.get_by_role("link", name="The ride's story")).to_be_visible()
        assert await row.get_attribute("aria-pressed") == "true"
        await driver.step(ride_id, "start", {"pin": (await rider.ride(ride_id))["start_pin"]})
        await driver.step(ride_id, "complete")


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


async def test_a_ride_is_booked_for_somebody_who_calls(browser: Browser, stack: Stack, people: Town) -> None:
    driver = await people.driver(PICKUP)
    async with window(browser, stack, DESKTOP) as operator:
        page = operator.page
        await operator.console("book")
        await page.get_by_label("Phone number").fill("+14155559399")
        await page.get_by_label("Name").fill("Carmen Alvarez")
        await page.get_by_label("Pickup").first.fill(f"{PICKUP.latitude}, {PICKUP.longitude}")
        await page.get_by_label("Destination").first.fill(f"{DROPOFF.latitude}, {DROPOFF.longitude}")
        await page.get_by_label("Note to the driver").fill("the blue door")
        await page.get_by_role("button", name="Show prices").click()
        await expect(page.get_by_text("An account was made for the number")).to_be_visible()
        await operator.shot("console-book-priced")
        await page.get_by_role("button", name="Book economy for").click()
        story = page.get_by_role("region", name="Story")
        await expect(story).to_contain_text(re.compile("Matching|Offered"))
        ride_id = page.url.rsplit("/", 1)[1]
        offer = await driver.accept(ride_id)
        assert (offer["rider_name"], offer["funding"]) == ("Carmen", "cash")
        await expect(story).to_contain_text("Driver en route")


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


async def test_what_a_rider_complains_of_is_decided(browser: Browser, stack: Stack, people: Town) -> None:
    driver, rider = await people.driver(PICKUP), await people.rider()
    rides: list[str] = []
    for words in ("Twice around the park.", "And the radio."):
        rides.append(await rider.request(PICKUP, DROPOFF))
        await driver.accept(rides[-1])
        await driver.step(rides[-1], "arrive")
        await driver.step(rides[-1], "start", {"pin": (await rider.ride(rides[-1]))["start_pin"]})
        await driver.step(rides[-1], "complete")
        await rider.settled(rides[-1])
        body = {"reason": "wrong_route", "words": words}
        await rider.person.do("POST", f"/v1/rides/{rides[-1]}/disputes", body)
    async with window(browser, stack, DESKTOP) as operator:
        page = operator.page
        await operator.console("complaints")
        await expect(page.get_by_text("Twice around the park.")).to_be_visible()
        await operator.shot("console-complaints-open")
        first = page.get_by_role("row").filter(has_text="Twice around the park.")
        await first.get_by_role("button", name="Refund").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Amount in USD").fill("1.50")
        await dialog.get_by_label("Borne by").select_option("The platform")
        await dialog.get_by_label("What the rider is told").fill("Sorry!")
        await operator.shot("console-complaints-refund")
        await dialog.get_by_role("button", name="Refund").click()
        await expect(page.get_by_text("Twice around the park.")).to_have_count(0)
        await page.get_by_role("button", name="Say no").click()
        await dialog.get_by_label("What the rider is told").fill("It was off.")
        await dialog.get_by_role("button", name="Say no").click()
        await expect(page.get_by_text("Nobody waits")).to_be_visible()
        await page.get_by_role("button", name="Rejected").click()
        await expect(page.get_by_text("It was off.")).to_be_visible()

    async def told() -> list[str] | None:
        found = [item["topic"] for item in (await rider.person.get("/v1/me/notifications"))["items"]]
        return found if found.count("complaint_decided") == 2 else None

    await until(told, "the news of both decisions")
    [refunded] = (await rider.person.get(f"/v1/rides/{rides[0]}/disputes"))["items"]
    assert (refunded["refund_amount"]["amount_minor"], refunded["answer"]) == (150, "Sorry!")


async def test_a_promotion_is_made_redeemed_and_ended(browser: Browser, stack: Stack, people: Town) -> None:
    async with window(browser, stack, DESKTOP) as operator:
        page = operator.page
        await operator.console("promotions")
        await page.get_by_role("button", name="New promotion").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Code").fill("by-hand-20")
        await dialog.get_by_label("Percent off").fill("20")
        await dialog.get_by_label("At most off a ride").fill("10.00")
        await dialog.get_by_label("How many riders").fill("500")
        await operator.shot("console-promotions-new")
        await dialog.get_by_role("button", name="Make it").click()
        row = page.get_by_role("row").filter(has_text="BY-HAND-20")
        await expect(row).to_contain_text("20 %, at most $10.00")
        rider = await people.rider()
        redeemed = await rider.person.do("POST", "/v1/promotions/redeem", {"code": "by-hand-20"})
        assert redeemed["state"] == "in_force"
        await page.reload()
        await expect(row).to_contain_text("1 of 500")
        await operator.shot("console-promotions")
        await page.get_by_role("button", name="End BY-HAND-20").click()
        await dialog.get_by_label("Why").fill("the budget is spent")
        await dialog.get_by_role("button", name="End it").click()
        await expect(row).to_contain_text("Ended")


async def test_an_operator_suspends_a_driver(browser: Browser, stack: Stack, people: Town) -> None:
    driver = await people.driver(PICKUP)
    async with window(browser, stack, DESKTOP) as operator:
        page = operator.page
        await operator.console("drivers")
        await page.get_by_role("button", name="Approved").click()
        await page.get_by_role("button", name="Suspend Ana").first.click()
        await page.get_by_role("dialog").get_by_label("Why").fill("papers ran out")
        await page.get_by_role("dialog").get_by_role("button", name="Suspend").click()
        await expect(page.get_by_text("Ana may not drive for now.")).to_be_visible()
        await page.get_by_role("button", name="Suspended").click()
        await expect(page.get_by_role("button", name="Approve Ana")).to_be_visible()
    listed = await people.operator("GET", "/v1/operator/drivers", status="suspended")
    assert [item["id"] for item in listed["items"]] == [driver.person.account_id]


async def test_a_look_that_began_before_a_step_does_not_undo_it(browser: Browser, stack: Stack, people: Town) -> None:
    rider = await people.rider()
    async with window(browser, stack, PHONE) as driver:
        page = driver.page
        await driver.sign_in("/try/driver", people.phone_number(), people)
        await page.get_by_role("button", name="Apply").click()
        await page.get_by_role("switch").click()
        await expect(page.get_by_role("heading", name="You are online")).to_be_visible()
        ride_id = await rider.request(_CAR, DROPOFF)
        await expect(page.get_by_role("button", name="Accept")).to_be_visible()

        # The page asks for the ride under way while there is none; before it is told so, the driver has accepted one.
        under_way, ended = Held(), Held()
        await under_way.at(page, "**/v1/driver/rides/current")
        await under_way.given()
        await page.get_by_role("button", name="Accept").click()
        await expect(page.get_by_role("button", name="I am here")).to_be_visible()
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


async def test_support_is_shown_drivers_and_refused_the_rest(browser: Browser, stack: Stack) -> None:
    async with window(browser, stack, DESKTOP) as support:
        page = support.page
        await support.console(role="support")
        await expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["Drivers"])
        await expect(page.get_by_role("button", name="Approve")).to_have_count(1)  # the list's name, not a decision
        await page.goto(f"{stack.rest_url}/console#/money")
        await expect(page.get_by_text("may not look at this")).to_be_visible()
        refused = await page.evaluate(
            """async () => {
              const { access_token: token } = JSON.parse(sessionStorage.getItem("jitney.console"));
              const answer = await fetch("/v1/operator/fleet?south=1&west=1&north=2&east=2",
                { headers: { Authorization: `Bearer ${token}` } });
              return answer.status;
            }"""
        )
        assert refused == 403
        support.wrong = [line for line in support.wrong if "status of 403" not in line]


async def test_the_keyboard_gets_everywhere_and_the_theme_is_kept(browser: Browser, stack: Stack) -> None:
    async with window(browser, stack, DESKTOP) as operator:
        page = operator.page
        await operator.console()
        reached: list[str] = []
        for _ in range(len(VIEWS) + 3):
            await page.keyboard.press("Tab")
            reached.append(await page.evaluate("document.activeElement.textContent || document.activeElement.title"))
        assert [name for name in ("Map", "Rides", "Pulse", "Money", "Drivers", "Messages") if name not in reached] == []
        await page.get_by_role("link", name="Pulse").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Pulse")).to_be_visible()
        for theme in ("light", "dark"):
            await page.get_by_role("button", name="Change theme").click()
            assert await page.evaluate("document.documentElement.dataset.theme") == theme
        await page.reload()
        assert await page.evaluate("document.documentElement.dataset.theme") == "dark"


async def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        """() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })
          .then((result) => result.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`)))"""
    )
    return [str(line) for line in found]


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"])
async def test_nothing_keeps_people_out(
    browser: Browser, stack: Stack, people: Town, size: dict[str, int], theme: str
) -> None:
    found: dict[str, list[str]] = {}
    async with window(browser, stack, size, theme) as operator:
        page = operator.page
        await page.goto(f"{stack.rest_url}/console")
        await expect(page.get_by_role("heading", name="Console")).to_be_visible()
        found["gate"] = await violations(page)
        await operator.shot(f"console-gate-{theme}")
        await operator.console()
        for view in VIEWS:
            await page.goto(f"{stack.rest_url}/console#/{view}")
            await expect(page.locator(f'nav [data-name="{view}"]')).to_have_attribute("aria-current", "page")
            await expect(page.locator(".skeleton")).to_have_count(0)
            found[view] = await violations(page)
            await operator.shot(f"console-{view}-{theme}")
            # Nothing is cut off at the side of a small screen.
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    async with window(browser, stack, size, theme) as rider:
        await rider.sign_in("/try/rider", people.phone_number(), people)
        await expect(rider.page.get_by_role("heading", name="Where to?")).to_be_visible()
        found["rider"] = await violations(rider.page)
        await rider.shot(f"rider-begins-{theme}")
    assert {name: lines for name, lines in found.items() if lines} == {}


async def test_a_lost_service_is_told_and_the_page_goes_on_by_itself(browser: Browser, stack: Stack) -> None:
    async with window(browser, stack, DESKTOP) as operator:
        page = operator.page
        await operator.console("rides")
        await expect(page.locator(".skeleton")).to_have_count(0)
        await page.route("**/v1/operator/rides**", lambda route: route.abort())
        await page.get_by_role("button", name="Completed").click()
        await expect(page.get_by_role("alert")).to_contain_text("No connection")
        await page.unroute("**/v1/operator/rides**")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("alert")).to_have_count(0)
        operator.wrong = [line for line in operator.wrong if "ERR_FAILED" not in line]
