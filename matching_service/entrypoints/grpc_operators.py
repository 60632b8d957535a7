"""DispatchOperatorService over gRPC."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc

from chassis.auth import Role, current_actor
from chassis.telemetry import trace_id_of
from matching_service.domain.ride import Ride
from matching_service.entrypoints import wire, wire_drivers, wire_rides
from matching_service.entrypoints.grpc_rides import DEFAULT_PAGE
from matching_service.entrypoints.wire_explain import explanation_message
from matching_service.use_cases.explain_dispatch import ExplainDispatch
from matching_service.use_cases.force_cancel_ride import ForceCancelRide
from matching_service.use_cases.list_shifts import ListShifts
from matching_service.use_cases.read_rides import ReadRides
from matching_service.use_cases.reader_ports import RideMoveRecord, ShiftFilter, Waits
from matching_service.use_cases.reassign_ride import ReassignRide
from ridesharing.matching.v1 import dispatch_operator_service_pb2 as pb
from ridesharing.matching.v1 import dispatch_operator_service_pb2_grpc, rides_pb2

SERVICE_NAME = "ridesharing.matching.v1.DispatchOperatorService"

_SHIFT_FILTERS: dict[int, ShiftFilter] = {
    pb.SHIFT_FILTER_UNSPECIFIED: ShiftFilter.ALL,
    pb.SHIFT_FILTER_SILENT: ShiftFilter.SILENT,
    pb.SHIFT_FILTER_ON_BREAK: ShiftFilter.ON_BREAK,
}

Context = grpc.aio.ServicerContext[Any, Any]


class DispatchOperatorServicer(dispatch_operator_service_pb2_grpc.DispatchOperatorServiceServicer):
    """What the people who run the service see and do."""

    def __init__(
        self,
        *,
        read_rides: ReadRides,
        force_cancel_ride: ForceCancelRide,
        reassign_ride: ReassignRide,
        list_shifts: ListShifts,
        explain: ExplainDispatch,
    ) -> None:
        self._read = read_rides
        self._list_shifts = list_shifts
        self._explain = explain
        self._force_cancel_ride = force_cancel_ride
        self._reassign_ride = reassign_ride

    async def SearchRides(self, request: pb.SearchRidesRequest, context: Context) -> pb.SearchRidesResponse:
        page = await self._read.page(
            request.page_size or DEFAULT_PAGE,
            wire.before_from(request.page_token),
            states=frozenset(map(wire_rides.ride_state_from, request.states)),
        )
        return pb.SearchRidesResponse(
            rides=map(_ride_message, page.rides), next_page_token=wire.page_token(page.next_before)
        )

    async def ForceCancelRide(self, request: pb.ForceCancelRideRequest, context: Context) -> pb.ForceCancelRideResponse:
        ride = await self._force_cancel_ride(
            request.request_id, current_actor().account_id, UUID(request.ride_id), request.reason
        )
        return pb.ForceCancelRideResponse(ride=_ride_message(ride))

    async def ReassignRide(self, request: pb.ReassignRideRequest, context: Context) -> pb.ReassignRideResponse:
        ride = await self._reassign_ride(
            request.request_id, current_actor().account_id, UUID(request.ride_id), request.reason
        )
        return pb.ReassignRideResponse(ride=_ride_message(ride))

    async def GetRideHistory(self, request: pb.GetRideHistoryRequest, context: Context) -> pb.GetRideHistoryResponse:
        ride, moves, offers = await self._read.history(UUID(request.ride_id))
        told = pb.GetRideHistoryResponse(
            ride=_ride_message(ride),
            transitions=map(_transition_message, moves),
            offers=map(wire_drivers.offer_message, offers),
            trace_id=trace_id_of(await self._read.traceparent(ride.id)),
        )
        if current_actor().role is Role.SUPPORT:
            _withhold_places(told)
        return told

    async def SummarizeRides(self, request: pb.SummarizeRidesRequest, context: Context) -> pb.SummarizeRidesResponse:
        summary = await self._read.summary(wire.moment_from(request.since_time, "since_time"))
        return pb.SummarizeRidesResponse(
            states=[
                pb.RideStateCount(state=wire_rides.RIDE_STATES[state], count=count)
                for state, count in sorted(
                    summary.count_by_state.items(), key=lambda item: wire_rides.RIDE_STATES[item[0]]
                )
            ],
            double_assignment_count=summary.double_assignment_count,
            request_to_offer=_wait_message(summary.request_to_offer),
            request_to_pickup=_wait_message(summary.request_to_pickup),
            open_shift_count=summary.open_shift_count,
            offer_count=summary.offer_count,
            broadcast_offer_count=summary.broadcast_offer_count,
        )

    async def ExplainDispatch(self, request: pb.ExplainDispatchRequest, context: Context) -> pb.ExplainDispatchResponse:
        return explanation_message(await self._explain(UUID(request.ride_id)))

    async def ListShifts(self, request: pb.ListShiftsRequest, context: Context) -> pb.ListShiftsResponse:
        page = await self._list_shifts(
            request.page_size or DEFAULT_PAGE, wire.before_from(request.page_token), _SHIFT_FILTERS[request.filter]
        )
        return pb.ListShiftsResponse(
            shifts=[
                pb.OpenShift(
                    shift=wire_drivers.shift_message(record.shift),
                    driver_name=record.shift.driver.display_name,
                    vehicle_plate=record.shift.driver.vehicle_plate,
                    ride_id="" if record.ride_id is None else str(record.ride_id),
                )
                for record in page.shifts
            ],
            next_page_token=wire.page_token(page.next_before),
        )


def _ride_message(ride: Ride) -> rides_pb2.Ride:
    return wire_rides.ride_message(ride, with_note=True)


def _withhold_places(history: pb.GetRideHistoryResponse) -> None:
    """Leave out where somebody goes, what is carried and what was said: support is told what happened alone."""
    for message in (history.ride, *history.offers, *history.transitions):
        for name in ("pickup", "dropoff", "stops", "order", "delivery", "note", "words"):
            if name in message.DESCRIPTOR.fields_by_name:
                message.ClearField(name)  # pyright: ignore[reportArgumentType] (one that it has)


def _transition_message(move: RideMoveRecord) -> pb.RideTransition:
    return pb.RideTransition(
        version=move.version,
        from_state=rides_pb2.RIDE_STATE_UNSPECIFIED
        if move.from_state is None
        else wire_rides.RIDE_STATES[move.from_state],
        to_state=wire_rides.RIDE_STATES[move.to_state],
        occur_time=wire.timestamp(move.occurred_at),
        driver_id="" if move.driver_id is None else str(move.driver_id),
        reason=move.reason,
        words=move.words,
    )


def _wait_message(waits: Waits) -> pb.WaitSummary:
    return pb.WaitSummary(
        count=waits.count,
        mean_seconds=waits.mean_seconds,
        p50_seconds=waits.p50_seconds,
        p95_seconds=waits.p95_seconds,
    )
