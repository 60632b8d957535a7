"""`jitney reconcile`: run a reconciliation, say what does not agree, print the report, audit the ledger."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from jitney.money.client import PaymentClient
from jitney.money.text import money_text, time_text
from jitney.stack.problems import StackError

Say = Callable[[str], None]
_WAIT_SECONDS = 600.0
_POLL_SECONDS = 0.3


def run(client: PaymentClient, say: Say) -> None:
    """Runs a reconciliation to its end.

    Raises:
        StackError: it failed, or has not ended after ten minutes.
    """
    from ridesharing.payment.v1 import reconciliation_service_pb2 as pb
    from ridesharing.payment.v1.reconciliation_service_pb2_grpc import ReconciliationServiceStub as Stub

    request = pb.StartReconciliationRequest(request_id=str(uuid.uuid4()))
    current = client.call(Stub, "StartReconciliation", request).run
    until = time.monotonic() + _WAIT_SECONDS
    while current.status == pb.RECONCILIATION_RUN_STATUS_RUNNING:
        if time.monotonic() > until:
            rests = f" It rests: {current.detail}." if current.detail else ""
            raise StackError(f"Reconciliation {current.run_id} goes on by itself, and has not ended yet.{rests}")
        time.sleep(_POLL_SECONDS)
        current = client.call(Stub, "GetReconciliationRun", pb.GetReconciliationRunRequest(run_id=current.run_id)).run
    if current.status == pb.RECONCILIATION_RUN_STATUS_FAILED:
        raise StackError(f"Reconciliation {current.run_id} failed: {current.detail}.")
    say(
        f"Reconciled: {current.imported_count} new transactions of the PSP, {current.matched_count} agree with the "
        f"ledger, {current.opened_count} items opened, {current.closed_count} closed."
    )


def open_items(client: PaymentClient) -> Iterator[Any]:
    """Yields what does not agree, the oldest first."""
    from ridesharing.payment.v1 import reconciliation_service_pb2 as pb
    from ridesharing.payment.v1.reconciliation_service_pb2_grpc import ReconciliationServiceStub as Stub

    token = ""
    while True:
        page = client.call(Stub, "ListOpenItems", pb.ListOpenItemsRequest(page_size=100, page_token=token))
        yield from page.items
        token = page.next_page_token
        if not token:
            return


def say_items(client: PaymentClient, say: Say) -> int:
    """Tells what does not agree; returns how many that is."""
    count = 0
    for item in open_items(client):
        count += 1
        say(f"{time_text(item.open_time)}  {item.kind:<20} {money_text(item.amount):>18}  {item.detail}")
        say(f"{'':<21}item {item.item_id}" + (f", payment {item.payment_id}" if item.payment_id else ""))
    say("No open items." if not count else f"{count} open {'item' if count == 1 else 'items'}.")
    return count


def report(client: PaymentClient, form: str, first: str, last: str) -> bytes:
    """Returns the report of a period (days as 2026-11-01, empty for this month until today) as CSV or JSON."""
    from ridesharing.payment.v1 import reconciliation_service_pb2 as pb
    from ridesharing.payment.v1.reconciliation_service_pb2_grpc import ReconciliationServiceStub as Stub

    request = pb.GetReconciliationReportRequest(
        from_date=first, to_date=last, format=pb.ReportFormat.Value(f"REPORT_FORMAT_{form.upper()}")
    )
    return client.call(Stub, "GetReconciliationReport", request).document


def audit(client: PaymentClient, say: Say) -> int:
    """Lets the whole ledger be audited; returns how many contradictions there are."""
    from ridesharing.payment.v1 import reconciliation_service_pb2 as pb
    from ridesharing.payment.v1.reconciliation_service_pb2_grpc import ReconciliationServiceStub as Stub

    accounts = entries = found = 0
    token = ""
    while True:
        part = client.call(Stub, "VerifyLedger", pb.VerifyLedgerRequest(page_token=token))
        accounts, entries = accounts + part.account_count, entries + part.entry_count
        found += len(part.differences)
        for difference in part.differences:
            say(f"{difference.kind}: {difference.detail}")
        token = part.next_page_token
        if not token:
            say(f"Audited: {accounts} accounts, {entries} entries of the last days, {found} contradictions.")
            return found
