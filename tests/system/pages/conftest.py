"""A stack and a browser for each file of tests: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncGenerator, Iterator

import pytest
from playwright.async_api import Browser, Playwright, async_playwright

from jitney.chaos.hurried_city import write_hurried_city
from tests.system.pages.windows import BROWSERS, SHOTS
from tests.system.stack import Stack

_OPTIONS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
_CITY = {"tick_seconds = 2.0": "tick_seconds = 0.5", "offer_seconds = 15": "offer_seconds = 120"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack as a newcomer has it, whose dispatch looks twice a second and whose offers wait for slow browsers."""
    folder = tmp_path_factory.mktemp("pages")
    running = Stack(
        folder,
        JITNEY_MATCHING_CITY_FILE=str(write_hurried_city(folder, _CITY)),
        # What only the PSP knows is an open item at once, and not tomorrow.
        JITNEY_PAYMENT_RECONCILIATION_UNKNOWN_HOURS="0",
    )
    try:
        running.start()
        yield running
    finally:
        running.discard()


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
