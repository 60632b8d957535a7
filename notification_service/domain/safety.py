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
        at = f"{self.latitude:.5f}"
        return f"https://www.openstreetmap.org/?mlat={at}&mlon={self.longitude:.5f}#map=17/{at}/{self.longitude:.5f}"
