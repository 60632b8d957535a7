"""A whole stack in processes of its own, on free ports and in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

LISTENERS = (
    "POSTGRES REDIS SANDBOX IDENTITY MATCHING PAYMENT NOTIFICATION REST STREAM "
    "IDENTITY_METRICS MATCHING_METRICS PAYMENT_METRICS NOTIFICATION_METRICS"
).split()
START_SECONDS = 120.0


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback interface that nobody listens on, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for held in sockets:
            held.bind(("127.0.0.1", 0))
        return [int(held.getsockname()[1]) for held in sockets]
    finally:
        for held in sockets:
            held.close()


def until(found: Callable[[], T | None], what: str, seconds: float = 60.0) -> T:
    """Look again and again until something is there; AssertionError naming it when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        result = found()
        if result is not None and result is not False:
            return result
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


class Stack:
    """A stack under test: `jitney up` in a folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        ports = free_ports(len(LISTENERS))
        self.addresses = {
            f"JITNEY_{name}_LISTEN": f"127.0.0.1:{port}" for name, port in zip(LISTENERS, ports, strict=True)
        }
        self.data = folder / "data"
        self._folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")},
            **self.addresses,
            **settings,
        }
        self._supervisor: subprocess.Popen[bytes] | None = None

    @property
    def rest_url(self) -> str:
        return f"http://{self.addresses['JITNEY_REST_LISTEN']}"

    @property
    def stream_url(self) -> str:
        return f"http://{self.addresses['JITNEY_STREAM_LISTEN']}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{self.addresses['JITNEY_SANDBOX_LISTEN']}"

    @property
    def matching_target(self) -> str:
        return self.addresses["JITNEY_MATCHING_LISTEN"]

    def jitney(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command beside the stack."""
        return subprocess.run(
            [sys.executable, "-m", "jitney", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def start(self, *options: str) -> None:
        """Start it and wait until all of it is healthy."""
        with (self._folder / "up.log").open("ab") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "jitney", "up", "--data", str(self.data), *options],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_until_healthy()

    def wait_until_healthy(self) -> None:
        """Wait until every process is up and well."""

        def healthy() -> bool:
            supervisor = self._supervisor
            assert supervisor is not None
            assert supervisor.poll() is None, (self._folder / "up.log").read_text()
            return bool(self.status()["healthy"])

        until(healthy, "a healthy stack", START_SECONDS)

    def status(self) -> dict[str, Any]:
        """Return what `jitney status --json` says."""
        return json.loads(self.jitney("status", "--data", str(self.data), "--json").stdout)

    def pids(self) -> Mapping[str, int]:
        """Return the process ids by name."""
        return {process["name"]: process["pid"] for process in self.status()["processes"]}

    def kill(self, name: str) -> None:
        """SIGKILL a process, with the workers it started."""
        pid = self.pids()[name]
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> int:
        """Stop it as Ctrl-C does; return the exit code."""
        supervisor, self._supervisor = self._supervisor, None
        assert supervisor is not None
        supervisor.send_signal(signal.SIGINT)
        try:
            return supervisor.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(supervisor.pid, signal.SIGKILL)
            raise

    def operator_token(self) -> str:
        """Make an operator's token."""
        made = self.jitney("token", "--role", "operator", "--data", str(self.data))
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()
