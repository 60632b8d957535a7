"""DisputeService on gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc

from payment_service.entrypoints.callers import request_key
from payment_service.entrypoints.dispute_wire import (
    dispute_status_from_wire,
    dispute_to_wire,
    evidence_from_wire,
    loss_borne_by_from_wire,
)
from payment_service.entrypoints.pages import page_size, read_token, write_token
from payment_service.entrypoints.positions import time_and_id
from payment_service.use_cases.answer_dispute import AnswerDispute
from payment_service.use_cases.disputes_repository import DisputeFilter
from payment_service.use_cases.get_dispute import GetDispute
from payment_service.use_cases.list_disputes import ListDisputes
from ridesharing.payment.v1 import dispute_service_pb2 as pb
from ridesharing.payment.v1 import dispute_service_pb2_grpc

SERVICE_NAME = "ridesharing.payment.v1.DisputeService"

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class DisputeUseCases:
    """All that is done with disputes."""

    get: GetDispute
    list_page: ListDisputes
    answer: AnswerDispute


class DisputeServicer(dispute_service_pb2_grpc.DisputeServiceServicer):
    """See the contract."""

    def __init__(self, use_cases: DisputeUseCases) -> None:
        self._do = use_cases

    async def GetDispute(self, request: pb.GetDisputeRequest, context: Context) -> pb.GetDisputeResponse:
        return pb.GetDisputeResponse(dispute=dispute_to_wire(await self._do.get(UUID(request.dispute_id))))

    async def ListDisputes(self, request: pb.ListDisputesRequest, context: Context) -> pb.ListDisputesResponse:
        size = page_size(request.page_size)
        which = DisputeFilter(
            ride_id=UUID(request.ride_id) if request.ride_id else None,
            payment_id=UUID(request.payment_id) if request.payment_id else None,
            status=dispute_status_from_wire(request.status),
        )
        disputes = await self._do.list_page(which, size, read_token(request.page_token, time_and_id))
        return pb.ListDisputesResponse(
            disputes=[dispute_to_wire(dispute) for dispute in disputes],
            next_page_token=write_token(disputes[-1].created_at, disputes[-1].id) if len(disputes) == size else "",
        )

    async def SubmitDisputeEvidence(
        self, request: pb.SubmitDisputeEvidenceRequest, context: Context
    ) -> pb.SubmitDisputeEvidenceResponse:
        dispute_id, evidence = UUID(request.dispute_id), evidence_from_wire(request.evidence)
        key = request_key("SubmitDisputeEvidence", request.request_id, str(dispute_id), sorted(evidence.items()))
        dispute = await self._do.answer.submit_evidence(key, dispute_id, evidence)
        return pb.SubmitDisputeEvidenceResponse(dispute=dispute_to_wire(dispute))

    async def AcceptDispute(self, request: pb.AcceptDisputeRequest, context: Context) -> pb.AcceptDisputeResponse:
        dispute_id, borne_by = UUID(request.dispute_id), loss_borne_by_from_wire(request.borne_by)
        key = request_key("AcceptDispute", request.request_id, str(dispute_id), str(borne_by))
        dispute = await self._do.answer.accept(key, dispute_id, borne_by)
        return pb.AcceptDisputeResponse(dispute=dispute_to_wire(dispute))
