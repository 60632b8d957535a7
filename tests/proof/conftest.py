"""The ground of the proof, and its figures for the end of the report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import FIGURE
from tests.proof.ground import Ground, ground
from tests.proof.stage import Stage

Figures = Callable[[str], None]
"""Takes a line for the end of the report."""


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
def figures(record_property: Callable[[str, object], None]) -> Figures:
    """Take lines for the end of the report; they travel with the test's result, from whichever process it ran in."""
    return lambda line: record_property(FIGURE, line)
