"""`jitney up` on a PostgreSQL and a Redis that are there already."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jitney.stack.databases import SERVICES
from tests.integration.embedded import free_addresses

_SECONDS = 120


@pytest.mark.system
def test_stores_that_the_environment_names_are_used_and_none_is_embedded(
    tmp_path: Path, postgres_url: Callable[[str], str], redis_url_for: Callable[[int], str]
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
    environment |= free_addresses()
    environment |= {f"JITNEY_{service.upper()}_DATABASE_URL": postgres_url(service) for service in SERVICES}
    environment |= {"JITNEY_REDIS_URL": redis_url_for(9)}

    def jitney(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jitney", *arguments, "--data", str(tmp_path / "data")],
            env=environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )

    try:
        started = jitney("up", "--detach")
        assert started.returncode == 0, started.stderr
        status = json.loads(jitney("status", "--json").stdout)
        assert status["healthy"]
        names = {process["name"] for process in status["processes"]}
        assert names == {"supervisor", "sandbox", *SERVICES, "rest", "stream"}
        assert not (tmp_path / "data" / "postgres").exists()
        assert not (tmp_path / "data" / "redis").exists()
    finally:
        stopped = jitney("down")
    assert stopped.stdout == "Jitney has stopped.\n"
