"""Why a ride got the driver it got, or none yet: what a tick knew of the drivers around it, kept for operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Verdict(StrEnum):
    """What a tick made of a driver for a ride; the names are those of the contract's CandidateVerdict."""

    CHOSEN = "chosen"
    LOST = "lost"
    """The driver was chosen for another ride, since all pickups together take less time so."""
    DEARER = "dearer"
    """Another driver was chosen for this ride at less cost."""
    AWAITED = "awaited"
    """On the way to another ride, and chosen for this one as soon as somebody else comes there."""
    UNCHOSEN = "unchosen"
    """Weighed, and the ride got nobody: a choice that was not worth it by itself, or a search cut short."""
    TOO_FAR = "too_far"
    """The pickup would take longer than the city's cap."""
    STALE = "stale"
    """Not heard of for fifteen seconds."""
    BUSY = "busy"
    """With an offer or a ride, or on a break."""
    OFF_SHIFT = "off_shift"
    """Offline, or about to go."""
    WRONG_CLASS = "wrong_class"
    NOT_CAPABLE = "not_capable"
    """Has not what the ride needs, for example what a courier carries orders in."""
    DECLINED = "declined"
    """Declined this ride, did not answer it, or gave it back; or asked for it: nobody is their own driver."""
    NO_CASH = "no_cash"
    """Owes too much to take a ride in cash."""
    HEADING = "heading"
    """On the way home, and the ride goes elsewhere."""
    CONTENDED = "contended"
    """Chosen, and reserved by another matcher meanwhile."""
    REFUSED = "refused"
    """Chosen, and the database refused the offer: the driver was taken meanwhile."""


class Fate(StrEnum):
    """What became of a ride at a tick; the names are those of the contract's TickFate."""

    OFFERED = "offered"
    SWAP_OFFERED = "swap_offered"
    REROUTED = "rerouted"
    CONTENDED = "contended"
    DRIVER_TAKEN = "driver_taken"
    RIDE_GONE = "ride_gone"
    FENCED = "fenced"
    """Another matcher took the ride's shard over meanwhile."""
    LEFT_OVER = "left_over"
    """Drivers could have come; all were chosen for other rides, or none was worth it yet."""
    NOBODY = "nobody"
    """No driver around could have come."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A driver around a ride, and what the tick made of the two. Costs are in seconds, by the name of the term."""

    driver_id: UUID
    distance_meters: int
    verdict: Verdict
    pickup_eta_seconds: int | None = None
    cost_seconds: float | None = None
    terms: Mapping[str, float] = field(default_factory=dict[str, float])
    lost_to_ride_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """What one tick knew and did about one ride; `repeats` ticks before it came to the same."""

    ride_id: UUID
    ticked_at: datetime
    fate: Fate
    driver_id: UUID | None
    """Who was chosen."""
    waited_seconds: int
    drivers_seen: int
    drivers_free: int
    candidates: tuple[Candidate, ...]
    repeats: int = 0

    @property
    def gist(self) -> tuple[object, ...]:
        """What makes a tick worth telling apart from the last: not that everybody moved a little."""
        return self.fate, self.driver_id, frozenset((each.driver_id, each.verdict) for each in self.candidates)
