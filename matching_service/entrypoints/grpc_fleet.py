"""FleetService over gRPC."""

from __future__ import annotations

from typing import Any

import grpc

from matching_service.domain.fleet import FlyingOffer, LiveRide, PulseStep, VehicleState
from matching_service.entrypoints import wire, wire_rides
from matching_service.use_cases.list_trip_alerts import ListTripAlerts
from matching_service.use_cases.watch_fleet import FeelPulse, LookAtFleet, SeenVehicle, measured_at
from ridesharing.matching.v1 import fleet_service_pb2 as pb
from ridesharing.matching.v1 import fleet_service_pb2_grpc

SERVICE_NAME = "ridesharing.matching.v1.FleetService"
VEHICLE_STATES = {state: pb.VehicleState.Value(f"VEHICLE_STATE_{state.name}") for state in VehicleState}
_VEHICLES, _RIDES, _ALERTS = 500, 200, 50

Context = grpc.aio.ServicerContext[Any, Any]


class FleetServicer(fleet_service_pb2_grpc.FleetServiceServicer):
    """What operators watch."""

    def __init__(self, look: LookAtFleet, pulse: FeelPulse, list_alerts: ListTripAlerts) -> None:
        self._look = look
        self._pulse = pulse
        self._list_alerts = list_alerts

    async def GetFleet(self, request: pb.GetFleetRequest, context: Context) -> pb.GetFleetResponse:
        picture = await self._look(
            wire.point_from(request.southwest),
            wire.point_from(request.northeast),
            request.vehicle_limit or _VEHICLES,
            request.ride_limit or _RIDES,
        )
        return pb.GetFleetResponse(
            take_time=wire.timestamp(picture.taken_at),
            vehicles=map(_vehicle_message, picture.vehicles),
            vehicle_count=picture.vehicle_count,
            rides=map(_ride_message, picture.rides),
            offers=map(_offer_message, picture.offers),
        )

    async def GetPulse(self, request: pb.GetPulseRequest, context: Context) -> pb.GetPulseResponse:
        pulse = await self._pulse(wire.moment_from(request.since_time, "since_time"), request.step_seconds)
        standing = pulse.standing
        return pb.GetPulseResponse(
            take_time=wire.timestamp(pulse.taken_at),
            vehicles=[
                pb.VehicleStateCount(state=number, count=standing.vehicles[state])
                for state, number in VEHICLE_STATES.items()
                if state in standing.vehicles
            ],
            rides=[
                pb.LiveRideCount(state=number, count=standing.rides[state])
                for state, number in wire_rides.RIDE_STATES.items()
                if state in standing.rides
            ],
            open_offer_count=standing.open_offer_count,
            steps=map(_step_message, pulse.steps),
        )

    async def ListTripAlerts(self, request: pb.ListTripAlertsRequest, context: Context) -> pb.ListTripAlertsResponse:
        alerts, end = await self._list_alerts(request.page_size or _ALERTS, wire.before_from(request.page_token))
        return pb.ListTripAlertsResponse(
            alerts=map(wire_rides.alert_message, alerts), next_page_token=wire.page_token(end)
        )


def _vehicle_message(seen: SeenVehicle) -> pb.FleetVehicle:
    vehicle, position = seen
    return pb.FleetVehicle(
        driver_id=str(vehicle.driver_id),
        state=VEHICLE_STATES[vehicle.state],
        point=wire.point_message(position.point),
        measure_time=wire.timestamp(measured_at(position)),
        vehicle_class=vehicle.vehicle_class,
        driver_name=vehicle.driver_name,
        vehicle_plate=vehicle.vehicle_plate,
        ride_id="" if vehicle.ride_id is None else str(vehicle.ride_id),
    )


def _ride_message(ride: LiveRide) -> pb.FleetRide:
    return pb.FleetRide(
        ride_id=str(ride.id),
        state=wire_rides.RIDE_STATES[ride.state],
        product=ride.product,
        pickup=wire.point_message(ride.pickup),
        dropoff=wire.point_message(ride.dropoff),
        driver_id="" if ride.driver_id is None else str(ride.driver_id),
        request_time=wire.timestamp(ride.requested_at),
    )


def _offer_message(offer: FlyingOffer) -> pb.FleetOffer:
    return pb.FleetOffer(
        offer_id=str(offer.id),
        ride_id=str(offer.ride_id),
        driver_id=str(offer.driver_id),
        expire_time=wire.timestamp(offer.expires_at),
    )


def _step_message(step: PulseStep) -> pb.PulseStep:
    return pb.PulseStep(
        start_time=wire.timestamp(step.started_at),
        requested_count=step.requested_count,
        completed_count=step.completed_count,
        canceled_count=step.canceled_count,
        unmatched_count=step.unmatched_count,
        pickup_count=step.pickup_count,
        mean_wait_seconds=step.mean_wait_seconds,
        fares=map(wire.money_message, step.fares),
    )
