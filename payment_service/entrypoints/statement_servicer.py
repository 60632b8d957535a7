"""StatementService on gRPC."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import Role, current_actor
from payment_service.domain.ledger import Account, AccountKind
from payment_service.domain.statement import StatementEntry, StatementPlace, StatementQuery
from payment_service.entrypoints import statement_wire as wire
from payment_service.entrypoints.callers import rider_asked_for
from payment_service.entrypoints.decimals import decimal_text
from payment_service.entrypoints.pages import page_size, read_time, read_token, write_token
from payment_service.entrypoints.values import money_to_wire, time_from_wire
from payment_service.entrypoints.wire import payment_to_wire
from payment_service.use_cases.statements import Statements
from ridesharing.payment.v1 import statement_service_pb2 as pb
from ridesharing.payment.v1 import statement_service_pb2_grpc
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound
from shared_kernel.money import Money, exponent

SERVICE_NAME = "ridesharing.payment.v1.StatementService"

Context = grpc.aio.ServicerContext[Any, Any]
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_KINDS_OF = {
    Role.RIDER: (AccountKind.RIDER_WALLET, AccountKind.RIDER_CREDIT, AccountKind.RIDER_RECEIVABLE),
    Role.DRIVER: (AccountKind.DRIVER,),
    Role.OPERATOR: tuple(AccountKind),
    Role.ADMIN: tuple(AccountKind),
}
_HEADER = ("time (UTC)", "entry", "kind", "purpose", "ride", "payment", "amount", "balance")


class StatementServicer(statement_service_pb2_grpc.StatementServiceServicer):
    """See the contract."""

    def __init__(self, statements: Statements, clock: Clock) -> None:
        self._statements = statements
        self._clock = clock

    async def GetStatement(self, request: pb.GetStatementRequest, context: Context) -> pb.GetStatementResponse:
        place = read_token(request.page_token, _place)
        page = await self._statements.page(self._query(request), place, page_size(request.page_size))
        return pb.GetStatementResponse(
            opening=money_to_wire(page.opening),
            closing=money_to_wire(page.closing),
            entries=[wire.statement_entry_to_wire(entry) for entry in page.entries],
            next_page_token=_token(page.next_place),
        )

    async def ExportStatement(
        self, request: pb.ExportStatementRequest, context: Context
    ) -> AsyncIterator[pb.ExportStatementResponse]:
        query = self._query(request)
        began = False
        async for page in self._statements.pages(query):
            if not began:
                began = True
                yield pb.ExportStatementResponse(chunk=_lines([_HEADER, _edge(query.since, "opening", page.opening)]))
            if page.entries:
                yield pb.ExportStatementResponse(chunk=_lines([_line(entry) for entry in page.entries]))
            if page.next_place is None:
                yield pb.ExportStatementResponse(chunk=_lines([_edge(query.until, "closing", page.closing)]))

    async def ListPayments(self, request: pb.ListPaymentsRequest, context: Context) -> pb.ListPaymentsResponse:
        size, before = page_size(request.page_size), read_token(request.page_token, UUID)
        payments = await self._statements.payments(rider_asked_for(request.rider_id), before, size)
        return pb.ListPaymentsResponse(
            payments=[payment_to_wire(payment) for payment in payments],
            next_page_token=write_token(payments[-1].id) if len(payments) == size else "",
        )

    async def GetPaymentStory(self, request: pb.GetPaymentStoryRequest, context: Context) -> pb.GetPaymentStoryResponse:
        return wire.story_to_wire(await self._statements.story(UUID(request.payment_or_ride_id)))

    def _query(self, request: pb.GetStatementRequest | pb.ExportStatementRequest) -> StatementQuery:
        exponent(request.currency_code)
        return StatementQuery(
            account=_account(request.account_kind, request.owner),
            currency_code=request.currency_code,
            since=time_from_wire(request.from_time, "from_time") if request.HasField("from_time") else _BEGINNING,
            until=time_from_wire(request.to_time, "to_time") if request.HasField("to_time") else self._clock.now(),
        )


def _account(kind: str, owner: str) -> Account:
    """Return the account if it is one that the caller may see; otherwise there is none: `account_not_found`."""
    actor = current_actor()
    mine = actor.role in (Role.RIDER, Role.DRIVER)
    try:
        account = Account(AccountKind(kind), owner or (actor.subject if mine else ""))
    except ValueError:
        raise _no_account() from None
    if account.kind not in _KINDS_OF[actor.role] or (mine and account.owner != actor.subject):
        raise _no_account()
    return account


def _no_account() -> NotFound:
    return NotFound("account_not_found", "there is no such account")


def _place(created_at: str, entry_id: str) -> StatementPlace:
    return StatementPlace(read_time(created_at), UUID(entry_id))


def _token(place: StatementPlace | None) -> str:
    return "" if place is None else write_token(place.created_at.isoformat(), place.entry_id)


def _line(entry: StatementEntry) -> tuple[str, ...]:
    code = entry.amount.currency_code
    return (
        f"{entry.created_at:%Y-%m-%d %H:%M:%S}",
        str(entry.entry_id),
        entry.kind,
        entry.purpose or "",
        str(entry.ride_id or ""),
        str(entry.payment_id or ""),
        decimal_text(code, entry.amount.amount_minor),
        decimal_text(code, entry.balance.amount_minor),
    )


def _edge(at: datetime, name: str, balance: Money) -> tuple[str, ...]:
    text = decimal_text(balance.currency_code, balance.amount_minor)
    return f"{at:%Y-%m-%d %H:%M:%S}", "", name, "", "", "", "", text


def _lines(rows: list[tuple[str, ...]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
