"""ComplaintService over gRPC."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from matching_service.domain.complaint import (
    Complaint,
    ComplaintReason,
    ComplaintState,
    RefundBorneBy,
    RefundDecision,
)
from matching_service.entrypoints import wire
from matching_service.entrypoints.grpc_rides import DEFAULT_PAGE
from matching_service.use_cases.decide_complaints import DecideComplaint
from matching_service.use_cases.raise_complaint import RaiseComplaint, ReadComplaints
from ridesharing.matching.v1 import complaint_service_pb2 as pb
from ridesharing.matching.v1 import complaint_service_pb2_grpc
from shared_kernel.money import Money

SERVICE_NAME = "ridesharing.matching.v1.ComplaintService"

REASONS = {reason: pb.ComplaintReason.Value(f"COMPLAINT_REASON_{reason.name}") for reason in ComplaintReason}
STATES = {state: pb.ComplaintState.Value(f"COMPLAINT_STATE_{state.name}") for state in ComplaintState}
BEARERS = {who: pb.ComplaintRefundBorneBy.Value(f"COMPLAINT_REFUND_BORNE_BY_{who.name}") for who in RefundBorneBy}
_REASON_BY_NUMBER: dict[int, ComplaintReason] = {number: reason for reason, number in REASONS.items()}
_STATE_BY_NUMBER: dict[int, ComplaintState] = {number: state for state, number in STATES.items()}
_BEARER_BY_NUMBER: dict[int, RefundBorneBy] = {number: who for who, number in BEARERS.items()}

Context = grpc.aio.ServicerContext[Any, Any]


class ComplaintServicer(complaint_service_pb2_grpc.ComplaintServiceServicer):
    """What riders say was wrong, and what is decided."""

    def __init__(self, raise_complaint: RaiseComplaint, read: ReadComplaints, decide: DecideComplaint) -> None:
        self._raise = raise_complaint
        self._read = read
        self._decide = decide

    async def RaiseComplaint(self, request: pb.RaiseComplaintRequest, context: Context) -> pb.RaiseComplaintResponse:
        complaint = await self._raise(
            request.request_id,
            current_actor().account_id,
            UUID(request.ride_id),
            _REASON_BY_NUMBER[request.reason],
            request.words,
        )
        return pb.RaiseComplaintResponse(complaint=_message(complaint, for_rider=True))

    async def ListComplaints(self, request: pb.ListComplaintsRequest, context: Context) -> pb.ListComplaintsResponse:
        found = await self._read.of_ride(UUID(request.ride_id), current_actor().account_id)
        return pb.ListComplaintsResponse(complaints=[_message(each, for_rider=True) for each in found])

    async def SearchComplaints(
        self, request: pb.SearchComplaintsRequest, context: Context
    ) -> pb.SearchComplaintsResponse:
        page = await self._read.page(
            request.page_size or DEFAULT_PAGE,
            wire.before_from(request.page_token),
            _STATE_BY_NUMBER.get(request.state),
        )
        return pb.SearchComplaintsResponse(
            complaints=map(_message, page.complaints), next_page_token=wire.page_token(page.next_before)
        )

    async def GetComplaint(self, request: pb.GetComplaintRequest, context: Context) -> pb.GetComplaintResponse:
        return pb.GetComplaintResponse(complaint=_message(await self._read.get(UUID(request.complaint_id))))

    async def RefundComplaint(self, request: pb.RefundComplaintRequest, context: Context) -> pb.RefundComplaintResponse:
        given = request.HasField("amount")
        amount = Money(request.amount.currency_code, request.amount.amount_minor) if given else None
        borne_by = _BEARER_BY_NUMBER.get(request.borne_by, RefundBorneBy.PROPORTIONAL)
        complaint = await self._decide.refund(
            request.request_id,
            current_actor().account_id,
            UUID(request.complaint_id),
            RefundDecision(amount, borne_by),
            request.answer,
        )
        return pb.RefundComplaintResponse(complaint=_message(complaint))

    async def RejectComplaint(self, request: pb.RejectComplaintRequest, context: Context) -> pb.RejectComplaintResponse:
        complaint = await self._decide.reject(
            request.request_id, current_actor().account_id, UUID(request.complaint_id), request.answer
        )
        return pb.RejectComplaintResponse(complaint=_message(complaint))


def _message(complaint: Complaint, *, for_rider: bool = False) -> pb.Complaint:
    refund = complaint.refund
    message = pb.Complaint(
        complaint_id=str(complaint.id),
        ride_id=str(complaint.ride_id),
        rider_id=str(complaint.rider_id),
        reason=REASONS[complaint.reason],
        words=complaint.words,
        state=STATES[complaint.state],
        answer=complaint.answer,
        refund_amount=None if refund is None or refund.amount is None else wire.money_message(refund.amount),
        refund_id="" if complaint.refund_id is None else str(complaint.refund_id),
        create_time=wire.timestamp(complaint.raised_at),
        version=complaint.version,
    )
    if complaint.closed_at is not None:
        message.close_time.FromDatetime(complaint.closed_at)
    if not for_rider:
        message.refusal = complaint.refusal
        message.operator_id = "" if complaint.decided_by is None else str(complaint.decided_by)
        if refund is not None:
            message.refund_borne_by = BEARERS[refund.borne_by]
    return message
