"""Places that a rider keeps: home, work, and favourites."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

MOST_FAVORITES = 20


class PlaceKind(StrEnum):
    """What a place is to a person."""

    HOME = "home"
    WORK = "work"
    FAVORITE = "favorite"


@dataclass(frozen=True, slots=True)
class SavedPlace:
    """A place of a person's. All but its id and kind is kept sealed."""

    place_id: UUID
    kind: PlaceKind
    label: str
    latitude: float
    longitude: float
    address: str
