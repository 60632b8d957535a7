"""What operators and support do in the console, and what becomes of it."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import Browser, expect

from shared_kernel.ids import from_public_id
from tests.integration.sandbox.running import a_stranger_pays
from tests.system.pages.windows import DESKTOP, DROPOFF, PICKUP, window
from tests.system.people import Town, until
from tests.system.stack import Stack

pytestmark = pytest.mark.system

_SUPPRESSED = "INSERT INTO suppression VALUES (:id, 'email', 'smtp_no_mailbox', 'mail', now())"


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
        await expect(page.get_by_text("the blue door")).to_be_visible()
        await operator.shot("console-booked-ride")


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


async def test_a_charge_that_nobody_here_knows_is_put_in_suspense_and_booked(
    browser: Browser, stack: Stack, people: Town
) -> None:
    async with httpx.AsyncClient(base_url=stack.sandbox_url) as sandbox:
        await a_stranger_pays(sandbox)
    async with window(browser, stack, DESKTOP) as operator:
        page = operator.page
        await operator.console("money")
        await page.get_by_role("button", name="Compare with the PSP now").click()
        await page.get_by_role("button", name="Open items").click()
        row = page.get_by_role("row").filter(has_text="Unknown transaction")
        dialog = page.get_by_role("dialog")

        async def resolve(how: str, note: str) -> None:
            await row.get_by_role("button", name="Resolve").click()
            await dialog.get_by_label("What is done about it").select_option(how)
            await dialog.get_by_label("Why, for whoever audits it").fill(note)
            await operator.shot(f"console-item-{how.partition(':')[0]}")
            await dialog.get_by_role("button", name="Resolve").click()

        await resolve("suspense", "asked the PSP")
        await expect(row).to_contain_text("In suspense")
        await expect(row).to_contain_text("asked the PSP")
        await resolve("booked:goodwill", "a gift to the house")
        await expect(row).to_have_count(0)
    kept = await people.operator("GET", "/v1/operator/reconciliation-items", include_closed="true")
    [item] = [each for each in kept["items"] if each["kind"] == "unknown_transaction"]
    assert (item["status"], item["resolution"], item["note"]) == ("closed", "booked", "a gift to the house")


async def test_a_mailbox_that_is_well_is_written_to_again(browser: Browser, stack: Stack, people: Town) -> None:
    account = (await people.rider()).person.account_id
    await stack.rows("notification", _SUPPRESSED.replace(":id", f"'{from_public_id('acct', account)}'"))
    async with window(browser, stack, DESKTOP) as operator:
        page = operator.page
        await operator.console("messages")
        row = page.get_by_role("row").filter(has_text="SMTP no mailbox")
        await row.scroll_into_view_if_needed()
        await operator.shot("console-suppressed")
        await row.get_by_role("button", name="Write again").click()
        await page.get_by_role("dialog").get_by_label("Why, for the record").fill("the mailbox is well")
        await page.get_by_role("dialog").get_by_role("button", name="Write again").click()
        await expect(page.get_by_text("None is suppressed")).to_be_visible()
    told = await people.operator("GET", "/v1/operator/notifications/lifted-suppressions", account_id=account)
    [lifted] = told["items"]
    assert (lifted["suppression"]["channel"], lifted["reason"]) == ("email", "the mailbox is well")


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
