"""PspEventService on gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc

from payment_service.domain.psp_event import PspEvent, PspEventState
from payment_service.entrypoints.pages import page_size, read_token, write_token
from payment_service.entrypoints.positions import time_and_name
from payment_service.entrypoints.values import time_to_wire
from payment_service.use_cases.list_psp_events import ListPspEvents
from payment_service.use_cases.receive_psp_event import ReceivePspEvent
from payment_service.use_cases.replay_psp_event import ReplayPspEvent
from ridesharing.payment.v1 import webhook_service_pb2 as pb
from ridesharing.payment.v1 import webhook_service_pb2_grpc

SERVICE_NAME = "ridesharing.payment.v1.PspEventService"

_STATE = {state: pb.PspEventState.Value(f"PSP_EVENT_STATE_{state.name}") for state in PspEventState}
_STATE_FROM_WIRE = {int(wire): state for state, wire in _STATE.items()}

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class PspEventUseCases:
    """All that is done with the PSP's events on request."""

    receive: ReceivePspEvent
    list_page: ListPspEvents
    replay: ReplayPspEvent


class PspEventServicer(webhook_service_pb2_grpc.PspEventServiceServicer):
    """See the contract."""

    def __init__(self, use_cases: PspEventUseCases) -> None:
        self._do = use_cases

    async def ReceivePspEvent(self, request: pb.ReceivePspEventRequest, context: Context) -> pb.ReceivePspEventResponse:
        fresh = await self._do.receive(request.payload, request.signature)
        return pb.ReceivePspEventResponse(duplicate=not fresh)

    async def ListPspEvents(self, request: pb.ListPspEventsRequest, context: Context) -> pb.ListPspEventsResponse:
        size = page_size(request.page_size)
        events = await self._do.list_page(
            _STATE_FROM_WIRE.get(request.state), size, read_token(request.page_token, time_and_name)
        )
        return pb.ListPspEventsResponse(
            psp_events=[event_to_wire(event) for event in events],
            next_page_token=write_token(events[-1].received_at, events[-1].id) if len(events) == size else "",
        )

    async def ReplayPspEvent(self, request: pb.ReplayPspEventRequest, context: Context) -> pb.ReplayPspEventResponse:
        return pb.ReplayPspEventResponse(psp_event=event_to_wire(await self._do.replay(request.psp_event_id)))


def event_to_wire(event: PspEvent) -> pb.PspEvent:
    return pb.PspEvent(
        psp_event_id=event.id,
        type=event.type,
        psp_object_id=event.object_id,
        psp_account_id=event.account_id,
        state=_STATE[event.state],
        tries=event.tries,
        detail=event.detail,
        receive_time=time_to_wire(event.received_at),
    )
