"""Rides through the containers: `python -m tests.images [--keep]`, as root, with podman and runc, images built before.

Everything of docker/compose.yaml runs as it says, but for two things: PostgreSQL and Redis are those of the embedded
wheels, since their official images may be out of reach, and all containers share one network, a namespace of its own
where the kernel lets us make one. Then the containers' own health checks are asked, a small city rides, and every
container is asked to end.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from pathlib import Path

from jitney.deploy.secrets import SecretsFolder, Surroundings, for_compose
from jitney.stack.launch import Launcher
from jitney.stack.postgres import Cluster
from jitney.stack.redis import EmbeddedRedis
from tests.images.compose import STORES, Container, in_order, read
from tests.integration.embedded import running

_PREFIX = "jitney-check-"
_PODMAN = ("podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs")
# A sandboxed machine may not raise limits.
_LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
_ALONE = ("unshare", "--net")
_READY_SECONDS = 90.0
_APART = "JITNEY_CHECK_APART"


def main() -> int:
    """Run all of it; the exit code tells whether rides were completed and everything ended as it should."""
    if not os.environ.get(_APART) and _can_be_apart():
        # A network of our own: the ports of the file are free in it, whatever else runs here.
        inner = f"ip link set lo up && exec {sys.executable} -m tests.images"
        environment = {**os.environ, _APART: "1"}
        return subprocess.run([*_ALONE, "sh", "-c", inner], env=environment, check=False).returncode
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="jitney-images-") as place:
        Path(place).chmod(0o711)
        settings = _settings(Path(place))
        containers = read(settings)
        names = dict.fromkeys(containers, "127.0.0.1")
        with _stores(Path(place)), _cleared(containers):
            for container in in_order(containers):
                if container.name not in STORES and "profiles" not in container.options:
                    _start(container, names, containers)
            _say(f"all containers are healthy after {time.monotonic() - began:.1f} s")
            _look_inside(containers["identity"])
            report = _ride(containers["city"], names)
            for name, mebibytes in _memory(containers).items():
                _say(f"  {name:<14}{mebibytes:5.0f} MiB resident after the rides")
            codes = _stop(containers)
    _say(f"rides completed: {report['completed']}; ended with {sorted(set(codes.values()))}")
    _say(f"{time.monotonic() - began:.1f} s in all")
    return 0 if report["completed"] and not any(codes.values()) else 1


def _settings(place: Path) -> dict[str, str]:
    folder = SecretsFolder(place / "secrets")
    folder.path.chmod(0o711)
    folder.keys.chmod(0o711)
    written = for_compose(folder, Surroundings("postgres:5432", "redis:6379", "sandbox"))
    lines = written.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines) | {
        name: os.environ[name] for name in ("JITNEY_TAG", "JITNEY_REGISTRY") if name in os.environ
    }


@contextlib.contextmanager
def _stores(place: Path) -> Generator[None]:
    credentials = SecretsFolder(place / "secrets").credentials
    cluster = Cluster(place / "postgres", "127.0.0.1", 5432, credentials["postgres_password"])
    redis = EmbeddedRedis(place / "redis", "127.0.0.1", 6379, credentials["redis_password"])
    cluster.create()
    redis.create()
    try:
        with (
            Launcher() as launcher,
            running(launcher, cluster.spec(), place / "postgres.log"),
            running(launcher, redis.spec(), place / "redis.log"),
        ):
            yield
    finally:
        cluster.erase()


def _start(container: Container, names: Mapping[str, str], containers: Mapping[str, Container]) -> None:
    for other, condition in container.needs.items():
        if other not in STORES and condition == "service_healthy":
            _await_healthy(containers[other])
    detached = () if container.is_once else ("--detach",)
    done = _podman("run", *detached, *_LIMITS, *container.podman(_PREFIX, names))
    if done.returncode:
        raise SystemExit(f"{container.name} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def _await_healthy(container: Container) -> None:
    """Ask what the image's HEALTHCHECK asks; podman's own timers need systemd."""
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        asked = _podman("exec", f"{_PREFIX}{container.name}", "healthy")
        if asked.returncode == 0:
            return
        if time.monotonic() > deadline:
            logs = _podman("logs", "--tail", "30", f"{_PREFIX}{container.name}")
            raise SystemExit(f"{container.name} is not healthy: {asked.stderr}\n{logs.stdout}{logs.stderr}")
        time.sleep(0.5)


def _look_inside(container: Container) -> None:
    name = f"{_PREFIX}{container.name}"
    written = _podman("exec", name, "sh", "-c", "echo > /opt/code/x || echo > /etc/x || echo > /x")
    account = _podman("exec", name, "id", "-u").stdout.strip()
    others = _podman("exec", name, "ls", "/opt/code").stdout.split()
    sbom = _podman("exec", name, "cat", "/usr/share/sbom/jitney.cdx.json").stdout
    if written.returncode == 0 or account == "0" or "payment_service" in others:
        raise SystemExit(f"{container.name} is not as restricted as it should be")
    _say(f"as account {account}, nothing can be written; made of {len(json.loads(sbom)['components'])} packages")


def _ride(city: Container, names: Mapping[str, str]) -> dict[str, int]:
    # Minutes of the city's time, ten times as fast as ours: a busy machine must still keep up.
    arguments = (*city.command, "--minutes", "6", "--speed", "10", "--rides-per-minute", "3", "--json")
    line = [*city.podman(_PREFIX, names)[: -len(city.command)], *arguments]
    done = _podman("run", *_LIMITS, *line)
    if done.returncode:
        logs = _podman("logs", "--tail", "40", f"{_PREFIX}matching")
        told = f"{done.stdout[-3000:]}{done.stderr[-3000:]}\nmatching:\n{logs.stdout}{logs.stderr}"
        raise SystemExit(f"the city ended with {done.returncode}:\n{told}")
    return json.loads(done.stdout)


def _memory(containers: Mapping[str, Container]) -> dict[str, float]:
    """How much memory each container holds that runs, its processes together."""
    import psutil  # noqa: PLC0415 (for this alone)

    found: dict[str, float] = {}
    for name, container in containers.items():
        if name not in STORES and not container.is_once:
            pid = int(_podman("inspect", "--format", "{{.State.Pid}}", f"{_PREFIX}{name}").stdout)
            first = psutil.Process(pid)
            family = [first, *first.children(recursive=True)]
            found[name] = sum(process.memory_info().rss for process in family) / 2**20
    return found


def _stop(containers: Mapping[str, Container]) -> dict[str, int]:
    """End all, the edge first; returns with what each ended."""
    codes: dict[str, int] = {}
    for container in reversed(in_order(containers)):
        if container.name in STORES or container.is_once:
            continue
        _podman("stop", "--time", "30", f"{_PREFIX}{container.name}")
        told = _podman("inspect", "--format", "{{.State.ExitCode}}", f"{_PREFIX}{container.name}").stdout
        codes[container.name] = int(told)
    return codes


@contextlib.contextmanager
def _cleared(containers: Mapping[str, Container]) -> Generator[None]:
    ours = [f"{_PREFIX}{name}" for name in containers]
    _podman("rm", "--force", "--ignore", *ours)
    try:
        yield
    finally:
        _podman("rm", "--force", "--ignore", "--time", "5", *ours)


def _can_be_apart() -> bool:
    return subprocess.run([*_ALONE, "true"], capture_output=True, check=False).returncode == 0


def _podman(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_PODMAN, *arguments], capture_output=True, text=True, timeout=600, check=False)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
