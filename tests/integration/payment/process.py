"""The service as a process, the sandbox as its PSP, and callers of every role."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token, open_channel
from ridesharing.common.v1.money_pb2 import Money
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payments_pb2
from ridesharing.payment.v1.payment_service_pb2_grpc import PaymentServiceStub

WAIT_SECONDS = 60
PATIENT = {"JITNEY_PAYMENT_PSP_TIMEOUT_SECONDS": "20"}
"""Settings of a service that waits for its PSP as long as a slow machine may take: here nothing ends by impatience."""
_RUN_OUT = """
    UPDATE psp_operation SET due_at = least(due_at, now()) WHERE state = 'sending';
    UPDATE psp_event SET due_at = least(due_at, now()) WHERE state = 'received';
"""


async def start(command: str, environment: dict[str, str]) -> Process:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
    return await create_subprocess_exec(
        sys.executable, "-m", "payment_service", command, env=inherited | environment, stdout=PIPE, stderr=PIPE
    )


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait for a condition, a minute at most."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.05)


async def let_leases_run_out(environment: Mapping[str, str]) -> None:
    """Let what a service held when it died be taken up at once, as if the time of its leases had passed."""
    connection = await asyncpg.connect(environment["JITNEY_PAYMENT_DATABASE_URL"])
    try:
        await connection.execute(_RUN_OUT)
    finally:
        await connection.close()


@dataclass
class Caller:
    """The service seen by its callers through one contract; ids of its rider and driver."""

    stub: Any
    keys: Path
    channel: Any = None
    rider_id: UUID = field(default_factory=uuid4)
    driver_id: UUID = field(default_factory=uuid4)
    method_id: str = ""

    def of(self, stub: Callable[[Any], Any]) -> Caller:
        """Return the same callers of another of the service's contracts."""
        return replace(self, stub=stub(self.channel))

    def token(self, role: Role, subject: str) -> tuple[tuple[str, str], ...]:
        issuer = subject if role is Role.SERVICE else "cli"
        token = TokenSigner.from_dir(self.keys, issuer).sign(subject, role, 600)
        return tuple(cast("Any", forward_token(token)))

    async def as_rider(self, method: str, request: Any, rider_id: UUID | None = None) -> Any:
        return await self._call(method, request, self.token(Role.RIDER, str(rider_id or self.rider_id)))

    async def as_driver(self, method: str, request: Any) -> Any:
        return await self._call(method, request, self.token(Role.DRIVER, str(self.driver_id)))

    async def as_operator(self, method: str, request: Any) -> Any:
        return await self._call(method, request, self.token(Role.OPERATOR, str(UUID(int=3))))

    async def as_matching(self, method: str, request: Any) -> Any:
        return await self._call(method, request, self.token(Role.SERVICE, "matching"))

    async def _call(self, method: str, request: Any, token: Any) -> Any:
        return await getattr(self.stub, method)(request, metadata=token, timeout=WAIT_SECONDS)

    async def add_card(self, psp_token: str) -> str:
        request = pb.AddPaymentMethodRequest(request_id=str(uuid4()), psp_token=psp_token)
        answer = await self.as_rider("AddPaymentMethod", request)
        return str(answer.payment_method.payment_method_id)

    async def hold(self, ride_id: UUID, amount_minor: int = 2500) -> payments_pb2.Payment:
        request = pb.PlaceHoldRequest(
            request_id=f"{ride_id}:hold",
            ride_id=str(ride_id),
            rider_id=str(self.rider_id),
            payment_method_id=self.method_id,
            amount=Money(currency_code="USD", amount_minor=amount_minor),
        )
        return (await self.as_matching("PlaceHold", request)).payment

    async def capture(self, ride_id: UUID, amount_minor: int = 2000) -> payments_pb2.Payment:
        line = payments_pb2.ChargeLine(
            kind=payments_pb2.CHARGE_LINE_KIND_FARE,
            amount=Money(currency_code="USD", amount_minor=amount_minor),
            commission_basis_points=2500,
        )
        request = pb.CapturePaymentRequest(
            request_id=f"{ride_id}:capture", ride_id=str(ride_id), driver_id=str(self.driver_id), lines=[line]
        )
        return (await self.as_matching("CapturePayment", request)).payment

    async def void(self, ride_id: UUID) -> payments_pb2.Payment:
        request = pb.VoidHoldRequest(request_id=f"{ride_id}:void", ride_id=str(ride_id))
        return (await self.as_matching("VoidHold", request)).payment

    async def payment(self, ride_id: UUID) -> payments_pb2.Payment:
        return (await self.as_matching("GetPayment", pb.GetPaymentRequest(ride_id=str(ride_id)))).payment


@asynccontextmanager
async def caller(address: str, keys: Path) -> AsyncGenerator[Caller]:
    """Callers of a service that serves, or will within a minute."""
    async with open_channel(address) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)

        async def serves() -> bool:
            try:
                answer = await health.Check(health_pb2.HealthCheckRequest(service=""), wait_for_ready=True, timeout=30)
            except grpc.aio.AioRpcError:
                return False
            return answer.status == health_pb2.HealthCheckResponse.SERVING

        await until(serves)
        yield Caller(PaymentServiceStub(channel), keys, channel)


@dataclass(frozen=True)
class Sandbox:
    """The sandbox, asked for what its API does not show."""

    client: httpx.AsyncClient

    async def fail(self, operation: str, kind: str, **more: object) -> None:
        (await self.client.post("/_sim/faults", json={"operation": operation, "kind": kind, **more})).raise_for_status()

    async def truth(self, ride_id: UUID) -> dict[str, Any]:
        """Return the ledger's line of a ride's only payment, empty while there is none."""
        answer = await self.client.get("/_sim/ledger", params={"metadata[ride_id]": str(ride_id)})
        lines = cast("list[dict[str, Any]]", answer.raise_for_status().json()["payment_intents"])
        assert len(lines) <= 1
        return lines[0] if lines else {}
