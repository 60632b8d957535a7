"""Nobody is kept out: by the keyboard, by colors, by a small screen."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.system.pages.windows import DESKTOP, PHONE, violations, window
from tests.system.people import Town
from tests.system.stack import Stack

pytestmark = pytest.mark.system

VIEWS = ("map", "rides", "book", "pulse", "money", "complaints", "promotions", "drivers", "messages")


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
