"""MdsService over gRPC."""

from __future__ import annotations

from typing import Any

import grpc

from matching_service.domain.mds import VERSION, MdsTrip, MdsVehicle
from matching_service.entrypoints import wire
from matching_service.use_cases.export_mds import ExportMds
from ridesharing.matching.v1 import mds_service_pb2 as pb
from ridesharing.matching.v1 import mds_service_pb2_grpc

SERVICE_NAME = "ridesharing.matching.v1.MdsService"
_DEFAULT_TRIPS, _DEFAULT_VEHICLES = 100, 50

Context = grpc.aio.ServicerContext[Any, Any]


class MdsServicer(mds_service_pb2_grpc.MdsServiceServicer):
    """What agencies see of the fleet."""

    def __init__(self, export: ExportMds) -> None:
        self._export = export

    async def ExportTrips(self, request: pb.ExportTripsRequest, context: Context) -> pb.ExportTripsResponse:
        hour = wire.moment_from(request.hour_time, "hour_time")
        after = wire.before_from(request.page_token)
        page = await self._export.trips(hour, request.page_size or _DEFAULT_TRIPS, after)
        return pb.ExportTripsResponse(
            version=VERSION,
            provider_id=str(page.provider_id),
            trips=map(_trip_message, page.items),
            next_page_token=wire.page_token(page.next_after),
            made_time=wire.timestamp(page.made_at),
        )

    async def ExportVehicles(self, request: pb.ExportVehiclesRequest, context: Context) -> pb.ExportVehiclesResponse:
        before = wire.before_from(request.page_token)
        page = await self._export.vehicles(request.page_size or _DEFAULT_VEHICLES, before)
        return pb.ExportVehiclesResponse(
            version=VERSION,
            provider_id=str(page.provider_id),
            vehicles=map(_vehicle_message, page.items),
            next_page_token=wire.page_token(page.next_after),
            made_time=wire.timestamp(page.made_at),
        )


def _trip_message(trip: MdsTrip) -> pb.MdsTrip:
    return pb.MdsTrip(
        device_id=str(trip.device_id),
        trip_id=str(trip.trip_id),
        trip_type=trip.trip_type,
        start_time=wire.timestamp(trip.start_time),
        end_time=wire.timestamp(trip.end_time),
        start_location=wire.point_message(trip.start),
        end_location=wire.point_message(trip.end),
        duration_seconds=trip.duration_seconds,
        distance_meters=trip.distance_meters,
        passenger_count=trip.passenger_count,
        request_time=wire.timestamp(trip.request_time),
        payment_type=trip.payment_type,
        fare=wire.money_message(trip.fare),
        taxes=wire.money_message(trip.taxes),
        tolls=wire.money_message(trip.tolls),
        surcharge=wire.money_message(trip.surcharge),
        wheelchair_accessible=trip.wheelchair,
    )


def _vehicle_message(vehicle: MdsVehicle) -> pb.MdsVehicle:
    return pb.MdsVehicle(
        device_id=str(vehicle.device_id),
        vehicle_id=vehicle.plate,
        model=vehicle.model,
        color=vehicle.color,
        wheelchair_accessible=vehicle.wheelchair,
        vehicle_state=vehicle.state.value,
        event_type=vehicle.event_type,
        event_id=str(vehicle.event_id),
        event_time=wire.timestamp(vehicle.event_time),
        trip_id="" if vehicle.trip_id is None else str(vehicle.trip_id),
        heard_time=None if vehicle.heard_at is None else wire.timestamp(vehicle.heard_at),
        location=None if vehicle.place is None else wire.point_message(vehicle.place),
        telemetry_id=str(vehicle.telemetry_id),
    )
