"""REST as it runs in a deployment: granian, a worker, threads; it drains and it does not outlive its main process."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from chassis.auth import Role
from jitney.stack.launch import Launcher
from rider_api.defaults import REST_THREADS_MAX
from rider_api.settings import RestSettings
from ridesharing.matching.v1 import ride_service_pb2
from tests.integration.edge.backends import Backends, filled
from tests.integration.edge.processes import edge_environment, edge_process, edge_spec
from tests.integration.edge.sse import WAIT_SECONDS
from tests.integration.edge.test_live_streams import until_answers
from tests.integration.embedded import free_port

Bearer = Callable[..., dict[str, str]]
RIDE = "ride_01h455vb4pex5vsknk084sn02q"


@pytest.fixture
def settings(edge_settings: RestSettings, backends: Backends) -> dict[str, object]:
    names = ("identity_target", "matching_target", "payment_target", "notification_target")
    more = ("jwks_file", "signing_keys_dir", "redis_url")
    return {name: getattr(edge_settings, name) for name in names + more}


async def test_many_clients_at_once_are_answered(
    settings: dict[str, object], tmp_path: Path, bearer: Bearer, backends: Backends
) -> None:
    # There is a place for each: who waits is refused after two seconds.
    with edge_process("rest", {**settings, "rest_threads": REST_THREADS_MAX}, tmp_path) as url:
        async with httpx.AsyncClient(base_url=url, headers=bearer(Role.RIDER), timeout=WAIT_SECONDS) as client:
            answers = await asyncio.gather(*(client.get(f"/v1/rides/{RIDE}") for _ in range(50)))
        await until_answers(f"{url}/readyz")
    assert {answer.status_code for answer in answers} == {200}
    assert len(backends.asked) == 50


async def test_bodies_beyond_the_bound_are_refused_however_they_are_sent(
    settings: dict[str, object], tmp_path: Path, bearer: Bearer
) -> None:
    headers = {**bearer(Role.RIDER), "Content-Type": "application/json"}

    async def pieces():
        for _ in range(100):
            yield b" " * 1024

    with edge_process("rest", settings, tmp_path) as url:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=WAIT_SECONDS) as client:
            whole = await client.post("/v1/quotes", content=b" " * 100_000)
            chunked = await client.post("/v1/quotes", content=pieces())
            after = await client.get("/healthz")
    assert [whole.status_code, chunked.status_code, after.status_code] == [413, 413, 200]
    assert chunked.json()["code"] == "body_too_large"


async def test_a_request_in_flight_is_answered_before_the_process_ends(
    settings: dict[str, object], tmp_path: Path, bearer: Bearer, backends: Backends
) -> None:
    asked, told_to_leave = threading.Event(), threading.Event()

    def slowly(request: object) -> ride_service_pb2.GetRideResponse:
        asked.set()
        told_to_leave.wait(4)
        answer = filled(ride_service_pb2.GetRideResponse())
        assert isinstance(answer, ride_service_pb2.GetRideResponse)
        return answer

    backends.answers["GetRide"] = slowly
    port = free_port()
    with Launcher() as launcher:
        process = launcher.start(edge_spec("rest", port, settings), tmp_path / "rest.log")
        await until_answers(f"http://127.0.0.1:{port}/healthz")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=WAIT_SECONDS) as client:
            request = asyncio.create_task(client.get(f"/v1/rides/{RIDE}", headers=bearer(Role.RIDER)))
            assert await asyncio.to_thread(asked.wait, 60)
            process.send_signal(signal.SIGTERM)
            await until_closed(port)
            told_to_leave.set()
            assert (await request).status_code == 200
        assert await asyncio.to_thread(process.wait, 60) == 0
        launcher.forget(process)
    assert (tmp_path / "rest.log").read_text() == ""


async def test_the_worker_does_not_outlive_a_killed_main_process(settings: dict[str, object], tmp_path: Path) -> None:
    port = free_port()
    with Launcher() as launcher:
        process = launcher.start(edge_spec("rest", port, settings), tmp_path / "rest.log")
        await until_answers(f"http://127.0.0.1:{port}/healthz")
        workers = psutil.Process(process.pid).children()
        assert len(workers) == 1
        os.kill(process.pid, signal.SIGKILL)
        await asyncio.to_thread(process.wait, 60)
        _, alive = await asyncio.to_thread(psutil.wait_procs, workers, 60)
        assert alive == []
        launcher.forget(process)


@pytest.mark.parametrize("kind", ["rest", "stream"])
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"log_level": "loud"}, "JITNEY_LOG_LEVEL"),
        ({"jwks_file": "/nowhere/jwks.json"}, "JITNEY_JWKS_FILE"),
        ({"rest_listen": "here", "stream_listen": "here"}, "_LISTEN"),
    ],
    ids=["wrong value", "no key file", "no address"],
)
def test_a_wrong_setting_is_named_and_ends_the_process(
    settings: dict[str, object], kind: str, changes: dict[str, object], named: str
) -> None:
    addresses = {f"{kind}_listen": f"127.0.0.1:{free_port()}"}
    outcome = subprocess.run(
        [sys.executable, "-m", "rider_api", kind],
        env=edge_environment({**settings, **addresses, **changes}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 2
    assert named in outcome.stderr
    assert "Traceback" not in outcome.stderr


async def until_closed(port: int) -> None:
    """Wait until nobody listens there any more."""
    async with asyncio.timeout(60):
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return
            await asyncio.sleep(0.02)
