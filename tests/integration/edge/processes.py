"""The edge's two processes as they run in a deployment: granian, one worker."""

import contextlib
import os
import sys
from collections.abc import Generator, Mapping
from pathlib import Path

from jitney.stack.launch import Launcher
from jitney.stack.specs import ProcessSpec
from tests.integration.embedded import free_port, running


def edge_environment(settings: Mapping[str, object]) -> dict[str, str]:
    """This process' environment with nothing of Jitney's in it but what is given."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
    return plain | {f"JITNEY_{name.upper()}": str(value) for name, value in settings.items()}


def edge_spec(kind: str, port: int, settings: Mapping[str, object], ready: str = "/healthz") -> ProcessSpec:
    """What is started for `rest` or `stream`."""
    return ProcessSpec(
        name=kind,
        argv=(sys.executable, "-m", "rider_api", kind),
        environment=edge_environment({**settings, f"{kind}_listen": f"127.0.0.1:{port}"}),
        ready=f"http://127.0.0.1:{port}{ready}",
    )


@contextlib.contextmanager
def edge_process(kind: str, settings: Mapping[str, object], folder: Path) -> Generator[str]:
    """The address of a running process of the edge."""
    port = free_port()
    with Launcher() as launcher, running(launcher, edge_spec(kind, port, settings), folder / f"{kind}.log"):
        yield f"http://127.0.0.1:{port}"
