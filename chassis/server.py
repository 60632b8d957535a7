"""A service's server: gRPC with health, reflection and metrics, ready while its probes pass, drained on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

from chassis.auth import TokenVerifier
from chassis.interceptors import CallLimits, ServiceInterceptor
from chassis.metrics import READY, serve_metrics, watch_event_loop
from chassis.places import Places
from chassis.runtime import Workers
from chassis.settings import Address, ChassisSettings
from chassis.telemetry import shutdown_telemetry
from chassis.tls import certificates_for

_log = logging.getLogger(__name__)
S = TypeVar("S")

Probe = Callable[[], Awaitable[object]]
"""Returns (anything but False) where a dependency answers; raises or returns False where it does not."""

LIVENESS = "liveness"
"""The name that health says SERVING for while the event loop turns, whatever else does not answer."""
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
KEEPALIVE_OPTIONS: Sequence[tuple[str, Any]] = (
    # Clients of this chassis ping each 30 s; stricter servers answer with GOAWAY too_many_pings.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)
"""What any server needs that clients of this chassis stay connected to for longer than a minute or two."""
_PROBE_PERIOD_SECONDS = 2.0
_PROBE_TIMEOUT_SECONDS = 2.0


class ServiceServer:
    """Serves a service until SIGTERM or SIGINT.

    The order of leaving: NOT_SERVING, wait for load balancers, end what has no end of its own, let the calls in flight
    finish, stop the workers, run the closers, send the last spans.
    """

    def __init__(
        self,
        settings: ChassisSettings,
        verifier: TokenVerifier,
        *,
        workers: Workers | None = None,
        probes: Iterable[tuple[str, Probe]] = (),
        closers: Iterable[Callable[[], Awaitable[object]]] = (),
        limits: CallLimits = CallLimits(),  # noqa: B008 (frozen)
    ) -> None:
        """Make a server.

        Args:
            settings: drain times and connection age.
            verifier: checks callers' tokens.
            workers: what runs beside the server; started and stopped with it.
            probes: named readiness probes; health says SERVING only while all pass.
            closers: run last, in order, for example `database.dispose`.
            limits: how long unary calls may take.
        """
        self._settings = settings
        self._workers = workers or Workers()
        self._probes = list(probes)
        self._closers = list(closers)
        self._interceptor = ServiceInterceptor(verifier, limits, Places(settings.calls_in_flight_max))
        self._registrations: list[Callable[[grpc.aio.Server], None]] = []
        self._names: list[str] = []
        self._when_leaving: list[Callable[[], None]] = []
        self._stopping = asyncio.Event()
        self.metrics_port: int | None = None
        """Where metrics are served while running (useful with port 0)."""
        self.health_port: int | None = None
        """Where health alone is served, where it is."""
        self._started: asyncio.Future[Address] = asyncio.get_running_loop().create_future()

    def add(self, register: Callable[[S, grpc.aio.Server], None], servicer: S, name: str) -> None:
        """Serve a servicer by its full name: `add(add_RideServiceServicer_to_server, servicer, "….RideService")`."""
        self._registrations.append(lambda server: register(servicer, server))
        self._names.append(name)

    def when_leaving(self, end: Callable[[], None]) -> None:
        """Have streams that would go on for ever ended before the calls in flight are waited for."""
        self._when_leaving.append(end)

    def stop(self) -> None:
        """Begin to leave, as on SIGTERM."""
        self._stopping.set()

    async def started(self) -> Address:
        """Wait until the server listens and return where (useful with port 0)."""
        return await asyncio.shield(self._started)

    async def run(self, address: Address, metrics_address: Address | None = None) -> None:
        """Serve until told to stop; returns after everything is drained and closed."""
        server = grpc.aio.server(interceptors=(self._interceptor,), options=self._options())
        health = HealthServicer()
        # Not ready before the first round of probes; HealthServicer itself begins with SERVING.
        await self._tell(health, ready=False)
        await health.set(LIVENESS, health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(health, server)
        for register in self._registrations:
            register(server)
        reflection.enable_server_reflection(
            (*self._names, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME), server
        )
        port = self._listen(server, address)
        beside = self._health_servers(health)
        metrics_server = serve_metrics(metrics_address)[0] if metrics_address is not None else None
        self.metrics_port = metrics_server.server_port if metrics_server is not None else None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        chores: list[asyncio.Task[Any]] = []
        try:
            for each in (server, *beside):
                await each.start()
            self._workers.start()
            chores = [asyncio.create_task(self._watch_readiness(health)), asyncio.create_task(watch_event_loop())]
            self._started.set_result(Address(address.host, port))
            _log.info("serving", extra={"address": str(Address(address.host, port)), "services": self._names})
            await self._stopping.wait()
            _log.info("draining")
            await health.enter_graceful_shutdown()
            READY.set(0)
            await asyncio.sleep(self._settings.endpoint_delay_seconds)
        finally:
            for end in self._when_leaving:
                end()
            await server.stop(self._settings.drain_seconds)
            for each in beside:
                await each.stop(None)
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await self._workers.stop()
            for close in self._closers:
                try:
                    await close()
                except Exception:
                    _log.exception("closing failed")
            if metrics_server is not None:
                await asyncio.to_thread(metrics_server.shutdown)
                metrics_server.server_close()
            await asyncio.to_thread(shutdown_telemetry)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
            _log.info("stopped")

    def _listen(self, server: grpc.aio.Server, address: Address) -> int:
        certificates = certificates_for(self._settings)
        if certificates is None:
            return server.add_insecure_port(str(address))
        return server.add_secure_port(str(address), certificates.server_credentials())

    def _health_servers(self, health: HealthServicer) -> list[grpc.aio.Server]:
        """Make a server of health alone, without TLS, where the settings want one."""
        address = self._settings.health_address
        if address is None:
            return []
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        health_pb2_grpc.add_HealthServicer_to_server(health, server)
        self.health_port = server.add_insecure_port(str(address))
        return [server]

    def _options(self) -> list[tuple[str, Any]]:
        options: list[tuple[str, Any]] = [
            # Two processes on one port would share the calls in silence.
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            *KEEPALIVE_OPTIONS,
        ]
        age = self._settings.max_connection_age_seconds
        if age:
            options += [("grpc.max_connection_age_ms", age * 1000), ("grpc.max_connection_age_grace_ms", 30_000)]
        return options

    async def _watch_readiness(self, health: HealthServicer) -> None:
        was_ready: bool | None = None
        while True:
            failed = [name for name, passed in zip(self._probes, await self._probe(), strict=True) if not passed]
            ready = not failed
            if ready != was_ready:
                _log.log(
                    logging.INFO if ready else logging.WARNING,
                    "ready" if ready else "not ready",
                    extra={"failed_probes": [name for name, _ in failed]},
                )
                was_ready = ready
            await self._tell(health, ready=ready)
            READY.set(int(ready))
            await asyncio.sleep(_PROBE_PERIOD_SECONDS)

    async def _probe(self) -> list[bool]:
        async def passes(probe: Probe) -> bool:
            try:
                async with asyncio.timeout(_PROBE_TIMEOUT_SECONDS):
                    return await probe() is not False
            except Exception:
                _log.debug("a readiness probe failed", exc_info=True)
                return False

        return list(await asyncio.gather(*(passes(probe) for _, probe in self._probes)))

    async def _tell(self, health: HealthServicer, *, ready: bool) -> None:
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", *self._names):
            await health.set(name, status)


async def run_workers(
    settings: ChassisSettings, workers: Workers, closers: Iterable[Callable[[], Awaitable[object]]]
) -> None:
    """Run a service's workers without its server until SIGTERM or SIGINT, then stop them and close."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    workers.add("event loop watch", watch_event_loop)
    workers.start()
    try:
        await stopping.wait()
    finally:
        await workers.stop(settings.drain_seconds)
        for close in closers:
            await close()
        await asyncio.to_thread(shutdown_telemetry)
