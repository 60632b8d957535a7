"""Places that riders keep."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rider_api.schemas.common import (
    Answer,
    OpenEnum,
    Parameters,
    Place,
    PlaceId,
    PlaceRequest,
    Request,
    place,
    public_id,
)
from ridesharing.identity.v1 import place_service_pb2 as pb

KINDS = OpenEnum(pb.PlaceKind.items(), "PLACE_KIND")


class SavedPlacePath(Parameters):
    """Names a place."""

    place_id: PlaceId


class SavedPlaceRequest(Request):
    """A place to keep. Home and work take the place of the one that stands."""

    kind: Literal["home", "work", "favorite"]
    label: str = Field(min_length=1, max_length=60, examples=["Home"])
    place: PlaceRequest

    def message(self, request_id: str, place_id: str = "") -> pb.PutPlaceRequest:
        """Write it for the contracts."""
        return pb.PutPlaceRequest(
            request_id=request_id,
            place_id=place_id,
            kind=pb.PlaceKind.Value(f"PLACE_KIND_{self.kind.upper()}"),
            label=self.label,
            place=self.place.message(),
        )


class SavedPlace(Answer):
    """A place that the caller keeps."""

    id: str = Field(examples=["plc_01h4556qpqexqvskwzpczs00jq"])
    kind: str = Field(examples=["home"])
    label: str
    place: Place


class SavedPlaces(Answer):
    """Home and work first, then favourites by name."""

    items: list[SavedPlace]


def saved_place(message: pb.SavedPlace) -> SavedPlace:
    """Convert a place."""
    return SavedPlace(
        id=public_id("plc", message.place_id),
        kind=KINDS.text(message.kind),
        label=message.label,
        place=place(message.place),
    )
