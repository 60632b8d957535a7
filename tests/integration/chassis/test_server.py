"""A service's life: health by name, readiness by probes, reflection, and leaving without breaking a call."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast
from urllib.request import urlopen

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from prometheus_client import REGISTRY

from chassis.auth import TokenVerifier
from chassis.clients import open_channel
from chassis.runtime import Workers
from chassis.server import LIVENESS, ServiceServer
from chassis.settings import Address
from chassis.status import rpc_errors
from shared_kernel.errors import Unavailable
from tests.integration.chassis.conftest import Running, settings_for
from tests.integration.chassis.echo import SERVICE, Echo, EchoServicer, EchoStub, register

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def watch_until(
    address: Address, wanted: int, service: str = "", *, watching: asyncio.Event | None = None
) -> None:
    async with grpc.aio.insecure_channel(str(address)) as channel, asyncio.timeout(60):
        stub = cast("Any", health_pb2_grpc).HealthStub(channel)
        async for answer in stub.Watch(health_pb2.HealthCheckRequest(service=service)):
            if watching is not None:
                watching.set()
            if answer.status == wanted:
                return


async def start(server: ServiceServer, metrics_address: Address | None = None) -> tuple[asyncio.Task[None], Address]:
    task = asyncio.create_task(server.run(Address("127.0.0.1", 0), metrics_address))
    started = asyncio.create_task(server.started())
    await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
    return task, started.result()


async def test_health_is_told_for_each_service_and_as_a_whole(echo: Running) -> None:
    await watch_until(echo.address, SERVING)
    await watch_until(echo.address, SERVING, SERVICE)


async def test_reflection_lists_the_service(echo: Running) -> None:
    async with grpc.aio.insecure_channel(str(echo.address)) as channel:
        stub = cast("Any", reflection_pb2_grpc).ServerReflectionStub(channel)
        call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        answers = [answer async for answer in call]

    assert SERVICE in {service.name for service in answers[0].list_services_response.service}


async def test_health_follows_the_probes(jwks_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.server._PROBE_PERIOD_SECONDS", 0.02)
    away = asyncio.Event()

    async def probe() -> None:
        if away.is_set():
            raise Unavailable("database_unavailable", "away")

    async def well() -> bool:
        return True

    server = ServiceServer(
        settings_for(jwks_file), TokenVerifier.from_file(jwks_file), probes=[("database", probe), ("redis", well)]
    )
    server.add(register, EchoServicer(), SERVICE)
    task, address = await start(server)
    await watch_until(address, SERVING)
    away.set()
    await watch_until(address, NOT_SERVING, SERVICE)
    await watch_until(address, SERVING, LIVENESS)
    away.clear()
    await watch_until(address, SERVING)
    server.stop()
    await asyncio.wait_for(task, 60)


async def test_sigterm_lets_the_call_in_flight_finish_and_closes_in_order(jwks_file: Path) -> None:
    events: list[str] = []

    def note(what: str) -> Callable[[], Awaitable[None]]:
        async def add() -> None:
            events.append(what)

        return add

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            events.append("worker stopped")

    servicer = EchoServicer()
    servicer.answer = servicer.hold
    workers = Workers()
    workers.add("work", work)
    server = ServiceServer(
        settings_for(jwks_file, endpoint_delay_seconds=0.05, drain_seconds=60.0),
        TokenVerifier.from_file(jwks_file),
        workers=workers,
        closers=[note("database closed"), note("redis closed")],
    )
    server.add(register, servicer, SERVICE)
    task, address = await start(server)
    await watch_until(address, SERVING)
    watching = asyncio.Event()
    leaving = asyncio.create_task(watch_until(address, NOT_SERVING, watching=watching))
    # Who connects once it leaves finds nobody.
    await asyncio.wait_for(watching.wait(), 60)

    async with grpc.aio.insecure_channel(str(address)) as channel:
        call = asyncio.ensure_future(EchoStub(channel).anyone(Echo(text="in flight")))
        await asyncio.wait_for(servicer.entered.wait(), 60)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(leaving, 60)
        assert not call.done()
        servicer.release.set()
        answer = await asyncio.wait_for(call, 60)
        await asyncio.wait_for(task, 60)

    assert answer.text == "in flight"
    assert events == ["worker stopped", "database closed", "redis closed"]


async def test_a_port_that_is_taken_is_an_error_at_the_start(echo: Running, jwks_file: Path) -> None:
    server = ServiceServer(settings_for(jwks_file), TokenVerifier.from_file(jwks_file))

    with pytest.raises(RuntimeError, match="bind"):
        await server.run(echo.address)


async def test_metrics_count_calls_by_method_and_code(jwks_file: Path) -> None:
    server = ServiceServer(settings_for(jwks_file), TokenVerifier.from_file(jwks_file))
    server.add(register, EchoServicer(), SERVICE)
    task, address = await start(server, Address("127.0.0.1", 0))
    port = server.metrics_port
    assert port is not None
    async with grpc.aio.insecure_channel(str(address)) as channel:
        await EchoStub(channel).anyone(Echo(text="counted"))
    with await asyncio.to_thread(urlopen, f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    server.stop()
    await asyncio.wait_for(task, 60)

    assert f'grpc_server_handled_total{{code="OK",method="/{SERVICE}/Anyone"}}' in text
    assert "event_loop_lag_seconds" in text


async def test_call_beyond_the_places_is_refused_at_once_and_not_tried_again_by_the_channel(jwks_file: Path) -> None:
    servicer = EchoServicer()
    server = ServiceServer(settings_for(jwks_file, calls_in_flight_max=4), TokenVerifier.from_file(jwks_file))
    server.add(register, servicer, SERVICE)
    shed = {"urgency": "usual"}
    before = REGISTRY.get_sample_value("grpc_server_shed_total", shed) or 0
    task, address = await start(server)
    # With the retries of a channel of ours, which go on at UNAVAILABLE.
    channel = open_channel(str(address))
    stub = EchoStub(channel)

    all_in = asyncio.Event()

    async def hold(request: Any, context: Any) -> Any:
        nonlocal entered
        entered += 1
        if entered == 3:
            all_in.set()
        await servicer.release.wait()
        return Echo(text=request.text)

    entered, servicer.answer = 0, hold
    held = [asyncio.ensure_future(stub.anyone(Echo(text="held"))) for _ in range(3)]
    await asyncio.wait_for(all_in.wait(), 60)
    with pytest.raises(Unavailable) as caught, rpc_errors():
        await stub.anyone(Echo(text="too much"))
    watching = stub.watch(Echo(text="stream"))
    servicer.release.set()
    answers = [answer.text for answer in await asyncio.gather(*held)]
    streamed = [answer.text async for answer in watching]
    assert (await stub.anyone(Echo(text="again"))).text == "again"
    await channel.close()
    server.stop()
    await asyncio.wait_for(task, 60)

    assert caught.value.reason == "overloaded"
    assert caught.value.retry_after_seconds is not None
    assert (answers, streamed) == (["held"] * 3, ["stream"] * 2)
    assert REGISTRY.get_sample_value("grpc_server_shed_total", shed) == before + 1
