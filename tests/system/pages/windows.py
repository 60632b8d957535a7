"""Windows of a real browser, with all that goes wrong in them; screenshots of each step are kept in build/pages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, Route, expect

from shared_kernel.geo import GeoPoint
from tests.system.people import Town, until
from tests.system.stack import Stack

SHOTS = Path(__file__).parents[3] / "build/pages"
AXE = Path(__file__).parents[2] / "vendor/axe-core/axe.min.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
WAIT_MILLISECONDS = 60_000
expect.set_options(timeout=WAIT_MILLISECONDS)
# Away from the corners where other tests drive.
PICKUP, DROPOFF = GeoPoint(37.7600, -122.4350), GeoPoint(37.7700, -122.4100)


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


async def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        """() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })
          .then((result) => result.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`)))"""
    )
    return [str(line) for line in found]
