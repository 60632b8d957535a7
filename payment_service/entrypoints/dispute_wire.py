"""Between the contract's messages and disputes."""

from __future__ import annotations

from payment_service.domain.dispute import Dispute, DisputeStatus, LossBorneBy
from payment_service.entrypoints.values import money_to_wire, text_of, time_to_wire
from ridesharing.payment.v1 import dispute_service_pb2, disputes_pb2
from shared_kernel.money import Money

_STATUS = {status: disputes_pb2.DisputeStatus.Value(f"DISPUTE_STATUS_{status.name}") for status in DisputeStatus}
_STATUS_FROM_WIRE = {int(wire): status for status, wire in _STATUS.items()}
_BORNE_BY = {one: disputes_pb2.LossBorneBy.Value(f"LOSS_BORNE_BY_{one.name}") for one in LossBorneBy}
_BORNE_BY_FROM_WIRE = {int(wire): one for one, wire in _BORNE_BY.items()}


def dispute_status_from_wire(status: int) -> DisputeStatus | None:
    """Read a status; None where none is told."""
    return _STATUS_FROM_WIRE.get(status)


def loss_borne_by_from_wire(borne_by: int) -> LossBorneBy | None:
    """Read whose loss it is; None where it is not told."""
    return _BORNE_BY_FROM_WIRE.get(borne_by)


def evidence_from_wire(evidence: dispute_service_pb2.DisputeEvidence) -> dict[str, str]:
    """Read the texts that are told, by their names: they are the PSP's names too."""
    return {field.name: str(value) for field, value in evidence.ListFields()}


def dispute_to_wire(dispute: Dispute) -> disputes_pb2.Dispute:
    code, due_at, closed_at = dispute.currency_code, dispute.evidence_due_at, dispute.closed_at
    return disputes_pb2.Dispute(
        dispute_id=str(dispute.id),
        psp_dispute_id=dispute.psp_dispute_id,
        payment_id=str(dispute.payment_id),
        ride_id=text_of(dispute.ride_id),
        amount=money_to_wire(Money(code, dispute.amount_minor)),
        withdrawn=money_to_wire(Money(code, dispute.withdrawn_minor)),
        reinstated=money_to_wire(Money(code, dispute.reinstated_minor)),
        fee=money_to_wire(Money(code, dispute.fee_minor)),
        reason=dispute.reason,
        status=_STATUS[dispute.status],
        borne_by=_BORNE_BY[dispute.borne_by],
        evidence_due_time=None if due_at is None else time_to_wire(due_at),
        create_time=time_to_wire(dispute.created_at),
        close_time=None if closed_at is None else time_to_wire(closed_at),
        version=dispute.version,
    )
