"""identity_service and payment_service as matching meets them: over real gRPC, behind the real checks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import TokenVerifier
from chassis.interceptors import ServiceInterceptor
from chassis.server import KEEPALIVE_OPTIONS
from ridesharing.common.v1 import money_pb2
from ridesharing.identity.v1 import accounts_pb2, identity_service_pb2, identity_service_pb2_grpc
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payment_service_pb2_grpc, payments_pb2
from shared_kernel.errors import NotFound, Unavailable

# Typed loosely: the generated bases want every RPC, and what is not served here answers UNIMPLEMENTED by itself.
_PaymentBase: Any = payment_service_pb2_grpc.PaymentServiceServicer
_IdentityBase: Any = identity_service_pb2_grpc.IdentityServiceServicer
Context = grpc.aio.ServicerContext[Any, Any]


class Fault(StrEnum):
    """What goes wrong with one call."""

    TIME_OUT_BEFORE = "time_out_before"
    TIME_OUT_AFTER = "time_out_after"
    UNAVAILABLE = "unavailable"
    STILL_PENDING = "still_pending"


class FakePaymentServer(_PaymentBase):
    """At most one hold a ride, whatever the keys; `faults` come first, one a call.

    A call that times out is given up by the server, as one is that takes longer than a server allows: no test need wait
    for it, nor be so quick that nothing else times out. Where it is `silent`, the caller's own time has to end instead.
    """

    def __init__(self, *, silent: bool = False) -> None:
        self.faults: list[Fault] = []
        self.silent = silent
        self.decline_reason = ""
        self.payments: dict[str, payments_pb2.Payment] = {}
        self.keys: list[str] = []
        self.captures: list[pb.CapturePaymentRequest] = []
        self.effects: list[str] = []

    async def PlaceHold(self, request: pb.PlaceHoldRequest, context: Context) -> pb.PlaceHoldResponse:
        fault = await self._called(request.request_id)
        payment = self.payments.get(request.ride_id)
        if payment is None:
            held = payments_pb2.PAYMENT_STATUS_HELD
            payment = payments_pb2.Payment(
                payment_id=request.ride_id,
                ride_id=request.ride_id,
                rider_id=request.rider_id,
                status=payments_pb2.PAYMENT_STATUS_DECLINED if self.decline_reason else held,
                authorized=request.amount,
                funding=request.funding,
                decline_reason=self.decline_reason,
            )
            self.payments[request.ride_id] = payment
            self.effects.append(f"hold {request.ride_id}")
        await self._time_out_if(fault is Fault.TIME_OUT_AFTER)
        return pb.PlaceHoldResponse(payment=_as_told(payment, fault))

    async def CapturePayment(self, request: pb.CapturePaymentRequest, context: Context) -> pb.CapturePaymentResponse:
        fault = await self._called(request.request_id)
        payment = self._payment(request.ride_id)
        if payment.status in (payments_pb2.PAYMENT_STATUS_HELD, payments_pb2.PAYMENT_STATUS_EXPIRED):
            total = sum(line.amount.amount_minor for line in request.lines)
            expired = payment.status == payments_pb2.PAYMENT_STATUS_EXPIRED
            captured = 0 if expired else min(total, payment.authorized.amount_minor)
            payment.status = payments_pb2.PAYMENT_STATUS_CAPTURED
            payment.captured.CopyFrom(money_pb2.Money(currency_code="USD", amount_minor=captured))
            payment.receivable.CopyFrom(money_pb2.Money(currency_code="USD", amount_minor=total - captured))
            self.captures.append(request)
            self.effects.append(f"capture {request.ride_id}")
        await self._time_out_if(fault is Fault.TIME_OUT_AFTER)
        return pb.CapturePaymentResponse(payment=_as_told(payment, fault))

    async def VoidHold(self, request: pb.VoidHoldRequest, context: Context) -> pb.VoidHoldResponse:
        fault = await self._called(request.request_id)
        payment = self._payment(request.ride_id)
        if payment.status == payments_pb2.PAYMENT_STATUS_HELD:
            payment.status = payments_pb2.PAYMENT_STATUS_VOIDED
            self.effects.append(f"void {request.ride_id}")
        await self._time_out_if(fault is Fault.TIME_OUT_AFTER)
        return pb.VoidHoldResponse(payment=_as_told(payment, fault))

    def expire(self, ride_id: str) -> None:
        """Let the PSP let go of a hold by itself."""
        self.payments[ride_id].status = payments_pb2.PAYMENT_STATUS_EXPIRED

    async def _called(self, key: str) -> Fault | None:
        self.keys.append(key)
        fault = self.faults.pop(0) if self.faults else None
        await self._time_out_if(fault is Fault.TIME_OUT_BEFORE)
        if fault is Fault.UNAVAILABLE:
            raise Unavailable("psp_unavailable", "the PSP does not answer")
        return fault

    async def _time_out_if(self, over: bool) -> None:
        if over and self.silent:
            await asyncio.Event().wait()
        if over:
            raise TimeoutError

    def _payment(self, ride_id: str) -> payments_pb2.Payment:
        payment = self.payments.get(ride_id)
        if payment is None:
            raise NotFound("payment_not_found", "no payment for this ride")
        return payment


class FakeIdentityServer(_IdentityBase):
    """Every driver in `approved` is, in `suspended` was; every rider is called Ada Lovelace."""

    def __init__(self) -> None:
        self.approved: set[UUID] = set()
        self.suspended: set[UUID] = set()

    async def GetDriver(
        self, request: identity_service_pb2.GetDriverRequest, context: Context
    ) -> identity_service_pb2.GetDriverResponse:
        if UUID(request.driver_id) not in self.approved:
            raise NotFound("driver_not_found", "never applied")
        driver = accounts_pb2.Driver(
            driver_id=request.driver_id,
            display_name="Grace",
            status=accounts_pb2.DRIVER_STATUS_SUSPENDED
            if UUID(request.driver_id) in self.suspended
            else accounts_pb2.DRIVER_STATUS_APPROVED,
            vehicle=accounts_pb2.Vehicle(
                model="Prius", color="white", plate="8ABC123", vehicle_class=accounts_pb2.VEHICLE_CLASS_ECONOMY
            ),
        )
        return identity_service_pb2.GetDriverResponse(driver=driver)

    async def GetContact(
        self, request: identity_service_pb2.GetContactRequest, context: Context
    ) -> identity_service_pb2.GetContactResponse:
        return identity_service_pb2.GetContactResponse(locale="en-US", display_name="Ada Lovelace")


@asynccontextmanager
async def serving(
    jwks_file: Path, *, payment: FakePaymentServer | None = None, identity: FakeIdentityServer | None = None
) -> AsyncGenerator[str]:
    """Serve on a free port; yields the target."""
    interceptor = ServiceInterceptor(TokenVerifier.from_file(jwks_file))
    server = grpc.aio.server(interceptors=(interceptor,), options=KEEPALIVE_OPTIONS)
    if payment is not None:
        payment_service_pb2_grpc.add_PaymentServiceServicer_to_server(payment, server)
    if identity is not None:
        identity_service_pb2_grpc.add_IdentityServiceServicer_to_server(identity, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


def _as_told(payment: payments_pb2.Payment, fault: Fault | None) -> payments_pb2.Payment:
    if fault is not Fault.STILL_PENDING:
        return payment
    told = payments_pb2.Payment()
    told.CopyFrom(payment)
    told.status, told.outcome_unknown = payments_pb2.PAYMENT_STATUS_PENDING, True
    return told
