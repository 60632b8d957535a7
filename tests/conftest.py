"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.integration.embedded import TestPostgres

# How fast the machine is says nothing about the code: an example may take its time, and so may making one.
settings.register_profile("jitney", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jitney")

FIGURE = "figure"
"""The name of a test's property that is a line for the end of the report, from whichever process it ran in."""

_ROOT = Path(__file__).parent
_STACKS = "system"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file on one runner, and all that drive whole stacks on one from the begin.

    Two stacks beside each other on two cores wait for each other; beside tests of parts, each is done sooner.
    """
    for item in items:
        group = item.path.relative_to(_ROOT).as_posix()
        item.add_marker(pytest.mark.xdist_group(_STACKS if group.startswith(f"{_STACKS}/") else group))
    items.sort(key=lambda item: not item.path.is_relative_to(_ROOT / _STACKS))


@pytest.fixture(autouse=True)
def no_database_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """Drop the databases that a test alone used: ten megabytes each, they would fill a disk together.

    Those of fixtures with a longer life are made before this fixture is asked, and stay.
    """
    if "postgres" not in request.fixturenames:
        yield
        return
    cluster: TestPostgres = request.getfixturevalue("postgres")
    before = cluster.made
    yield
    cluster.drop_since(before)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures. It stands here since a run in several processes collects nothing where the report is made."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    lines = [value for report in reports for name, value in report.user_properties if name == FIGURE]
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(str(line))
