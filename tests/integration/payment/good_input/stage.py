"""The service as a process with its PSP, what good requests need of it, and what is known of a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from google.protobuf.message import Message

from chassis.auth import Role, TokenSigner
from chassis.clients import forward_token
from ridesharing.common.v1.money_pb2 import Money
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payments_pb2
from ridesharing.payment.v1 import wallet_service_pb2 as wallets
from tests.integration.payment.bad_input import Told
from tests.integration.payment.contract import all_rpcs
from tests.integration.payment.process import until

OPERATOR_ID = UUID(int=3)
_MOVED_BY_ITSELF = ("outbox", "balance", "balance_delta", "entry_tally")
"""Written by the service's own workers when they like, or sums kept in parts; true balances stand for them."""
_LOOKED_AT = ("look_at", "version", "previous")
"""Columns that change when the PSP is asked how a payout stands, whatever it says."""
_DIGEST = """
    SELECT 'TABLE' AS name, count(*), coalesce(sum(hashtext((to_jsonb(row) - $1::text[])::text)), 0)::bigint AS digest
    FROM "TABLE" AS row
"""
_UNDER_WAY = """
    SELECT EXISTS (SELECT FROM psp_operation WHERE finished_at IS NULL)
        OR EXISTS (SELECT FROM reconciliation_run WHERE status = 'running')
        OR EXISTS (SELECT FROM psp_event WHERE state = 'received')
        OR EXISTS (SELECT FROM patronage_share WHERE posted_at IS NULL)
"""


def usd(amount_minor: int) -> Money:
    return Money(currency_code="USD", amount_minor=amount_minor)


def key() -> str:
    return str(uuid4())


@dataclass(frozen=True)
class Ask:
    """A request, and in whose name it is made."""

    role: Role
    subject: str
    request: Any


@dataclass(frozen=True)
class Row:
    """What is known of one RPC.

    Args:
        good: makes a request that succeeds, with all that it needs; a new one each time.
        unknown: for each id in it, what an id of nothing is answered with; None where nothing has to have that id.
        otherwise: what single bad requests are told otherwise than by the rules, by name; None where they are good.
        other: other good values of fields, where they cannot be made by their type; None where there is no other.
        foreign: what others of the same role are told; None where the token alone says whose things are meant.
        same: what of two answers must be the same.
        moves: tables that what it begins goes on to write, as much as there is to write.
    """

    good: Callable[[Stage], Awaitable[Ask]]
    unknown: Mapping[str, Told | None] = field(default_factory=dict[str, Told | None])
    otherwise: Mapping[str, Told | None] = field(default_factory=dict[str, Told | None])
    other: Mapping[str, object] = field(default_factory=dict[str, object])
    foreign: Told | None = None
    same: Callable[[Any], object] = lambda answer: answer
    moves: frozenset[str] = frozenset()


def not_found(reason: str) -> Told:
    return Told("NOT_FOUND", reason)


