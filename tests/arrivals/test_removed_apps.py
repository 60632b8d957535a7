"""A push provider that unregisters tokens: nobody else's push is lost, and a dead token is soon forgotten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.arrivals.removed_apps import play, push_providers
from tests.conftest import FIGURE

PEOPLE = 20
"""`python -m tests.arrivals faults` tells two hundred."""


async def test_devices_without_the_app_are_forgotten_and_the_others_are_told_all(
    migrated_postgres_url: Callable[[str], str], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with push_providers(tmp_path) as providers:
        # What a busy machine is late with is not to be asked for again.
        figures = await play(migrated_postgres_url("notification"), providers, PEOPLE, 50, patience_seconds=60)
    record_property(FIGURE, f"arrivals: {figures.line()}")
    assert (figures.lost, figures.asked_again, figures.removed) == (0, 0, PEOPLE)
    # Once each, but for one whose answer was lost: it is asked for again.
    assert PEOPLE <= figures.asked_for_dead < 2 * PEOPLE
