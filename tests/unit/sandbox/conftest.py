"""A sandbox's store of its own for each test: a file, no socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jitney.sandbox.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    store = Store(tmp_path)
    yield store
    store.close()
