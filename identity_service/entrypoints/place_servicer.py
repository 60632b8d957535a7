"""PlaceService: where a rider often goes."""

from __future__ import annotations

from uuid import UUID

from chassis.auth import current_actor
from identity_service.domain.places import PlaceKind, SavedPlace
from identity_service.entrypoints.callers import Context
from identity_service.use_cases.keep_places import KeepPlaces
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.identity.v1 import place_service_pb2 as pb
from ridesharing.identity.v1 import place_service_pb2_grpc
from shared_kernel.ids import IdSource

SERVICE_NAME = "ridesharing.identity.v1.PlaceService"
_KINDS = {kind: pb.PlaceKind.Value(f"PLACE_KIND_{kind.upper()}") for kind in PlaceKind}
_KINDS_BY_NUMBER = {number: kind for kind, number in _KINDS.items()}


class PlaceServicer(place_service_pb2_grpc.PlaceServiceServicer):
    """See the contract."""

    def __init__(self, places: KeepPlaces, new_id: IdSource) -> None:
        self._places = places
        self._new_id = new_id

    async def ListPlaces(self, request: pb.ListPlacesRequest, context: Context) -> pb.ListPlacesResponse:
        found = await self._places.of(current_actor().account_id)
        return pb.ListPlacesResponse(places=[_message(place) for place in found])

    async def PutPlace(self, request: pb.PutPlaceRequest, context: Context) -> pb.PutPlaceResponse:
        point = request.place.point
        wanted = SavedPlace(
            UUID(request.place_id) if request.place_id else self._new_id(),
            _KINDS_BY_NUMBER[request.kind],
            request.label,
            point.latitude,
            point.longitude,
            request.place.address,
        )
        kept = await self._places.put(
            current_actor().account_id, request.request_id, wanted, known=bool(request.place_id)
        )
        return pb.PutPlaceResponse(place=_message(kept))

    async def DeletePlace(self, request: pb.DeletePlaceRequest, context: Context) -> pb.DeletePlaceResponse:
        await self._places.remove(current_actor().account_id, UUID(request.place_id))
        return pb.DeletePlaceResponse()


def _message(place: SavedPlace) -> pb.SavedPlace:
    point = geo_point_pb2.GeoPoint(latitude=place.latitude, longitude=place.longitude)
    return pb.SavedPlace(
        place_id=str(place.place_id),
        kind=_KINDS[place.kind],
        label=place.label,
        place=geo_point_pb2.Place(point=point, address=place.address),
    )
