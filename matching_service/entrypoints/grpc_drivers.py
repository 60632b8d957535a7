"""DriverService over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from matching_service.domain.ride import Ride
from matching_service.entrypoints import wire_delivery, wire_drivers, wire_rides
from matching_service.entrypoints.location_streams import LocationStreams
from matching_service.use_cases.accept_offer import AcceptOffer
from matching_service.use_cases.arrive_at_pickup import ArriveAtPickup
from matching_service.use_cases.cancel_assignment import CancelAssignment
from matching_service.use_cases.change_shift import ChangeShift
from matching_service.use_cases.collect_order import CollectOrder
from matching_service.use_cases.complete_trip import CompleteTrip
from matching_service.use_cases.decide_edits import AnswerRideEdit
from matching_service.use_cases.decline_offer import DeclineOffer
from matching_service.use_cases.end_shift import EndShift
from matching_service.use_cases.fail_delivery import FailDelivery
from matching_service.use_cases.hand_over_order import HandOver, HandOverOrder
from matching_service.use_cases.pass_stops import LeaveStop, ReachStop
from matching_service.use_cases.read_rides import ReadRides
from matching_service.use_cases.report_no_show import ReportNoShow
from matching_service.use_cases.return_order import ReturnOrder
from matching_service.use_cases.start_shift import StartShift
from matching_service.use_cases.start_trip import StartTrip
from matching_service.use_cases.take_break import TakeBreak
from ridesharing.matching.v1 import driver_service_pb2 as pb
from ridesharing.matching.v1 import driver_service_pb2_grpc
from shared_kernel.geo import GeoPoint

SERVICE_NAME = "ridesharing.matching.v1.DriverService"

Context = grpc.aio.ServicerContext[Any, Any]


class DriverServicer(driver_service_pb2_grpc.DriverServiceServicer):
    """What drivers do: shifts, offers, the ride."""

    def __init__(
        self,
        *,
        start_shift: StartShift,
        end_shift: EndShift,
        take_break: TakeBreak,
        change_shift: ChangeShift,
        read_rides: ReadRides,
        locations: LocationStreams,
        accept_offer: AcceptOffer,
        decline_offer: DeclineOffer,
        arrive_at_pickup: ArriveAtPickup,
        start_trip: StartTrip,
        reach_stop: ReachStop,
        leave_stop: LeaveStop,
        collect_order: CollectOrder,
        hand_over_order: HandOverOrder,
        fail_delivery: FailDelivery,
        return_order: ReturnOrder,
        answer_ride_edit: AnswerRideEdit,
        complete_trip: CompleteTrip,
        cancel_assignment: CancelAssignment,
        report_no_show: ReportNoShow,
    ) -> None:
        self._start_shift = start_shift
        self._end_shift = end_shift
        self._take_break = take_break
        self._change_shift = change_shift
        self._read = read_rides
        self._locations = locations
        self._accept_offer = accept_offer
        self._decline_offer = decline_offer
        self._arrive_at_pickup = arrive_at_pickup
        self._start_trip = start_trip
        self._reach_stop = reach_stop
        self._leave_stop = leave_stop
        self._collect_order = collect_order
        self._hand_over_order = hand_over_order
        self._fail_delivery = fail_delivery
        self._return_order = return_order
        self._answer_ride_edit = answer_ride_edit
        self._complete_trip = complete_trip
        self._cancel_assignment = cancel_assignment
        self._report_no_show = report_no_show

    async def StartShift(self, request: pb.StartShiftRequest, context: Context) -> pb.StartShiftResponse:
        capabilities = wire_delivery.capabilities_from(request.capabilities)
        shift = await self._start_shift(request.request_id, current_actor().account_id, capabilities)
        return pb.StartShiftResponse(shift=wire_drivers.shift_message(shift))

    async def EndShift(self, request: pb.EndShiftRequest, context: Context) -> pb.EndShiftResponse:
        driver_id = current_actor().account_id
        shift = await self._end_shift(request.request_id, driver_id)
        if shift.ended_at is not None:
            await self._locations.shift_ended(driver_id)
        return pb.EndShiftResponse(shift=wire_drivers.shift_message(shift))

    async def GetShift(self, request: pb.GetShiftRequest, context: Context) -> pb.GetShiftResponse:
        shift = await self._read.current_shift(current_actor().account_id)
        return pb.GetShiftResponse(shift=wire_drivers.shift_message(shift))

    async def TakeBreak(self, request: pb.TakeBreakRequest, context: Context) -> pb.TakeBreakResponse:
        shift = await self._take_break(request.request_id, current_actor().account_id, request.break_seconds)
        return pb.TakeBreakResponse(shift=wire_drivers.shift_message(shift))

    async def EndBreak(self, request: pb.EndBreakRequest, context: Context) -> pb.EndBreakResponse:
        shift = await self._change_shift.end_break(request.request_id, current_actor().account_id)
        return pb.EndBreakResponse(shift=wire_drivers.shift_message(shift))

    async def SetLastRide(self, request: pb.SetLastRideRequest, context: Context) -> pb.SetLastRideResponse:
        driver_id = current_actor().account_id
        shift = await self._change_shift.set_last_ride(request.request_id, driver_id, request.last_ride)
        return pb.SetLastRideResponse(shift=wire_drivers.shift_message(shift))

    async def SetHeading(self, request: pb.SetHeadingRequest, context: Context) -> pb.SetHeadingResponse:
        destination = None
        if request.HasField("destination"):
            destination = GeoPoint(request.destination.latitude, request.destination.longitude)
        shift = await self._change_shift.set_heading(request.request_id, current_actor().account_id, destination)
        return pb.SetHeadingResponse(shift=wire_drivers.shift_message(shift))

    async def StreamLocations(
        self, request_iterator: AsyncIterator[pb.StreamLocationsRequest], context: Context
    ) -> AsyncIterator[pb.StreamLocationsResponse]:
        async for response in self._locations.stream_locations(request_iterator):
            yield response

    async def ReportLocations(self, request: pb.ReportLocationsRequest, context: Context) -> pb.ReportLocationsResponse:
        return await self._locations.report_locations(request)

    async def GetCurrentOffer(self, request: pb.GetCurrentOfferRequest, context: Context) -> pb.GetCurrentOfferResponse:
        offer = await self._read.current_offer(current_actor().account_id)
        return pb.GetCurrentOfferResponse(offer=wire_drivers.offer_message(offer))

    async def AcceptOffer(self, request: pb.AcceptOfferRequest, context: Context) -> pb.AcceptOfferResponse:
        ride = await self._accept_offer(request.request_id, current_actor().account_id, UUID(request.offer_id))
        return pb.AcceptOfferResponse(ride=wire_rides.driver_ride_message(ride))

    async def GetPlan(self, request: pb.GetPlanRequest, context: Context) -> pb.GetPlanResponse:
        return pb.GetPlanResponse(
            stops=map(wire_drivers.plan_message, await self._read.plan(current_actor().account_id))
        )

    async def DeclineOffer(self, request: pb.DeclineOfferRequest, context: Context) -> pb.DeclineOfferResponse:
        offer = await self._decline_offer(request.request_id, current_actor().account_id, UUID(request.offer_id))
        return pb.DeclineOfferResponse(offer=wire_drivers.offer_message(offer))

    async def ArriveAtPickup(self, request: pb.ArriveAtPickupRequest, context: Context) -> pb.ArriveAtPickupResponse:
        ride = await self._arrive_at_pickup(request.request_id, current_actor().account_id, UUID(request.ride_id))
        return pb.ArriveAtPickupResponse(ride=wire_rides.driver_ride_message(ride))

    async def StartTrip(self, request: pb.StartTripRequest, context: Context) -> pb.StartTripResponse:
        ride = await self._start_trip(
            request.request_id, current_actor().account_id, UUID(request.ride_id), request.start_pin
        )
        return pb.StartTripResponse(ride=wire_rides.driver_ride_message(ride))

    async def ReachStop(self, request: pb.ReachStopRequest, context: Context) -> pb.ReachStopResponse:
        ride = await self._reach_stop(
            request.request_id, current_actor().account_id, UUID(request.ride_id), UUID(request.stop_id)
        )
        return pb.ReachStopResponse(ride=wire_rides.driver_ride_message(ride))

    async def LeaveStop(self, request: pb.LeaveStopRequest, context: Context) -> pb.LeaveStopResponse:
        ride = await self._leave_stop(
            request.request_id, current_actor().account_id, UUID(request.ride_id), UUID(request.stop_id)
        )
        return pb.LeaveStopResponse(ride=wire_rides.driver_ride_message(ride))

    async def CollectOrder(self, request: pb.CollectOrderRequest, context: Context) -> pb.CollectOrderResponse:
        ride = await self._collect_order(
            request.request_id, current_actor().account_id, UUID(request.ride_id), request.pickup_code
        )
        return pb.CollectOrderResponse(ride=wire_rides.driver_ride_message(ride))

    async def HandOverOrder(self, request: pb.HandOverOrderRequest, context: Context) -> pb.HandOverOrderResponse:
        hand_over = HandOver(
            wire_delivery.proof_kind_from(request.proof_kind),
            request.hand_over_pin,
            request.proof_reference,
            request.age_checked,
        )
        ride = await self._hand_over_order(
            request.request_id, current_actor().account_id, UUID(request.ride_id), hand_over
        )
        return pb.HandOverOrderResponse(ride=wire_rides.driver_ride_message(ride))

    async def FailDelivery(self, request: pb.FailDeliveryRequest, context: Context) -> pb.FailDeliveryResponse:
        ride = await self._fail_delivery(
            request.request_id,
            current_actor().account_id,
            UUID(request.ride_id),
            wire_delivery.failure_from(request.failure),
            request.reason,
        )
        return pb.FailDeliveryResponse(ride=wire_rides.driver_ride_message(ride))

    async def ReturnOrder(self, request: pb.ReturnOrderRequest, context: Context) -> pb.ReturnOrderResponse:
        ride = await self._return_order(
            request.request_id, current_actor().account_id, UUID(request.ride_id), request.received_by
        )
        return pb.ReturnOrderResponse(ride=wire_rides.driver_ride_message(ride))

    async def AnswerRideEdit(self, request: pb.AnswerRideEditRequest, context: Context) -> pb.AnswerRideEditResponse:
        edit = await self._answer_ride_edit(
            request.request_id,
            current_actor().account_id,
            UUID(request.ride_id),
            UUID(request.edit_id),
            agreed=request.agreed,
        )
        return pb.AnswerRideEditResponse(edit=wire_rides.edit_message(edit))

    async def CompleteTrip(self, request: pb.CompleteTripRequest, context: Context) -> pb.CompleteTripResponse:
        ride = await self._complete_trip(request.request_id, current_actor().account_id, UUID(request.ride_id))
        return pb.CompleteTripResponse(ride=wire_rides.driver_ride_message(ride))

    async def CancelAssignment(
        self, request: pb.CancelAssignmentRequest, context: Context
    ) -> pb.CancelAssignmentResponse:
        answer = await self._cancel_assignment(
            request.request_id, current_actor().account_id, UUID(request.ride_id), request.reason, _given_back
        )
        return pb.CancelAssignmentResponse.FromString(answer)

    async def ReportNoShow(self, request: pb.ReportNoShowRequest, context: Context) -> pb.ReportNoShowResponse:
        ride = await self._report_no_show(request.request_id, current_actor().account_id, UUID(request.ride_id))
        return pb.ReportNoShowResponse(ride=wire_rides.driver_ride_message(ride))


def _given_back(ride: Ride) -> bytes:
    return pb.CancelAssignmentResponse(ride=wire_rides.given_back_message(ride)).SerializeToString()
