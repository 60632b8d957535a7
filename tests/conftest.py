"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from tests.integration.embedded import TestPostgres

# How fast the machine is says nothing about the code: an example may take its time, and so may making one.
settings.register_profile("jitney", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jitney")

FIGURE = "figure"
"""The name of a test's property that is a line for the end of the report, from whichever process it ran in."""

_STACKS = ("tests/system/", "tests/chaos/")


class OneRunnerForStacks(LoadFileScheduling):
    """The tests of a file stay on one runner, and all that drive whole stacks on the first that is free, at the begin.

    Two stacks beside each other on two cores wait for each other; beside tests of parts, each is done sooner.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "stacks" if nodeid.startswith(_STACKS) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneRunnerForStacks | None:
    """Share tests out in our way where files are kept together."""
    return OneRunnerForStacks(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the stacks, which take longest; with those of a single file, while the shared one does not run yet."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if not item.nodeid.startswith(_STACKS):
        return 2
    # What the shared stack alone is made of: other stacks are called so as well.
    return int("through_a_pooler" in getattr(item, "fixturenames", ()))


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