class Stage:
    """The running service, and what good requests need."""

    def __init__(
        self, channel: Any, signers: Mapping[Role, TokenSigner], database: asyncpg.Pool, psp: httpx.AsyncClient
    ) -> None:
        self._channel = channel
        self._signers = signers
        self.database = database
        self.psp = psp
        self._asks: dict[str, Ask] = {}

    async def shared(self, name: str, row: Row) -> Ask:
        """Return a good request that others may have made already."""
        if name not in self._asks:
            self._asks[name] = await row.good(self)
        return self._asks[name]

    async def call(self, name: str, ask: Ask, request: Message | None = None) -> Any:
        """Make a call (`Service.Method`) in somebody's name; a stream's answers are a list."""
        token = self._signers[ask.role].sign(ask.subject, ask.role, 600)
        rpc = all_rpcs()[name]
        answer = rpc.call(self._channel, ask.request if request is None else request, forward_token(token))
        return [part async for part in answer] if rpc.method.server_streaming else await answer

    async def call_as_nobody(self, name: str, request: Message) -> Any:
        """Make a call without a token."""
        rpc = all_rpcs()[name]
        answer = rpc.call(self._channel, request, ())
        return [part async for part in answer] if rpc.method.server_streaming else await answer

    async def rider_with_card(self, card: str = "pm_card_visa") -> tuple[UUID, str]:
        """Return a new rider and their card."""
        rider_id = uuid4()
        request = pb.AddPaymentMethodRequest(request_id=key(), psp_token=card)
        answer = await self.call("PaymentService.AddPaymentMethod", as_rider(rider_id, request))
        return rider_id, answer.payment_method.payment_method_id

    async def held_ride(self, funding: str = "CARD", card: str = "pm_card_visa") -> tuple[UUID, str]:
        """Return a new rider and their ride with a hold of 2500."""
        rider_id, method_id = await self.rider_with_card(card)
        ride_id = key()
        request = pb.PlaceHoldRequest(
            request_id=key(),
            ride_id=ride_id,
            rider_id=str(rider_id),
            payment_method_id=method_id if funding == "CARD" else "",
            amount=usd(2500),
            funding=payments_pb2.Funding.Value(f"FUNDING_{funding}"),
        )
        answer = await self.call("PaymentService.PlaceHold", as_matching(request))
        assert answer.payment.status == payments_pb2.PAYMENT_STATUS_HELD
        return rider_id, ride_id

    async def captured_ride(
        self,
        funding: str = "CARD",
        kind: str = "FARE",
        driver_id: UUID | None = None,
        card: str = "pm_card_visa",
    ) -> tuple[UUID, str]:
        """Return a new rider and their ride, charged with 2000."""
        rider_id, ride_id = await self.held_ride(funding, card)
        await self.call("PaymentService.CapturePayment", as_matching(capture_of(ride_id, kind, driver_id or uuid4())))
        return rider_id, ride_id

    async def rider_who_owes(self) -> UUID:
        """Return a rider with a card who owes 2000: they were not there for a ride to be paid in cash."""
        rider_id, _ = await self.captured_ride("CASH", "NO_SHOW_FEE")
        return rider_id

    async def fund_the_platform(self) -> None:
        """Let a rider pay much in, so that payouts have money to come from."""
        rider_id, card = await self.rider_with_card()
        request = wallets.TopUpWalletRequest(request_id=key(), payment_method_id=card, amount=usd(50_000))
        await self.call("WalletService.TopUpWallet", as_rider(rider_id, request))

    async def digest(self) -> dict[str, tuple[int, int]]:
        """Return how many rows each table has and a digest of them, when nothing is under way."""
        await until(self._is_quiet)
        names = await self.database.fetch(
            "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL($1) "
            "UNION ALL SELECT 'account_balance' ORDER BY name",
            list(_MOVED_BY_ITSELF),
        )
        union = " UNION ALL ".join(_DIGEST.replace("TABLE", row["name"]) for row in names)
        rows = await self.database.fetch(union, list(_LOOKED_AT))
        return {row["name"]: (row["count"], row["digest"]) for row in rows}

    async def _is_quiet(self) -> bool:
        return not await self.database.fetchval(_UNDER_WAY)


def capture_of(ride_id: str, kind: str, driver_id: UUID) -> pb.CapturePaymentRequest:
    """Ask for 2000 for one line."""
    line = payments_pb2.ChargeLine(
        kind=payments_pb2.ChargeLineKind.Value(f"CHARGE_LINE_KIND_{kind}"),
        amount=usd(2000),
        commission_basis_points=2500,
    )
    return pb.CapturePaymentRequest(request_id=key(), ride_id=ride_id, driver_id=str(driver_id), lines=[line])


def as_rider(rider_id: UUID, request: Message) -> Ask:
    return Ask(Role.RIDER, str(rider_id), request)


def as_driver(driver_id: UUID, request: Message) -> Ask:
    return Ask(Role.DRIVER, str(driver_id), request)


def as_operator(request: Message) -> Ask:
    return Ask(Role.OPERATOR, str(OPERATOR_ID), request)


def as_matching(request: Message) -> Ask:
    return Ask(Role.SERVICE, "matching", request)
