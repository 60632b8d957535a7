"""Between the contract of ReconciliationService and the domain."""

from __future__ import annotations

from payment_service.domain.audit import LedgerDifference
from payment_service.domain.reconciliation import Item, ItemStatus, Resolution, Run, RunStatus
from payment_service.entrypoints.wire import money_to_wire, text_of, time_to_wire
from ridesharing.payment.v1 import reconciliation_service_pb2 as pb

_RUN_STATUS = {
    status: pb.ReconciliationRunStatus.Value(f"RECONCILIATION_RUN_STATUS_{status.name}") for status in RunStatus
}
_ITEM_STATUS = {
    status: pb.ReconciliationItemStatus.Value(f"RECONCILIATION_ITEM_STATUS_{status.name}") for status in ItemStatus
}
RESOLUTION_FROM_WIRE = {
    int(pb.ITEM_RESOLUTION_EXPLAINED): Resolution.EXPLAINED,
    int(pb.ITEM_RESOLUTION_SUSPENSE): Resolution.SUSPENSE,
    int(pb.ITEM_RESOLUTION_BOOKED): Resolution.BOOKED,
}


def run_to_wire(run: Run) -> pb.ReconciliationRun:
    return pb.ReconciliationRun(
        run_id=str(run.id),
        status=_RUN_STATUS[run.status],
        phase=run.phase.value,
        since_time=None if run.since is None else time_to_wire(run.since),
        imported_count=run.imported_count,
        matched_count=run.matched_count,
        opened_count=run.opened_count,
        closed_count=run.closed_count,
        detail=run.detail,
        start_time=time_to_wire(run.started_at),
        end_time=None if run.finished_at is None else time_to_wire(run.finished_at),
    )


def item_to_wire(item: Item) -> pb.ReconciliationItem:
    return pb.ReconciliationItem(
        item_id=str(item.id),
        kind=item.kind.value,
        reference=item.reference,
        amount=money_to_wire(item.amount),
        detail=item.detail,
        psp_transaction_id=item.psp_transaction_id or "",
        payment_id="" if item.subject is None else text_of(item.subject.payment_id),
        status=_ITEM_STATUS[item.status],
        resolution=item.resolution.value,
        note=item.note,
        resolved_by=item.resolved_by,
        open_time=time_to_wire(item.opened_at),
        close_time=None if item.closed_at is None else time_to_wire(item.closed_at),
    )


def difference_to_wire(difference: LedgerDifference) -> pb.LedgerDifference:
    return pb.LedgerDifference(
        kind=difference.kind.value,
        reference=difference.reference,
        kept=money_to_wire(difference.kept),
        expected=money_to_wire(difference.expected),
        detail=difference.detail,
    )
