"""MapService over gRPC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import Role, current_actor
from matching_service.entrypoints import wire
from matching_service.use_cases.learn_travel_times import LearnTravelTimes
from matching_service.use_cases.read_ride_route import ReadRideRoute, RouteEnd, RouteLeg
from matching_service.use_cases.travel_time_ports import ToldTimes, TravelTimesVersion
from ridesharing.matching.v1 import map_service_pb2 as pb
from ridesharing.matching.v1 import map_service_pb2_grpc

SERVICE_NAME = "ridesharing.matching.v1.MapService"
DEFAULT_VERSIONS = 20
ROUTE_ENDS = {end: pb.RouteEnd.Value(f"ROUTE_END_{end.name}") for end in RouteEnd}

Context = grpc.aio.ServicerContext[Any, Any]


class MapServicer(map_service_pb2_grpc.MapServiceServicer):
    """What is known of streets and hours."""

    def __init__(
        self,
        *,
        learn_travel_times: LearnTravelTimes,
        ask_for_lesson: Callable[[], None],
        read_ride_route: ReadRideRoute,
    ) -> None:
        self._learn = learn_travel_times
        self._read_ride_route = read_ride_route
        self._ask_for_lesson = ask_for_lesson

    async def ListTravelTimes(self, request: pb.ListTravelTimesRequest, context: Context) -> pb.ListTravelTimesResponse:
        versions = await self._learn.versions(request.page_size or DEFAULT_VERSIONS)
        pickups, trips = await self._learn.told()
        return pb.ListTravelTimesResponse(
            travel_times=map(_version_message, versions), pickups=_told_message(pickups), trips=_told_message(trips)
        )

    async def LearnTravelTimes(
        self, request: pb.LearnTravelTimesRequest, context: Context
    ) -> pb.LearnTravelTimesResponse:
        self._ask_for_lesson()
        return pb.LearnTravelTimesResponse()

    async def GetRideRoute(self, request: pb.GetRideRouteRequest, context: Context) -> pb.GetRideRouteResponse:
        actor = current_actor()
        sees_all = actor.role in (Role.OPERATOR, Role.ADMIN, Role.SERVICE)
        route = await self._read_ride_route(
            UUID(request.ride_id),
            rider_id=None if sees_all or actor.role is Role.DRIVER else actor.account_id,
            driver_id=actor.account_id if actor.role is Role.DRIVER else None,
        )
        message = pb.GetRideRouteResponse(legs=map(_leg_message, route.legs))
        if route.measured_at is not None:
            message.measure_time.FromDatetime(route.measured_at)
        return message


def _leg_message(leg: RouteLeg) -> pb.RouteLeg:
    return pb.RouteLeg(
        end=ROUTE_ENDS[leg.end],
        place=wire.place_message(leg.place),
        distance_meters=leg.trip.meters,
        eta_seconds=leg.trip.seconds,
        polyline=leg.trip.polyline,
    )


def _told_message(told: ToldTimes) -> pb.ToldTimes:
    return pb.ToldTimes(count=told.rides, mean_error=told.mean_error, median_ratio=told.median_ratio)


def _version_message(version: TravelTimesVersion) -> pb.TravelTimes:
    return pb.TravelTimes(
        provider=version.provider,
        map_id=version.map_id,
        version=version.version,
        learn_time=wire.timestamp(version.learned_at),
        trip_count=version.trips,
        error_before=version.error_before,
        error_after=version.error_after,
        in_force=version.in_force,
        start_seconds=version.times.start_seconds,
        factors=version.times.factors,
    )
