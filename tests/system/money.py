"""Money that moves all the time while a test does harm: top-ups, captures and refunds, asked of payment_service."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import grpc

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token, open_channel
from ridesharing.common.v1.money_pb2 import Money
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payments_pb2
from ridesharing.payment.v1 import refund_service_pb2 as refund_pb
from ridesharing.payment.v1 import wallet_service_pb2 as wallet_pb
from ridesharing.payment.v1.payment_service_pb2_grpc import PaymentServiceStub
from ridesharing.payment.v1.refund_service_pb2_grpc import RefundServiceStub
from ridesharing.payment.v1.wallet_service_pb2_grpc import WalletServiceStub
from tests.system.stack import Stack

TOP_UP_MINOR, HELD_MINOR, CHARGED_MINOR, REFUNDED_MINOR = 1000, 2500, 2000, 500
_ASK_AGAIN = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.ABORTED})
_PAUSE_SECONDS = 0.25
_TRIES = 400


class Mover:
    """Riders whose money moves; each mutation is asked again with its key until it is answered."""

    def __init__(self, stack: Stack, channel: Any) -> None:
        self._payments: Any = PaymentServiceStub(channel)
        self._wallets: Any = WalletServiceStub(channel)
        self._refunds: Any = RefundServiceStub(channel)
        self._signer = TokenSigner.from_dir(stack.data / "keys", "cli")
        self._closing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.rides: list[str] = []
        """Rides that were held, captured and refunded in part."""
        self.top_ups: Counter[str] = Counter()
        """How often each rider put money into the wallet."""
        self.troubles: Counter[str] = Counter()
        """What calls were told before they were answered, by code and reason."""

    def begin(self, riders: int) -> None:
        """Let riders begin."""
        self._tasks = [asyncio.create_task(self._keep_moving()) for _ in range(riders)]

    async def end(self) -> None:
        """Let everybody finish what they began."""
        self._closing.set()
        await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """Stop at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def moves(self) -> int:
        """How many rides and top-ups are done."""
        return len(self.rides) + self.top_ups.total()

    async def wallet_minor(self, rider_id: str) -> int:
        """Return what a rider's wallet has."""
        request = wallet_pb.GetWalletRequest()
        answer = await self._asked(lambda: self._wallets.GetWallet(request, metadata=self._as_rider(rider_id)))
        return sum(balance.wallet.amount_minor for balance in answer.balances)

    async def _keep_moving(self) -> None:
        rider_id = str(uuid4())
        card = pb.AddPaymentMethodRequest(request_id=str(uuid4()), psp_token="pm_card_visa")
        method_id = await self._card(rider_id, card)
        while not self._closing.is_set():
            await self._top_up(rider_id)
            await self._ride(rider_id, method_id)

    async def _card(self, rider_id: str, request: pb.AddPaymentMethodRequest) -> str:
        answer = await self._asked(lambda: self._payments.AddPaymentMethod(request, metadata=self._as_rider(rider_id)))
        return str(answer.payment_method.payment_method_id)

    async def _top_up(self, rider_id: str) -> None:
        request = wallet_pb.TopUpWalletRequest(request_id=str(uuid4()), amount=_usd(TOP_UP_MINOR))
        await self._settled(
            lambda: self._wallets.TopUpWallet(request, metadata=self._as_rider(rider_id)),
            payments_pb2.PAYMENT_STATUS_CAPTURED,
        )
        self.top_ups[rider_id] += 1

    async def _ride(self, rider_id: str, method_id: str) -> None:
        ride_id = str(uuid4())
        hold = pb.PlaceHoldRequest(
            request_id=f"{ride_id}:hold",
            ride_id=ride_id,
            rider_id=rider_id,
            payment_method_id=method_id,
            amount=_usd(HELD_MINOR),
        )
        await self._settled(
            lambda: self._payments.PlaceHold(hold, metadata=self._as_service()), payments_pb2.PAYMENT_STATUS_HELD
        )
        line = payments_pb2.ChargeLine(
            kind=payments_pb2.CHARGE_LINE_KIND_FARE, amount=_usd(CHARGED_MINOR), commission_basis_points=2500
        )
        capture = pb.CapturePaymentRequest(
            request_id=f"{ride_id}:capture", ride_id=ride_id, driver_id=str(uuid4()), lines=[line]
        )
        await self._settled(
            lambda: self._payments.CapturePayment(capture, metadata=self._as_service()),
            payments_pb2.PAYMENT_STATUS_CAPTURED,
        )
        refund = refund_pb.CreateRefundRequest(
            request_id=f"{ride_id}:refund", ride_id=ride_id, amount=_usd(REFUNDED_MINOR), reason="a detour"
        )
        await self._asked(lambda: self._refunds.CreateRefund(refund, metadata=self._as_service()))
        self.rides.append(ride_id)

    async def _settled(self, call: Callable[[], Awaitable[Any]], status: int) -> None:
        """Ask again while the outcome is unknown; then it must be as expected."""
        for _ in range(_TRIES):
            payment = (await self._asked(call)).payment
            if not payment.outcome_unknown:
                assert payment.status == status, payment
                return
            self.troubles["outcome_unknown"] += 1
            await asyncio.sleep(_PAUSE_SECONDS)
        raise AssertionError("an outcome stayed unknown")

    async def _asked(self, call: Callable[[], Awaitable[Any]]) -> Any:
        for _ in range(_TRIES):
            try:
                return await call()
            except grpc.aio.AioRpcError as error:
                self.troubles[f"{error.code().name}: {error.details()}"] += 1
                if error.code() not in _ASK_AGAIN:
                    raise
            await asyncio.sleep(_PAUSE_SECONDS)
        raise AssertionError(f"not answered in {_TRIES} tries: {self.troubles}")

    def _as_rider(self, rider_id: str) -> Any:
        return forward_token(self._signer.sign(rider_id, Role.RIDER, 600))

    def _as_service(self) -> Any:
        return forward_token(self._signer.sign("cli", Role.SERVICE, 600))


@asynccontextmanager
async def mover(stack: Stack, *, riders: int) -> AsyncGenerator[Mover]:
    """Let money move; at the end it stops at once."""
    async with open_channel(stack.addresses["JITNEY_PAYMENT_LISTEN"]) as channel:
        moving = Mover(stack, channel)
        moving.begin(riders)
        try:
            yield moving
        finally:
            await moving.stop()


def _usd(amount_minor: int) -> Money:
    return Money(currency_code="USD", amount_minor=amount_minor)
