"""The books as auditors see them: statements, reconciliation with the PSP, the PSP's events."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.books import (
    PSP_EVENT_STATES,
    AccountStatementQuery,
    PspEvent,
    PspEventPath,
    PspEvents,
    PspEventsQuery,
    Statement,
    psp_event,
    statement,
)
from rider_api.schemas.common import PageQuery, timestamp_message
from rider_api.schemas.reconciliation import (
    RESOLUTIONS,
    AuditQuery,
    ItemResolution,
    LedgerAudit,
    ReconciliationItem,
    ReconciliationItemPath,
    ReconciliationItems,
    ReconciliationItemsQuery,
    ReconciliationRun,
    ReconciliationRunPath,
    ReconciliationRuns,
    ledger_audit,
    reconciliation_item,
    reconciliation_run,
)
from ridesharing.payment.v1 import reconciliation_service_pb2, statement_service_pb2, webhook_service_pb2

routes = Routes("books", "Operating: books", area="operate_money")
_OPERATOR = (Role.OPERATOR,)


@routes.route("GET", "/operator/ledger/statement", roles=_OPERATOR, answer=Statement, problems=(404,))
def read_account_statement(query: AccountStatementQuery) -> Statement:
    """Return what moved on an account in a period, oldest first, with the balances at its ends."""
    request = statement_service_pb2.GetStatementRequest(
        account_kind=query.account_kind,
        owner=query.owner,
        currency_code=query.currency_code,
        from_time=None if query.start_at is None else timestamp_message(query.start_at),
        to_time=None if query.end_at is None else timestamp_message(query.end_at),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    page = ask(edge().backends.statements.GetStatement, request)
    return statement(page, next_cursor(page.next_page_token))


@routes.route("GET", "/operator/ledger/audit", roles=_OPERATOR, answer=LedgerAudit, seconds=8.0)
def audit_ledger(query: AuditQuery) -> LedgerAudit:
    """Audit a part of the ledger against itself; any difference is a defect."""
    request = reconciliation_service_pb2.VerifyLedgerRequest(page_token=page_token(query.cursor))
    part = ask(edge().backends.reconciliation.VerifyLedger, request)
    return ledger_audit(part, next_cursor(part.next_page_token))


@routes.route(
    "POST",
    "/operator/reconciliation-runs",
    roles=_OPERATOR,
    answer=ReconciliationRun,
    status=202,
    needs_key=True,
    urgency=Urgency.DEFERRABLE,
)
def start_reconciliation() -> ReconciliationRun:
    """Begin to compare the ledger with the PSP's list, or name the run that is under way; it goes on by itself."""
    request = reconciliation_service_pb2.StartReconciliationRequest(request_id=call().key)
    return reconciliation_run(ask(edge().backends.reconciliation.StartReconciliation, request).run)


@routes.route("GET", "/operator/reconciliation-runs", roles=_OPERATOR, answer=ReconciliationRuns)
def list_reconciliation_runs(query: PageQuery) -> ReconciliationRuns:
    """Page through the runs, newest first."""
    request = reconciliation_service_pb2.ListReconciliationRunsRequest(
        page_size=query.limit, page_token=page_token(query.cursor)
    )
    page = ask(edge().backends.reconciliation.ListReconciliationRuns, request)
    return ReconciliationRuns(
        items=[reconciliation_run(item) for item in page.runs], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route(
    "GET", "/operator/reconciliation-runs/<run_id>", roles=_OPERATOR, answer=ReconciliationRun, problems=(404,)
)
def read_reconciliation_run(path: ReconciliationRunPath) -> ReconciliationRun:
    """Return a run."""
    request = reconciliation_service_pb2.GetReconciliationRunRequest(run_id=str(path.run_id))
    return reconciliation_run(ask(edge().backends.reconciliation.GetReconciliationRun, request).run)


@routes.route("GET", "/operator/reconciliation-items", roles=_OPERATOR, answer=ReconciliationItems)
def list_reconciliation_items(query: ReconciliationItemsQuery) -> ReconciliationItems:
    """Page through what does not agree, oldest first."""
    request = reconciliation_service_pb2.ListOpenItemsRequest(
        page_size=query.limit,
        page_token=page_token(query.cursor),
        include_closed=query.include_closed == "true",
    )
    page = ask(edge().backends.reconciliation.ListOpenItems, request)
    return ReconciliationItems(
        items=[reconciliation_item(item) for item in page.items], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route(
    "POST",
    "/operator/reconciliation-items/<item_id>/resolve",
    roles=_OPERATOR,
    answer=ReconciliationItem,
    problems=(404,),
    needs_key=True,
)
def resolve_reconciliation_item(path: ReconciliationItemPath, body: ItemResolution) -> ReconciliationItem:
    """Close an item with a note, and book its difference where money must move."""
    request = reconciliation_service_pb2.ResolveItemRequest(
        request_id=call().key,
        item_id=str(path.item_id),
        resolution=reconciliation_service_pb2.ItemResolution.ValueType(RESOLUTIONS.number(body.resolution)),
        account_kind=body.account_kind,
        note=body.note,
        seen_amount=None if body.seen_amount is None else body.seen_amount.message(),
    )
    return reconciliation_item(ask(edge().backends.reconciliation.ResolveItem, request).item)


@routes.route("GET", "/operator/psp-events", roles=_OPERATOR, answer=PspEvents)
def list_psp_events(query: PspEventsQuery) -> PspEvents:
    """Page through what the PSP told by itself, newest first."""
    request = webhook_service_pb2.ListPspEventsRequest(
        state=webhook_service_pb2.PspEventState.ValueType(PSP_EVENT_STATES.number(query.state)),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    page = ask(edge().backends.psp_events.ListPspEvents, request)
    return PspEvents(items=[psp_event(item) for item in page.psp_events], next_cursor=next_cursor(page.next_page_token))


@routes.route("POST", "/operator/psp-events/<psp_event_id>/replay", roles=_OPERATOR, answer=PspEvent, problems=(404,))
def replay_psp_event(path: PspEventPath) -> PspEvent:
    """Let a parked event of the PSP be taken up again."""
    request = webhook_service_pb2.ReplayPspEventRequest(psp_event_id=path.psp_event_id)
    return psp_event(ask(edge().backends.psp_events.ReplayPspEvent, request).psp_event)
