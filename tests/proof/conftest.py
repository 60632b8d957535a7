"""The ground of the proof, and its figures at the end of the report."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.proof.ground import Ground, ground
from tests.proof.stage import Stage

FIGURES: list[str] = []


@pytest.fixture(scope="package")
def proof_ground() -> Iterator[Ground]:
    with ground() as made:
        yield made


@pytest.fixture
def stage(proof_ground: Ground) -> Iterator[Stage]:
    # It is made to fail all the time, and says so.
    logging.disable(logging.CRITICAL)
    made = Stage(proof_ground)
    try:
        yield made
    finally:
        made.close()
        logging.disable(logging.NOTSET)


@pytest.fixture
def figures() -> list[str]:
    """Lines for the end of the report."""
    return FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("proof of payment_service")
        for line in FIGURES:
            terminalreporter.write_line(line)
