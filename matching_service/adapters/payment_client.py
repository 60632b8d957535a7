"""payment_service over gRPC, with this service's own token."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import grpc

from chassis.status import from_rpc_error
from matching_service.domain.complaint import RefundBorneBy, RefundDecision
from matching_service.domain.ride import Ride
from matching_service.domain.terms import ChargeKind, ChargeLine, Funding
from matching_service.use_cases.complaint_ports import RefundOutcome, RefundStatus
from matching_service.use_cases.service_ports import PaymentOutcome, PaymentStatus
from ridesharing.common.v1 import money_pb2
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payment_service_pb2_grpc as pb_grpc
from ridesharing.payment.v1 import payments_pb2, refund_service_pb2, refund_service_pb2_grpc, refunds_pb2
from shared_kernel.errors import Unknown
from shared_kernel.money import Money

_STATUSES = {
    payments_pb2.PAYMENT_STATUS_PENDING: PaymentStatus.PENDING,
    payments_pb2.PAYMENT_STATUS_HELD: PaymentStatus.HELD,
    payments_pb2.PAYMENT_STATUS_DECLINED: PaymentStatus.DECLINED,
    payments_pb2.PAYMENT_STATUS_CAPTURED: PaymentStatus.CAPTURED,
    payments_pb2.PAYMENT_STATUS_VOIDED: PaymentStatus.VOIDED,
    payments_pb2.PAYMENT_STATUS_EXPIRED: PaymentStatus.EXPIRED,
}
_FUNDINGS = {
    Funding.CARD: payments_pb2.FUNDING_CARD,
    Funding.WALLET: payments_pb2.FUNDING_WALLET,
    Funding.CASH: payments_pb2.FUNDING_CASH,
}
_KINDS = {
    ChargeKind.FARE: payments_pb2.CHARGE_LINE_KIND_FARE,
    ChargeKind.BOOKING_FEE: payments_pb2.CHARGE_LINE_KIND_BOOKING_FEE,
    ChargeKind.TAX: payments_pb2.CHARGE_LINE_KIND_TAX,
    ChargeKind.WAITING: payments_pb2.CHARGE_LINE_KIND_WAITING,
    ChargeKind.TOLL: payments_pb2.CHARGE_LINE_KIND_TOLL,
    ChargeKind.PROMOTION: payments_pb2.CHARGE_LINE_KIND_PROMOTION,
    ChargeKind.CANCEL_FEE: payments_pb2.CHARGE_LINE_KIND_CANCEL_FEE,
}


_REFUND_STATUSES = {
    refunds_pb2.REFUND_STATUS_PENDING: RefundStatus.PENDING,
    refunds_pb2.REFUND_STATUS_PAID: RefundStatus.PAID,
    refunds_pb2.REFUND_STATUS_FAILED: RefundStatus.FAILED,
}
_BEARERS = {
    RefundBorneBy.PROPORTIONAL: refunds_pb2.REFUND_BORNE_BY_PROPORTIONAL,
    RefundBorneBy.PLATFORM: refunds_pb2.REFUND_BORNE_BY_PLATFORM,
}


class PaymentClient:
    """The Payments and the Refunds of production."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = pb_grpc.PaymentServiceStub(channel)
        self._refunds = refund_service_pb2_grpc.RefundServiceStub(channel)

    async def place_hold(self, key: str, ride: Ride, timeout_seconds: float) -> PaymentOutcome:
        request = pb.PlaceHoldRequest(
            request_id=key,
            ride_id=str(ride.id),
            rider_id=str(ride.rider_id),
            payment_method_id="" if ride.payment_method_id is None else str(ride.payment_method_id),
            amount=_money(ride.fare.total),
            funding=_FUNDINGS[ride.funding],
        )
        try:
            return _outcome((await self._stub.PlaceHold(request, timeout=timeout_seconds)).payment)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error

    async def capture(
        self,
        key: str,
        ride_id: UUID,
        driver_id: UUID,
        lines: Sequence[ChargeLine],
        timeout_seconds: float,
        *,
        payer_absent: bool = False,
    ) -> PaymentOutcome:
        request = pb.CapturePaymentRequest(
            request_id=key,
            ride_id=str(ride_id),
            driver_id=str(driver_id),
            lines=[
                payments_pb2.ChargeLine(
                    kind=_KINDS[line.kind],
                    amount=_money(line.amount),
                    commission_basis_points=line.commission_basis_points,
                    tax_jurisdiction=line.tax_jurisdiction,
                )
                for line in lines
            ],
            payer_absent=payer_absent,
        )
        try:
            return _outcome((await self._stub.CapturePayment(request, timeout=timeout_seconds)).payment)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error

    async def increment(self, key: str, ride_id: UUID, amount: Money, timeout_seconds: float) -> PaymentOutcome:
        request = pb.IncrementHoldRequest(request_id=key, ride_id=str(ride_id), amount=_money(amount))
        try:
            return _outcome((await self._stub.IncrementHold(request, timeout=timeout_seconds)).payment)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error

    async def void(self, key: str, ride_id: UUID, timeout_seconds: float) -> PaymentOutcome:
        request = pb.VoidHoldRequest(request_id=key, ride_id=str(ride_id))
        try:
            return _outcome((await self._stub.VoidHold(request, timeout=timeout_seconds)).payment)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error

    async def refund(
        self, key: str, ride_id: UUID, decision: RefundDecision, reason: str, timeout_seconds: float
    ) -> RefundOutcome:
        request = refund_service_pb2.CreateRefundRequest(
            request_id=key,
            ride_id=str(ride_id),
            amount=None if decision.amount is None else _money(decision.amount),
            reason=reason,
            borne_by=_BEARERS[decision.borne_by],
        )
        try:
            refund = (await self._refunds.CreateRefund(request, timeout=timeout_seconds)).refund
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error
        status = _REFUND_STATUSES.get(refund.status)
        if status is None:
            raise Unknown("refund_status_unknown", "payment_service answered with a status that is not known here")
        return RefundOutcome(UUID(refund.refund_id), status, refund.failure_reason)


def _outcome(payment: payments_pb2.Payment) -> PaymentOutcome:
    status = _STATUSES.get(payment.status)
    if status is None:
        raise Unknown("payment_status_unknown", "payment_service answered with a status that is not known here")
    # Whatever the status says, an operation under way may still change it.
    return PaymentOutcome(PaymentStatus.PENDING if payment.outcome_unknown else status, payment.decline_reason)


def _money(money: Money) -> money_pb2.Money:
    return money_pb2.Money(currency_code=money.currency_code, amount_minor=money.amount_minor)
