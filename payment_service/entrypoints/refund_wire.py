"""Between the contract's messages and refunds."""

from __future__ import annotations

from payment_service.domain.refund import BorneBy, Destination, Refund, RefundStatus
from payment_service.entrypoints.values import money_to_wire, text_of, time_to_wire
from ridesharing.payment.v1 import refunds_pb2

_STATUS = {status: refunds_pb2.RefundStatus.Value(f"REFUND_STATUS_{status.name}") for status in RefundStatus}
_STATUS_FROM_WIRE = {int(wire): status for status, wire in _STATUS.items()}
_BORNE_BY = {one: refunds_pb2.RefundBorneBy.Value(f"REFUND_BORNE_BY_{one.name}") for one in BorneBy}
_BORNE_BY_FROM_WIRE = {int(wire): one for one, wire in _BORNE_BY.items()}
_DESTINATION = {one: refunds_pb2.RefundDestination.Value(f"REFUND_DESTINATION_{one.name}") for one in Destination}


def refund_status_from_wire(status: int) -> RefundStatus | None:
    """Read a status; None where none is told."""
    return _STATUS_FROM_WIRE.get(status)


def refund_borne_by_from_wire(borne_by: int) -> BorneBy | None:
    """Read who bears a refund; None where it is not told."""
    return _BORNE_BY_FROM_WIRE.get(borne_by)


def refund_to_wire(refund: Refund, *, with_reason: bool = True) -> refunds_pb2.Refund:
    """Write a refund; riders are not told the reason, which is written for the books."""
    return refunds_pb2.Refund(
        refund_id=str(refund.id),
        payment_id=str(refund.payment_id),
        ride_id=text_of(refund.ride_id),
        rider_id=str(refund.rider_id),
        amount=money_to_wire(refund.amount),
        reason=refund.reason if with_reason else "",
        borne_by=_BORNE_BY[refund.borne_by],
        destination=_DESTINATION[refund.destination],
        status=_STATUS[refund.status],
        failure_reason=refund.failure_reason,
        create_time=time_to_wire(refund.created_at),
        pay_time=None if refund.paid_at is None else time_to_wire(refund.paid_at),
        fail_time=None if refund.failed_at is None else time_to_wire(refund.failed_at),
        version=refund.version,
    )
