"""The arithmetic of docs/scaling.md."""

from __future__ import annotations

import json

import pytest

from tools.capacity.__main__ import FIGURES, PAGE, written
from tools.capacity.model import BUSY_SHARE, SERVICES, Figures, breaks_at, need_of
from tools.capacity.page import draw

NAMES: tuple[str, ...] = (*SERVICES, "postgres", "redis")


@pytest.fixture
def figures() -> Figures:
    return Figures.read(json.loads(FIGURES.read_text()))


def test_the_page_tells_what_the_figures_say(figures: Figures) -> None:
    page = PAGE.read_text()
    assert written(page, draw(figures)) == page


def test_no_process_is_planned_busier_than_it_may_be_and_none_is_alone(figures: Figures) -> None:
    for drivers in (1, 600, 10_000, 100_000):
        for name, part in need_of(figures, drivers).parts.items():
            assert part.replicas >= 2, name
            assert part.cores / part.replicas <= BUSY_SHARE + 0.001, name


def test_what_costs_twice_as_much_is_full_at_half_as_many() -> None:
    costs = dict.fromkeys(NAMES, 10.0)
    plain = Figures(costs, dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 0.0), {}, 10.0, {}, 3.6)
    dear = Figures({**costs, "identity": 20.0}, plain.driver_second, plain.idle_second, {}, 10.0, {}, 3.6)
    assert breaks_at(plain)["identity"] == 70_000  # 0.7 of a core, 10 ms a ride, one ride a second a thousand drivers
    assert breaks_at(dear)["identity"] == 35_000
    assert breaks_at(plain)["relay"] == 100_000
    assert next(iter(breaks_at(dear))) == "identity"
