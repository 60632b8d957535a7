"""Places that the caller keeps."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.places import SavedPlace, SavedPlacePath, SavedPlaceRequest, SavedPlaces, saved_place
from ridesharing.identity.v1 import place_service_pb2 as pb

routes = Routes("places", "Me", area="account")
_RIDER = (Role.RIDER,)


@routes.route("GET", "/me/places", roles=_RIDER, answer=SavedPlaces)
def list_places() -> SavedPlaces:
    """Return the caller's places."""
    answer = ask(edge().backends.places.ListPlaces, pb.ListPlacesRequest())
    return SavedPlaces(items=[saved_place(item) for item in answer.places])


@routes.route("POST", "/me/places", roles=_RIDER, answer=SavedPlace, status=201)
def keep_place(body: SavedPlaceRequest) -> SavedPlace:
    """Keep a place."""
    return saved_place(ask(edge().backends.places.PutPlace, body.message(call().key)).place)


@routes.route("PUT", "/me/places/<place_id>", roles=_RIDER, answer=SavedPlace, problems=(404,))
def change_place(path: SavedPlacePath, body: SavedPlaceRequest) -> SavedPlace:
    """Change a place."""
    return saved_place(ask(edge().backends.places.PutPlace, body.message(call().key, str(path.place_id))).place)


@routes.route("DELETE", "/me/places/<place_id>", roles=_RIDER, answer=None, problems=(404,))
def forget_place(path: SavedPlacePath) -> None:
    """Forget a place."""
    ask(edge().backends.places.DeletePlace, pb.DeletePlaceRequest(place_id=str(path.place_id)))
