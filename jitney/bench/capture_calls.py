"""Captures through gRPC: requests made ready beforehand, a number of callers that each wait for their answer."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from jitney.bench.capture_rides import DRIVER, Rides
from jitney.bench.payment_alone import PaymentAlone
from jitney.stack.problems import StackError

_METHOD = "/ridesharing.payment.v1.PaymentService/CapturePayment"
_CALL_SECONDS = 30.0
_TOKEN_SECONDS = 3_600


@dataclass(frozen=True)
class CallsRun:
    """Calls that were answered, the seconds that took, and the CPU time of whoever called."""

    calls: int
    seconds: float
    cpu_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return self.calls / self.seconds


def _request(ride_id: UUID, driver_id: UUID) -> bytes:
    """A capture of 23.30: fare with commission, booking fee, tax."""
    from ridesharing.common.v1.money_pb2 import Money
    from ridesharing.payment.v1 import payments_pb2
    from ridesharing.payment.v1.payment_service_pb2 import CapturePaymentRequest

    def line(kind: payments_pb2.ChargeLineKind.ValueType, amount_minor: int) -> payments_pb2.ChargeLine:
        return payments_pb2.ChargeLine(kind=kind, amount=Money(currency_code="USD", amount_minor=amount_minor))

    fare = line(payments_pb2.CHARGE_LINE_KIND_FARE, 2000)
    fare.commission_basis_points = 2500
    tax = line(payments_pb2.CHARGE_LINE_KIND_TAX, 180)
    tax.tax_jurisdiction = "us-ca-sf"
    return CapturePaymentRequest(
        request_id=f"capture-{ride_id}",
        ride_id=str(ride_id),
        driver_id=str(driver_id),
        lines=[fare, line(payments_pb2.CHARGE_LINE_KIND_BOOKING_FEE, 150), tax],
    ).SerializeToString()


def capture_numbers(alone: PaymentAlone, rides: Rides, numbers: Sequence[int], callers: int) -> CallsRun:
    """Captures the rides with these numbers, `callers` at a time.

    Raises:
        StackError: a ride was not captured.
    """
    import uvloop

    from ridesharing.payment.v1 import payments_pb2
    from ridesharing.payment.v1.payment_service_pb2 import CapturePaymentResponse

    requests = [_request(rides.ride.of(number), DRIVER.of(number)) for number in numbers]
    answers, seconds = uvloop.run(_call_all(alone, requests, callers))
    for answer in answers:
        if CapturePaymentResponse.FromString(answer).payment.status != payments_pb2.PAYMENT_STATUS_CAPTURED:
            raise StackError("A ride was not captured.")
    return CallsRun(len(answers), seconds)


async def _call_all(alone: PaymentAlone, requests: Sequence[bytes], callers: int) -> tuple[list[bytes], float]:
    import grpc

    from chassis.auth import Role, TokenSigner

    token = TokenSigner.from_dir(alone.keys, "matching").sign("matching", Role.SERVICE, _TOKEN_SECONDS)
    metadata = (("authorization", f"Bearer {token}"),)
    answers: list[bytes] = []
    waiting: Iterator[bytes] = iter(requests)
    async with grpc.aio.insecure_channel(alone.target) as channel:
        call = channel.unary_unary(_METHOD)
        await channel.channel_ready()

        async def caller() -> None:
            answers.extend([await call(request, metadata=metadata, timeout=_CALL_SECONDS) for request in waiting])

        began = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(callers)))
        return answers, time.perf_counter() - began
