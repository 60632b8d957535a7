"""Payments, refunds and disputes as operators see and answer them."""

from __future__ import annotations

from flask import Response

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.ride_routes import versioned
from rider_api.rest.routing import Reply, Routes
from rider_api.schemas.charges import (
    PaymentPath,
    Payments,
    PaymentSearchQuery,
    PaymentStory,
    RideAccount,
    payment,
    payment_story,
    ride_account,
)
from rider_api.schemas.refunds import (
    BORNE_BY,
    DISPUTE_STATUSES,
    LOSS_BORNE_BY,
    REFUND_STATUSES,
    Dispute,
    DisputeAcceptance,
    DisputeEvidence,
    DisputePath,
    Disputes,
    DisputeSearchQuery,
    Refund,
    RefundPath,
    RefundRequest,
    Refunds,
    RefundSearchQuery,
    dispute,
    refund,
)
from rider_api.schemas.ride_requests import RidePath
from ridesharing.payment.v1 import (
    dispute_service_pb2,
    disputes_pb2,
    payment_service_pb2,
    refund_service_pb2,
    refunds_pb2,
    statement_service_pb2,
)

routes = Routes("operator_payments", "Operating: payments", area="operate_money")
_OPERATOR = (Role.OPERATOR,)


@routes.route("GET", "/operator/payments", roles=_OPERATOR, answer=Payments)
def search_payments(query: PaymentSearchQuery) -> Payments:
    """Page through payments, newest first."""
    request = statement_service_pb2.ListPaymentsRequest(
        rider_id="" if query.rider_id is None else str(query.rider_id),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    page = ask(edge().backends.statements.ListPayments, request)
    return Payments(items=[payment(item) for item in page.payments], next_cursor=next_cursor(page.next_page_token))


@routes.route("GET", "/operator/payments/<payment_id>/story", roles=_OPERATOR, answer=PaymentStory, problems=(404,))
def read_payment_story(path: PaymentPath) -> PaymentStory:
    """Tell all that happened around a payment and its ride, in the order of time."""
    request = statement_service_pb2.GetPaymentStoryRequest(payment_or_ride_id=str(path.payment_id))
    return payment_story(ask(edge().backends.statements.GetPaymentStory, request))


@routes.route("GET", "/operator/rides/<ride_id>/payment-story", roles=_OPERATOR, answer=PaymentStory, problems=(404,))
def read_payment_story_of_ride(path: RidePath) -> PaymentStory:
    """Tell all that happened around the payments of a ride, in the order of time."""
    request = statement_service_pb2.GetPaymentStoryRequest(payment_or_ride_id=str(path.ride_id))
    return payment_story(ask(edge().backends.statements.GetPaymentStory, request))


@routes.route("GET", "/operator/rides/<ride_id>/account", roles=_OPERATOR, answer=RideAccount, problems=(404, 409))
def read_account_of_ride(path: RidePath) -> RideAccount:
    """Return all that was paid for a ride and came back."""
    request = payment_service_pb2.GetReceiptRequest(ride_id=str(path.ride_id))
    return ride_account(ask(edge().backends.payments.GetReceipt, request))


@routes.route(
    "POST",
    "/operator/refunds",
    roles=_OPERATOR,
    answer=Refund,
    status=201,
    problems=(404,),
    needs_key=True,
    seconds=8.0,
)
def create_refund(body: RefundRequest) -> Refund:
    """Give back a part of a payment, or all that is left; a refusal by the PSP is an answer: status `failed`."""
    request = refund_service_pb2.CreateRefundRequest(
        request_id=call().key,
        reason=body.reason,
        amount=None if body.amount is None else body.amount.message(),
        borne_by=refunds_pb2.RefundBorneBy.ValueType(BORNE_BY.number(body.borne_by)),
    )
    if body.ride_id is not None:
        request.ride_id = str(body.ride_id)
    else:
        request.payment_id = str(body.payment_id)
    return refund(ask(edge().backends.refunds.CreateRefund, request).refund)


@routes.route("GET", "/operator/refunds", roles=_OPERATOR, answer=Refunds)
def search_refunds(query: RefundSearchQuery) -> Refunds:
    """Page through refunds, newest first."""
    request = refund_service_pb2.ListRefundsRequest(
        ride_id="" if query.ride_id is None else str(query.ride_id),
        payment_id="" if query.payment_id is None else str(query.payment_id),
        status=refunds_pb2.RefundStatus.ValueType(REFUND_STATUSES.number(query.status)),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    page = ask(edge().backends.refunds.ListRefunds, request)
    return Refunds(items=[refund(item) for item in page.refunds], next_cursor=next_cursor(page.next_page_token))


@routes.route("GET", "/operator/refunds/<refund_id>", roles=_OPERATOR, answer=Refund, problems=(404,))
def read_any_refund(path: RefundPath) -> Reply | Response:
    """Return a refund; with If-None-Match, 304 while it has not changed."""
    request = refund_service_pb2.GetRefundRequest(refund_id=str(path.refund_id))
    found = ask(edge().backends.refunds.GetRefund, request).refund
    return versioned(refund(found), found.version)


@routes.route("GET", "/operator/disputes", roles=_OPERATOR, answer=Disputes)
def search_disputes(query: DisputeSearchQuery) -> Disputes:
    """Page through what cardholders dispute, newest first."""
    request = dispute_service_pb2.ListDisputesRequest(
        ride_id="" if query.ride_id is None else str(query.ride_id),
        payment_id="" if query.payment_id is None else str(query.payment_id),
        status=disputes_pb2.DisputeStatus.ValueType(DISPUTE_STATUSES.number(query.status)),
        page_size=query.limit,
        page_token=page_token(query.cursor),
    )
    page = ask(edge().backends.disputes.ListDisputes, request)
    return Disputes(items=[dispute(item) for item in page.disputes], next_cursor=next_cursor(page.next_page_token))


@routes.route("GET", "/operator/disputes/<dispute_id>", roles=_OPERATOR, answer=Dispute, problems=(404,))
def read_dispute(path: DisputePath) -> Reply | Response:
    """Return a dispute; with If-None-Match, 304 while it has not changed."""
    request = dispute_service_pb2.GetDisputeRequest(dispute_id=str(path.dispute_id))
    found = ask(edge().backends.disputes.GetDispute, request).dispute
    return versioned(dispute(found), found.version)


@routes.route(
    "POST",
    "/operator/disputes/<dispute_id>/evidence",
    roles=_OPERATOR,
    answer=Dispute,
    problems=(404,),
    needs_key=True,
    seconds=8.0,
)
def submit_dispute_evidence(path: DisputePath, body: DisputeEvidence) -> Dispute:
    """Hand evidence in, once: the bank decides by it."""
    request = dispute_service_pb2.SubmitDisputeEvidenceRequest(
        request_id=call().key, dispute_id=str(path.dispute_id), evidence=body.message()
    )
    return dispute(ask(edge().backends.disputes.SubmitDisputeEvidence, request).dispute)


@routes.route(
    "POST",
    "/operator/disputes/<dispute_id>/accept",
    roles=_OPERATOR,
    answer=Dispute,
    problems=(404,),
    needs_key=True,
    seconds=8.0,
)
def accept_dispute(path: DisputePath, body: DisputeAcceptance) -> Dispute:
    """Give a dispute up: it is lost."""
    request = dispute_service_pb2.AcceptDisputeRequest(
        request_id=call().key,
        dispute_id=str(path.dispute_id),
        borne_by=disputes_pb2.LossBorneBy.ValueType(LOSS_BORNE_BY.number(body.borne_by)),
    )
    return dispute(ask(edge().backends.disputes.AcceptDispute, request).dispute)
