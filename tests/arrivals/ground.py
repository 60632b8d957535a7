"""What the proof stands on: a PostgreSQL, a Redis and a sandbox of its own, as processes."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Generator
from pathlib import Path

from jitney.stack.keys import make_signing_keys
from tests.arrivals.kills import Ground
from tests.integration.embedded import embedded_postgres, embedded_redis
from tests.proof.ground import sandbox


@contextlib.contextmanager
def ground() -> Generator[Ground]:
    """All of it, gone afterwards."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jitney-arrivals-")))
        keys = folder / "keys"
        make_signing_keys(keys)
        postgres = stack.enter_context(embedded_postgres())
        redis = stack.enter_context(embedded_redis())
        yield Ground(postgres, redis.url(), stack.enter_context(sandbox(folder)), keys, folder)
