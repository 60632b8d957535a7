"""What the proof stands on: a PostgreSQL and a sandbox of its own, as processes."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from jitney.stack.keys import make_signing_keys
from jitney.stack.launch import Launcher
from jitney.stack.specs import ProcessSpec
from tests.integration.embedded import TestPostgres, embedded_postgres, free_port, running


@dataclass(frozen=True)
class Ground:
    """Where things are; `keys` holds all issuers' signing keys and `jwks.json`."""

    postgres: TestPostgres
    sandbox_url: str
    keys: Path


@contextlib.contextmanager
def ground() -> Generator[Ground]:
    """A running PostgreSQL and sandbox, gone afterwards."""
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jitney-proof-")))
        keys = place / "keys"
        make_signing_keys(keys)
        postgres = stack.enter_context(embedded_postgres())
        yield Ground(postgres, stack.enter_context(sandbox(place)), keys)


@contextlib.contextmanager
def sandbox(place: Path) -> Generator[str]:
    """A running sandbox's address."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
    environment |= {"JITNEY_SANDBOX_LISTEN": f"127.0.0.1:{port}", "JITNEY_SANDBOX_DATA": str(place / f"data-{port}")}
    spec = ProcessSpec(
        name="sandbox",
        argv=(sys.executable, "-m", "jitney", "sandbox"),
        environment=environment,
        ready=f"http://127.0.0.1:{port}/healthz",
    )
    with Launcher() as launcher, running(launcher, spec, place / f"sandbox-{port}.log"):
        yield f"http://127.0.0.1:{port}"
