"""ReconciliationService on gRPC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from payment_service.domain.audit import AuditPlace
from payment_service.entrypoints import reconciliation_wire as wire
from payment_service.entrypoints.callers import request_key
from payment_service.entrypoints.pages import page_size, read_time, read_token, write_token
from payment_service.entrypoints.report_csv import report_as_csv
from payment_service.entrypoints.report_json import report_as_json
from payment_service.entrypoints.wire import money_from_wire
from payment_service.use_cases.audit_ledger import AuditLedger
from payment_service.use_cases.get_reconciliation_report import GetReconciliationReport
from payment_service.use_cases.read_reconciliation import ReadReconciliation
from payment_service.use_cases.resolve_item import ItemDecision, ResolveItem
from payment_service.use_cases.start_reconciliation import StartReconciliation
from ridesharing.payment.v1 import reconciliation_service_pb2 as pb
from ridesharing.payment.v1 import reconciliation_service_pb2_grpc
from shared_kernel.errors import FieldViolation, InvalidInput

SERVICE_NAME = "ridesharing.payment.v1.ReconciliationService"

Context = grpc.aio.ServicerContext[Any, Any]
_LAST_ACCOUNT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ReconciliationUseCases:
    """What the service does; `wake` lets a run begin at once."""

    start: StartReconciliation
    read: ReadReconciliation
    resolve: ResolveItem
    report: GetReconciliationReport
    audit: AuditLedger
    wake: Callable[[], None]


class ReconciliationServicer(reconciliation_service_pb2_grpc.ReconciliationServiceServicer):
    """See the contract."""

    def __init__(self, use_cases: ReconciliationUseCases) -> None:
        self._do = use_cases

    async def StartReconciliation(
        self, request: pb.StartReconciliationRequest, context: Context
    ) -> pb.StartReconciliationResponse:
        run = await self._do.start(request_key("StartReconciliation", request.request_id))
        self._do.wake()
        return pb.StartReconciliationResponse(run=wire.run_to_wire(run))

    async def GetReconciliationRun(
        self, request: pb.GetReconciliationRunRequest, context: Context
    ) -> pb.GetReconciliationRunResponse:
        return pb.GetReconciliationRunResponse(run=wire.run_to_wire(await self._do.read.run(UUID(request.run_id))))

    async def ListReconciliationRuns(
        self, request: pb.ListReconciliationRunsRequest, context: Context
    ) -> pb.ListReconciliationRunsResponse:
        size = page_size(request.page_size)
        runs = await self._do.read.runs(read_token(request.page_token, UUID), size)
        return pb.ListReconciliationRunsResponse(
            runs=[wire.run_to_wire(run) for run in runs],
            next_page_token=write_token(runs[-1].id) if len(runs) == size else "",
        )

    async def ListOpenItems(self, request: pb.ListOpenItemsRequest, context: Context) -> pb.ListOpenItemsResponse:
        size, after = page_size(request.page_size), read_token(request.page_token, UUID)
        items = await self._do.read.items(only_open=not request.include_closed, after=after, limit=size)
        return pb.ListOpenItemsResponse(
            items=[wire.item_to_wire(item) for item in items],
            next_page_token=write_token(items[-1].id) if len(items) == size else "",
        )

    async def ResolveItem(self, request: pb.ResolveItemRequest, context: Context) -> pb.ResolveItemResponse:
        seen = money_from_wire(request.seen_amount, "seen_amount") if request.HasField("seen_amount") else None
        decision = ItemDecision(
            item_id=UUID(request.item_id),
            resolution=wire.RESOLUTION_FROM_WIRE[request.resolution],
            account_kind=request.account_kind,
            note=request.note,
            by=current_actor().subject,
            seen_amount=seen,
        )
        fields = [str(decision.item_id), decision.resolution.value, decision.account_kind, decision.note]
        if seen is not None:
            # Only then, so that a key of before this field was there means the same request still.
            fields.append(str(seen))
        item = await self._do.resolve(request_key("ResolveItem", request.request_id, *fields), decision)
        return pb.ResolveItemResponse(item=wire.item_to_wire(item))

    async def GetReconciliationReport(
        self, request: pb.GetReconciliationReportRequest, context: Context
    ) -> pb.GetReconciliationReportResponse:
        first, last = _day(request.from_date, "from_date"), _day(request.to_date, "to_date")
        report = await self._do.report(first, last)
        if request.format == pb.REPORT_FORMAT_JSON:
            return pb.GetReconciliationReportResponse(document=report_as_json(report), media_type="application/json")
        return pb.GetReconciliationReportResponse(document=report_as_csv(report), media_type="text/csv")

    async def VerifyLedger(self, request: pb.VerifyLedgerRequest, context: Context) -> pb.VerifyLedgerResponse:
        part = await self._do.audit(read_token(request.page_token, _place) or AuditPlace())
        return pb.VerifyLedgerResponse(
            differences=[wire.difference_to_wire(difference) for difference in part.differences],
            account_count=part.account_count,
            entry_count=part.entry_count,
            next_page_token=_place_token(part.next_place),
        )


def _day(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        violation = FieldViolation(field, "must be a day of the calendar")
        raise InvalidInput("invalid_period", "there is no such day", violations=[violation]) from None


def _place(after_account: str, window_from: str) -> AuditPlace:
    account_id = int(after_account)
    if not 0 <= account_id <= _LAST_ACCOUNT:
        raise ValueError("no account has such a number")
    return AuditPlace(account_id, read_time(window_from) if window_from else None)


def _place_token(place: AuditPlace | None) -> str:
    if place is None:
        return ""
    return write_token(place.after_account, "" if place.window_from is None else place.window_from.isoformat())
