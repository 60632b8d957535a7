"""The page of a run: every verdict is on it, what breaks one is named, and nothing is loaded from elsewhere."""

from __future__ import annotations

import random
from dataclasses import fields
from html.parser import HTMLParser
from typing import Any

from jitney.simulator.behavior import Behavior
from jitney.simulator.invariants import verdict
from jitney.simulator.kinds import stars_of
from jitney.simulator.page import page_of
from jitney.simulator.report import Report

COUNTS = (
    *("ends", "fares_minor", "postings_sum_minor", "deliveries", "troubles", "edits", "hand_overs", "after_rides"),
    *("requested_by_kind", "completed_by_kind", "completed_by_funding", "cancels"),
)


def report() -> Report:
    values: dict[str, Any] = {item.name: 0 for item in fields(Report)} | {name: {} for name in COUNTS}
    values |= {
        "requested": 3,
        "completed": 2,
        "ends": {"completed": 2, "canceled_by_rider": 1},
        "verdicts": [verdict("money adds up", 3, []), verdict("no <b>hold</b> is left", 3, ["ride_1 is held"])],
    }
    return Report(**values)


def test_the_page_shows_verdicts_plots_and_figures_and_loads_nothing() -> None:
    page = page_of(report())
    for words in ("money adds up", "ride_1 is held", "1 broken", "How rides ended", "2 of 3 rides completed"):
        assert words in page
    assert "no &lt;b&gt;hold&lt;/b&gt; is left" in page

    class Loads(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in ("script", "link", "img", "iframe")
            assert not {"src", "href"} & {name for name, _ in attrs}

    Loads().feed(page)


def test_a_broken_invariant_is_named_with_what_breaks_it() -> None:
    assert report().broken_invariants == ["not so: no <b>hold</b> is left: 1 of 3, first ride_1 is held"]


def test_drivers_decline_the_more_the_farther_the_pickup_and_stars_are_one_to_five() -> None:
    behavior = Behavior()
    shares = [behavior.declines(seconds) for seconds in (0, 600, 1e9)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (behavior.decline_share, 1.0)
    chance = random.Random(1)
    assert {stars_of(chance) for _ in range(1_000)} == {1, 2, 3, 4, 5}
