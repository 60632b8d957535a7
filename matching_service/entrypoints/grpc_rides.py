"""RideService over gRPC."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import grpc

from chassis.auth import Actor, Role, current_actor
from matching_service.domain.quote import Place
from matching_service.domain.ride import Ride
from matching_service.entrypoints import wire, wire_delivery, wire_rides
from matching_service.use_cases.cancel_ride import CancelRide
from matching_service.use_cases.create_quotes import CreateQuotes, CreateQuotesCommand
from matching_service.use_cases.decide_edits import AcceptRideEdit, ReadRideEdit
from matching_service.use_cases.get_ride_location import GetRideLocation
from matching_service.use_cases.list_nearby_drivers import ListNearbyDrivers
from matching_service.use_cases.preview_cancellation import PreviewCancellation
from matching_service.use_cases.quote_ride_edit import EditCommand, QuoteRideEdit
from matching_service.use_cases.read_rides import ReadRides
from matching_service.use_cases.request_ride import PaidBy, RequestRide
from ridesharing.matching.v1 import ride_service_pb2 as pb
from ridesharing.matching.v1 import ride_service_pb2_grpc, rides_pb2
from shared_kernel.errors import FieldViolation, InvalidInput

SERVICE_NAME = "ridesharing.matching.v1.RideService"
DEFAULT_PAGE = 50

Context = grpc.aio.ServicerContext[Any, Any]


class RideServicer(ride_service_pb2_grpc.RideServiceServicer):
    """What riders do; drivers, operators and other services read here too."""

    def __init__(
        self,
        *,
        create_quotes: CreateQuotes,
        request_ride: RequestRide,
        read_rides: ReadRides,
        get_ride_location: GetRideLocation,
        list_nearby_drivers: ListNearbyDrivers,
        preview_cancellation: PreviewCancellation,
        cancel_ride: CancelRide,
        edits: Edits,
    ) -> None:
        self._create_quotes = create_quotes
        self._request_ride = request_ride
        self._read = read_rides
        self._get_ride_location = get_ride_location
        self._list_nearby_drivers = list_nearby_drivers
        self._preview_cancellation = preview_cancellation
        self._cancel_ride = cancel_ride
        self._edits = edits

    async def CreateQuotes(self, request: pb.CreateQuotesRequest, context: Context) -> pb.CreateQuotesResponse:
        command = CreateQuotesCommand(
            _passenger(request.rider_id),
            wire.place_from(request.pickup),
            wire.place_from(request.dropoff),
            request.product or None,
            tuple(map(wire.place_from, request.stops)),
            request.passengers or 1,
            wire.moment_from(request.pickup_time, "pickup_time") if request.HasField("pickup_time") else None,
            without_promotion=request.without_promotion,
        )
        return pb.CreateQuotesResponse(quotes=map(wire_rides.quote_message, await self._create_quotes(command)))

    async def RequestRide(self, request: pb.RequestRideRequest, context: Context) -> pb.RequestRideResponse:
        actor = current_actor()
        ride = await self._request_ride(
            request.request_id,
            _passenger(request.rider_id),
            UUID(request.quote_id),
            PaidBy(
                wire.funding_from(request.funding),
                UUID(request.payment_method_id) if request.payment_method_id else None,
            ),
            request.note,
            wire_delivery.order_from(request.delivery) if request.HasField("delivery") else None,
            request.surge_consent_token,
            request.accepted_detour_seconds,
            asked_by=actor.account_id,
        )
        return pb.RequestRideResponse(ride=_as_seen_by(actor, ride))

    async def GetRide(self, request: pb.GetRideRequest, context: Context) -> pb.GetRideResponse:
        actor = current_actor()
        owner = _owner(actor)
        ride = await self._read.get(UUID(request.ride_id), rider_id=owner.rider_id, driver_id=owner.driver_id)
        return pb.GetRideResponse(ride=_as_seen_by(actor, ride))

    async def GetCurrentRide(self, request: pb.GetCurrentRideRequest, context: Context) -> pb.GetCurrentRideResponse:
        actor = current_actor()
        owner = _owner(actor)
        return pb.GetCurrentRideResponse(
            ride=_as_seen_by(actor, await self._read.current(rider_id=owner.rider_id, driver_id=owner.driver_id))
        )

    async def ListRides(self, request: pb.ListRidesRequest, context: Context) -> pb.ListRidesResponse:
        actor = current_actor()
        owner = _owner(actor)
        before = wire.before_from(request.page_token)
        page = await self._read.page(
            request.page_size or DEFAULT_PAGE, before, rider_id=owner.rider_id, driver_id=owner.driver_id
        )
        return pb.ListRidesResponse(
            rides=[_as_seen_by(actor, ride) for ride in page.rides], next_page_token=wire.page_token(page.next_before)
        )

    async def ListScheduledRides(
        self, request: pb.ListScheduledRidesRequest, context: Context
    ) -> pb.ListScheduledRidesResponse:
        rides = await self._read.scheduled(current_actor().account_id)
        return pb.ListScheduledRidesResponse(rides=[_for_rider(ride) for ride in rides])

    async def GetRideLocation(self, request: pb.GetRideLocationRequest, context: Context) -> pb.GetRideLocationResponse:
        location = await self._get_ride_location(UUID(request.ride_id), current_actor().account_id)
        return pb.GetRideLocationResponse(
            point=wire.point_message(location.point), measure_time=wire.timestamp(location.measured_at)
        )

    async def ListNearbyDrivers(
        self, request: pb.ListNearbyDriversRequest, context: Context
    ) -> pb.ListNearbyDriversResponse:
        places = await self._list_nearby_drivers(wire.point_from(request.point))
        return pb.ListNearbyDriversResponse(points=map(wire.point_message, places))

    async def PreviewCancellation(
        self, request: pb.PreviewCancellationRequest, context: Context
    ) -> pb.PreviewCancellationResponse:
        preview = await self._preview_cancellation(current_actor().account_id, UUID(request.ride_id))
        return pb.PreviewCancellationResponse(
            fee=wire.money_message(preview.fee),
            fee_consent_token=preview.token,
            expire_time=wire.timestamp(preview.expires_at),
        )

    async def CancelRide(self, request: pb.CancelRideRequest, context: Context) -> pb.CancelRideResponse:
        ride = await self._cancel_ride(
            request.request_id,
            current_actor().account_id,
            UUID(request.ride_id),
            request.fee_consent_token,
            request.reason,
            request.expected_version or None,
        )
        return pb.CancelRideResponse(ride=_for_rider(ride))

    async def QuoteRideEdit(self, request: pb.QuoteRideEditRequest, context: Context) -> pb.QuoteRideEditResponse:
        actor = current_actor()
        edit = await self._edits.quote(
            request.request_id,
            actor.account_id,
            UUID(request.ride_id),
            _edit_command(request),
            rider_id=_owner(actor).rider_id,
        )
        return pb.QuoteRideEditResponse(edit=wire_rides.edit_message(edit))

    async def AcceptRideEdit(self, request: pb.AcceptRideEditRequest, context: Context) -> pb.AcceptRideEditResponse:
        actor = current_actor()
        edit = await self._edits.accept(
            request.request_id,
            actor.account_id,
            UUID(request.ride_id),
            UUID(request.edit_id),
            rider_id=_owner(actor).rider_id,
        )
        return pb.AcceptRideEditResponse(edit=wire_rides.edit_message(edit))

    async def GetRideEdit(self, request: pb.GetRideEditRequest, context: Context) -> pb.GetRideEditResponse:
        owner = _owner(current_actor())
        edit = await self._edits.read(
            UUID(request.ride_id), UUID(request.edit_id), rider_id=owner.rider_id, driver_id=owner.driver_id
        )
        return pb.GetRideEditResponse(edit=wire_rides.edit_message(edit))


class Edits(NamedTuple):
    """The use cases of edits."""

    quote: QuoteRideEdit
    accept: AcceptRideEdit
    read: ReadRideEdit


def _edit_command(request: pb.QuoteRideEditRequest) -> EditCommand:
    stops: tuple[UUID | Place, ...] | None = None
    if request.HasField("stops"):
        stops = tuple(
            UUID(choice.stop_id) if choice.stop_id else wire.place_from(choice.place) for choice in request.stops.stops
        )
    return EditCommand(
        wire.place_from(request.pickup) if request.HasField("pickup") else None,
        wire.place_from(request.dropoff) if request.HasField("dropoff") else None,
        stops,
        wire.moment_from(request.pickup_time, "pickup_time") if request.HasField("pickup_time") else None,
    )


def _books_for_others(actor: Actor) -> bool:
    return actor.role is not Role.RIDER


def _passenger(named: str) -> UUID:
    """Return who is to ride: riders themselves, and whom an operator names."""
    actor = current_actor()
    if _books_for_others(actor) == bool(named):
        return UUID(named) if named else actor.account_id
    if named:
        violation = FieldViolation("rider_id", "is for operators, who book for others")
        raise InvalidInput("rider_not_taken", "riders ask for themselves", violations=[violation])
    violation = FieldViolation("rider_id", "says for whom")
    raise InvalidInput("rider_required", "an operator books for somebody", violations=[violation])


class _Owner(NamedTuple):
    """Whose rides a caller may see: riders and drivers their own, operators and services all."""

    rider_id: UUID | None
    driver_id: UUID | None


def _owner(actor: Actor) -> _Owner:
    match actor.role:
        case Role.OPERATOR | Role.ADMIN | Role.SUPPORT | Role.SERVICE:
            return _Owner(None, None)
        case Role.DRIVER:
            return _Owner(None, actor.account_id)
        case _:
            return _Owner(actor.account_id, None)


def _as_seen_by(actor: Actor, ride: Ride) -> rides_pb2.Ride:
    match actor.role:
        case Role.RIDER:
            return _for_rider(ride)
        case Role.DRIVER:
            return wire_rides.driver_ride_message(ride)
        case Role.OPERATOR | Role.ADMIN:
            return wire_rides.ride_message(ride, with_note=True)
        case _:
            return wire_rides.ride_message(ride)


def _for_rider(ride: Ride) -> rides_pb2.Ride:
    return wire_rides.ride_message(ride, with_pin=True, with_note=True)
