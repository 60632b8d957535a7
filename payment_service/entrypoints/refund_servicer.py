"""RefundService on gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc

from payment_service.entrypoints.callers import only_of_rider, request_key
from payment_service.entrypoints.pages import page_size, read_token, write_token
from payment_service.entrypoints.positions import time_and_id
from payment_service.entrypoints.refund_wire import (
    refund_borne_by_from_wire,
    refund_status_from_wire,
    refund_to_wire,
)
from payment_service.entrypoints.wire import money_from_wire
from payment_service.use_cases.create_refund import CreateRefund, RefundRequest
from payment_service.use_cases.get_refund import GetRefund
from payment_service.use_cases.list_refunds import ListRefunds
from payment_service.use_cases.refunds_repository import RefundFilter
from ridesharing.payment.v1 import refund_service_pb2 as pb
from ridesharing.payment.v1 import refund_service_pb2_grpc

SERVICE_NAME = "ridesharing.payment.v1.RefundService"

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class RefundUseCases:
    """All that is done with refunds."""

    create: CreateRefund
    get: GetRefund
    list_page: ListRefunds


class RefundServicer(refund_service_pb2_grpc.RefundServiceServicer):
    """See the contract."""

    def __init__(self, use_cases: RefundUseCases) -> None:
        self._do = use_cases

    async def CreateRefund(self, request: pb.CreateRefundRequest, context: Context) -> pb.CreateRefundResponse:
        amount = money_from_wire(request.amount, "amount") if request.HasField("amount") else None
        asked = RefundRequest(
            payment_id=UUID(request.payment_id) if request.payment_id else None,
            ride_id=UUID(request.ride_id) if request.ride_id else None,
            amount=amount,
            reason=request.reason,
            borne_by=refund_borne_by_from_wire(request.borne_by),
        )
        key = request_key(
            "CreateRefund",
            request.request_id,
            str(asked.payment_id),
            str(asked.ride_id),
            "" if amount is None else amount.currency_code,
            0 if amount is None else amount.amount_minor,
            asked.reason,
            str(asked.borne_by),
        )
        return pb.CreateRefundResponse(refund=refund_to_wire(await self._do.create(key, asked)))

    async def GetRefund(self, request: pb.GetRefundRequest, context: Context) -> pb.GetRefundResponse:
        rider_id = only_of_rider()
        refund = await self._do.get(UUID(request.refund_id), rider_id)
        return pb.GetRefundResponse(refund=refund_to_wire(refund, with_reason=rider_id is None))

    async def ListRefunds(self, request: pb.ListRefundsRequest, context: Context) -> pb.ListRefundsResponse:
        rider_id, size = only_of_rider(), page_size(request.page_size)
        which = RefundFilter(
            rider_id=rider_id,
            ride_id=UUID(request.ride_id) if request.ride_id else None,
            payment_id=UUID(request.payment_id) if request.payment_id else None,
            status=refund_status_from_wire(request.status),
        )
        refunds = await self._do.list_page(which, size, read_token(request.page_token, time_and_id))
        return pb.ListRefundsResponse(
            refunds=[refund_to_wire(refund, with_reason=rider_id is None) for refund in refunds],
            next_page_token=write_token(refunds[-1].created_at, refunds[-1].id) if len(refunds) == size else "",
        )
