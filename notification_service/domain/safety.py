"""Calls for help and the people they reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MAX_CONTACTS = 5


@dataclass(frozen=True, slots=True)
class TrustedContact:
    """Somebody who is written to in an emergency; they need no account."""

    contact_id: UUID
    name: str
    phone_number: str


@dataclass(frozen=True, slots=True)
class Sos:
    """A call for help: who, on which ride as they say, where, and how many were written to."""

    sos_id: UUID
    account_id: UUID
    ride_id: UUID | None
    latitude: float
    longitude: float
    contact_count: int
    raised_at: datetime

    @property
    def link(self) -> str:
        """A map that shows where they are."""
        return map_link(self.latitude, self.longitude)


def map_link(latitude: float, longitude: float) -> str:
    """Return a map that shows a place."""
    north, east = f"{latitude:.5f}", f"{longitude:.5f}"
    return f"https://www.openstreetmap.org/?mlat={north}&mlon={east}#map=17/{north}/{east}"
