"""Good requests about statements, stories and reconciliation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ridesharing.payment.v1 import reconciliation_service_pb2 as recon
from ridesharing.payment.v1 import statement_service_pb2 as pb
from tests.integration.payment.bad_input import Told
from tests.integration.payment.good_input.stage import Ask, Row, Stage, as_operator, as_rider, key, not_found, usd
from tests.integration.payment.good_input.wallets import rider_with_wallet

_NO_ACCOUNT, _NO_RUN, _NO_ITEM = not_found("account_not_found"), not_found("run_not_found"), not_found("item_not_found")
_CHANGED = Told("FAILED_PRECONDITION", "item_changed")
_OPEN_ITEM = """
    INSERT INTO reconciliation_item (id, kind, reference, currency_code, amount_minor, detail, status, opened_at)
    VALUES ($1, 'missing_at_psp', $2, 'USD', 100, 'a charge that the list does not have', 'open', $3)
"""

_RECONCILED = (
    *("journal_entry", "posting", "account", "account_balance"),
    *("psp_balance_transaction", "reconciliation_item"),
)


async def get_statement(stage: Stage) -> Ask:
    rider_id = await rider_with_wallet(stage)
    request: Any = pb.GetStatementRequest(account_kind="rider_wallet", owner=str(rider_id), currency_code="USD")
    return as_rider(rider_id, request)


async def export_statement(stage: Stage) -> Ask:
    rider_id = str(await rider_with_wallet(stage))
    return as_operator(pb.ExportStatementRequest(account_kind="rider_wallet", owner=rider_id, currency_code="USD"))


async def list_payments(stage: Stage) -> Ask:
    rider_id, _ = await stage.captured_ride()
    return as_rider(rider_id, pb.ListPaymentsRequest(rider_id=str(rider_id)))


async def story(stage: Stage) -> Ask:
    _, ride_id = await stage.captured_ride()
    return as_operator(pb.GetPaymentStoryRequest(payment_or_ride_id=ride_id))


async def start(stage: Stage) -> Ask:
    return as_operator(recon.StartReconciliationRequest(request_id=key()))


async def get_run(stage: Stage) -> Ask:
    run = (await stage.call("ReconciliationService.StartReconciliation", await start(stage))).run
    return as_operator(recon.GetReconciliationRunRequest(run_id=run.run_id))


async def list_runs(stage: Stage) -> Ask:
    return as_operator(recon.ListReconciliationRunsRequest())


async def list_items(stage: Stage) -> Ask:
    return as_operator(recon.ListOpenItemsRequest())


async def resolve(stage: Stage) -> Ask:
    item_id = uuid4()
    await stage.database.execute(_OPEN_ITEM, item_id, str(item_id), datetime.now(UTC))
    return as_operator(
        recon.ResolveItemRequest(
            request_id=key(),
            item_id=str(item_id),
            resolution=recon.ITEM_RESOLUTION_BOOKED,
            account_kind="psp_fee",
            note="a fee that the PSP told of by letter",
            seen_amount=usd(100),
        )
    )


async def report(stage: Stage) -> Ask:
    return as_operator(recon.GetReconciliationReportRequest())


async def verify(stage: Stage) -> Ask:
    return as_operator(recon.VerifyLedgerRequest())


BOOKS = {
    "StatementService.GetStatement": Row(get_statement, foreign=_NO_ACCOUNT),
    "StatementService.ExportStatement": Row(export_statement),
    "StatementService.ListPayments": Row(
        list_payments, unknown={"rider_id": not_found("rider_not_found")}, foreign=not_found("rider_not_found")
    ),
    "StatementService.GetPaymentStory": Row(story, unknown={"payment_or_ride_id": not_found("payment_not_found")}),
    "ReconciliationService.StartReconciliation": Row(
        start, same=lambda answer: answer.run.run_id, moves=frozenset(_RECONCILED)
    ),
    "ReconciliationService.GetReconciliationRun": Row(
        get_run, unknown={"run_id": _NO_RUN}, same=lambda answer: answer.run.run_id
    ),
    "ReconciliationService.ListReconciliationRuns": Row(list_runs),
    "ReconciliationService.ListOpenItems": Row(list_items),
    "ReconciliationService.ResolveItem": Row(
        resolve,
        unknown={"item_id": _NO_ITEM},
        otherwise={
            "seen_amount: another currency": _CHANGED,
            "seen_amount: zero": _CHANGED,
            "seen_amount: below zero": _CHANGED,
        },
        other={"account_kind": "bank", "resolution": None},
    ),
    "ReconciliationService.GetReconciliationReport": Row(report),
    "ReconciliationService.VerifyLedger": Row(verify),
}
