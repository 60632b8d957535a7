"""Where the time of whole rides goes: what the services' processes were seen at, a hundred times a second, by library.

py-spy (a development dependency) looks into the running processes from outside, and sees who holds the interpreter's
lock. A moment counts for the innermost frame whose library is known here, so what the standard library does for
SQLAlchemy is SQLAlchemy's, and compiled code is its caller's. What runs without the lock is not seen: gRPC's threads,
the solver, the system's calls.
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

PER_SECOND = 100
_PATIENCE_SECONDS = 60.0
_SERVICES = (
    "identity_service",
    "matching_service",
    "payment_service",
    "notification_service",
    "rider_api",
)
_LIBRARIES = {
    "SQLAlchemy": ("sqlalchemy",),
    "asyncpg": ("asyncpg",),
    "gRPC": ("grpc", "grpc_health", "grpc_reflection"),
    "protobuf and its rules": ("google", "protovalidate", "ridesharing", "buf"),
    "Flask and its server": ("flask", "werkzeug", "granian", "starlette", "limits", "jsonschema", "msgspec"),
    "redis-py": ("redis",),
    "HTTP to providers": ("httpx", "httpcore", "h2", "hpack", "anyio", "aiosmtplib", "ssl.py"),
    "templates": ("jinja2", "babel"),
    "telemetry": ("opentelemetry", "prometheus_client", "logging"),
    "event loop, and gRPC's part of it": ("asyncio", "uvloop", "threading.py", "concurrent", "selectors.py"),
    "chassis": ("chassis", "shared_kernel"),
}
_PART_BY_PACKAGE = {package: part for part, packages in _LIBRARIES.items() for package in packages}
OTHER = "other"


class Sampler:
    """Looks at processes for a while; started at the begin of it."""

    def __init__(self, pids: Mapping[str, int], seconds: float) -> None:
        self._pids = pids
        self._seconds = seconds
        self._folder = tempfile.TemporaryDirectory(prefix="jitney-profile-")
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Begins to look; nothing is looked at where py-spy is not installed."""
        program = shutil.which("py-spy", path=str(Path(sys.executable).parent))
        if program is None:
            return
        for name, pid in self._pids.items():
            command = [program, "record", "--pid", str(pid), "--subprocesses", "--gil", "--format", "raw"]
            command += ["--rate", str(PER_SECOND), "--duration", str(round(self._seconds))]
            self._running[name] = subprocess.Popen(
                [*command, "--output", str(Path(self._folder.name, name))],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def seen(self) -> dict[str, dict[str, int]]:
        """Waits for the end; moments by process and part, without the processes that could not be looked at."""
        found: dict[str, dict[str, int]] = {}
        with self._folder as folder:
            try:
                for name, process in self._running.items():
                    path = Path(folder, name)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        if process.wait(self._seconds + _PATIENCE_SECONDS) == 0 and path.exists():
                            found[name] = dict(moments_by_part(path.read_text(encoding="utf-8").splitlines()))
            finally:
                for process in self._running.values():
                    process.kill()
                    process.wait()
        return found


def moments_by_part(lines: Iterable[str]) -> Counter[str]:
    """Counts the moments of folded stacks (`outer;...;inner COUNT`, frames as `function (path:line)`) by part."""
    counted: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        parts = (_part_of(frame) for frame in reversed(stack.split(";")))
        counted[next((part for part in parts if part), OTHER)] += int(count)
    return counted


def _part_of(frame: str) -> str:
    path = frame.rpartition("(")[2].partition(":")[0]
    package, _, inner = path.partition("/")
    if package in _SERVICES:
        return f"own {inner.partition('/')[0].removesuffix('.py')}"
    return _PART_BY_PACKAGE.get(package, "")
