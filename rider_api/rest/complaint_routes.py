"""Complaints of rides: raised by riders, decided by operators."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.complaints import (
    BEARERS,
    REASONS,
    STATES,
    Complaint,
    ComplaintPath,
    ComplaintRefund,
    ComplaintRejection,
    ComplaintRequest,
    Complaints,
    ComplaintsQuery,
    OperatorComplaint,
    OperatorComplaints,
    complaint,
    operator_complaint,
)
from rider_api.schemas.ride_requests import RidePath
from ridesharing.matching.v1 import complaint_service_pb2 as pb

routes = Routes("complaints", "Complaints", area="operate_money")
_OPERATOR, _RIDER = (Role.OPERATOR,), (Role.RIDER,)


@routes.route(
    "POST",
    "/rides/<ride_id>/disputes",
    roles=_RIDER,
    area="rides",
    answer=Complaint,
    status=201,
    needs_key=True,
    problems=(404, 409),
)
def raise_complaint(path: RidePath, body: ComplaintRequest) -> Complaint:
    """Say what was wrong with the caller's ride, within 30 days; one at a time, five times at most."""
    request = pb.RaiseComplaintRequest(
        request_id=call().key,
        ride_id=str(path.ride_id),
        reason=pb.ComplaintReason.ValueType(REASONS.number(body.reason)),
        words=body.words,
    )
    return complaint(ask(edge().backends.complaints.RaiseComplaint, request).complaint)


@routes.route("GET", "/rides/<ride_id>/disputes", roles=_RIDER, area="rides", answer=Complaints, problems=(404,))
def list_complaints(path: RidePath) -> Complaints:
    """Return what the caller said was wrong with a ride, and what became of it."""
    found = ask(edge().backends.complaints.ListComplaints, pb.ListComplaintsRequest(ride_id=str(path.ride_id)))
    return Complaints(items=[complaint(each) for each in found.complaints])


@routes.route("GET", "/operator/complaints", roles=_OPERATOR, answer=OperatorComplaints)
def search_complaints(query: ComplaintsQuery) -> OperatorComplaints:
    """Page through what riders complain of, newest first."""
    request = pb.SearchComplaintsRequest(
        state=pb.ComplaintState.ValueType(STATES.number(query.state)),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    page = ask(edge().backends.complaints.SearchComplaints, request)
    return OperatorComplaints(
        items=[operator_complaint(each) for each in page.complaints], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("GET", "/operator/complaints/<complaint_id>", roles=_OPERATOR, answer=OperatorComplaint, problems=(404,))
def read_complaint(path: ComplaintPath) -> OperatorComplaint:
    """Return a complaint."""
    request = pb.GetComplaintRequest(complaint_id=str(path.complaint_id))
    return operator_complaint(ask(edge().backends.complaints.GetComplaint, request).complaint)


@routes.route(
    "POST",
    "/operator/complaints/<complaint_id>/refund",
    roles=_OPERATOR,
    answer=OperatorComplaint,
    needs_key=True,
    problems=(404, 409),
    seconds=8.0,
)
def refund_complaint(path: ComplaintPath, body: ComplaintRefund) -> OperatorComplaint:
    """Give money back, of the ride's own payment; a refund that is refused opens the complaint again."""
    request = pb.RefundComplaintRequest(
        request_id=call().key,
        complaint_id=str(path.complaint_id),
        amount=None if body.amount is None else body.amount.message(),
        borne_by=pb.ComplaintRefundBorneBy.ValueType(BEARERS.number(body.borne_by)),
        answer=body.answer,
    )
    return operator_complaint(ask(edge().backends.complaints.RefundComplaint, request).complaint)


@routes.route(
    "POST",
    "/operator/complaints/<complaint_id>/reject",
    roles=_OPERATOR,
    answer=OperatorComplaint,
    needs_key=True,
    problems=(404, 409),
)
def reject_complaint(path: ComplaintPath, body: ComplaintRejection) -> OperatorComplaint:
    """Give nothing back, and tell the rider why."""
    request = pb.RejectComplaintRequest(request_id=call().key, complaint_id=str(path.complaint_id), answer=body.answer)
    return operator_complaint(ask(edge().backends.complaints.RejectComplaint, request).complaint)
