"""Edits of a ride: another pickup, dropoff or other stops, at a price that is told first and stands until it expires.

QUOTED ── accepted by the rider ──▶ AWAITING_DRIVER ── driver agrees ──▶ HOLD_PENDING ── raised ──▶ APPLIED
   │            (much longer trips alone)  │ driver declines                  │ declined
   └─ of itself, when nothing is to wait for ▶ APPLIED                        ▼
                                           └────────▶ REFUSED ◀───────────────┘
An edit whose ride went on another way, ended, or whose driver did not answer, is LAPSED. When the hold stands and the
driver by then is not the one who agreed, that driver is asked: AWAITING_DRIVER (again).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from matching_service.domain.quote import Fare, Place
from matching_service.domain.schedule import Schedule
from matching_service.domain.stops import Stop
from shared_kernel.errors import Conflict, NotFound
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money


class EditState(StrEnum):
    """Where an edit stands; the names are those of the contract's EditState."""

    QUOTED = "quoted"
    AWAITING_DRIVER = "awaiting_driver"
    HOLD_PENDING = "hold_pending"
    APPLIED = "applied"
    REFUSED = "refused"
    LAPSED = "lapsed"


UNDER_WAY_STATES: Final = frozenset({EditState.AWAITING_DRIVER, EditState.HOLD_PENDING})
"""Accepted by the rider and not decided yet; a ride has at most one such edit."""
EDIT_TRANSITIONS: Final[frozenset[tuple[EditState, EditState]]] = frozenset(
    {
        (EditState.QUOTED, EditState.AWAITING_DRIVER),
        (EditState.QUOTED, EditState.HOLD_PENDING),
        (EditState.QUOTED, EditState.APPLIED),
        (EditState.AWAITING_DRIVER, EditState.HOLD_PENDING),
        (EditState.AWAITING_DRIVER, EditState.APPLIED),
        (EditState.AWAITING_DRIVER, EditState.REFUSED),
        (EditState.AWAITING_DRIVER, EditState.LAPSED),
        (EditState.HOLD_PENDING, EditState.AWAITING_DRIVER),
        (EditState.HOLD_PENDING, EditState.APPLIED),
        (EditState.HOLD_PENDING, EditState.REFUSED),
        (EditState.HOLD_PENDING, EditState.LAPSED),
    }
)


MAX_EDITS = 50
"""How many edits of a ride are priced, accepted or not."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a ride becomes by an edit: its places, and the whole way from the pickup with its price.

    `stops` are those that the driver has not left yet. Of the way, `driven_meters` and `driven_seconds` lie behind the
    driver, who was at `driven_to`; they are priced as they were planned, by the rates of the ride's quote.
    """

    pickup: Place
    dropoff: Place
    stops: tuple[Stop, ...]
    fare: Fare
    distance_meters: int
    trip_seconds: int
    driven_meters: int = 0
    driven_seconds: int = 0
    driven_to: GeoPoint | None = None
    schedule: Schedule | None = None
    """The new times of a scheduled ride; None where they stay."""


@dataclass(frozen=True, slots=True)
class RideEdit:
    """An edit. `route_version` is the ride's: another one means that the ride is no longer what was edited.

    `added_seconds` is what the rest of the trip gets longer by, below zero when shorter.
    """

    id: UUID
    ride_id: UUID
    made_by: UUID
    plan: Plan
    fare_before: Money
    added_seconds: int
    route_version: int
    created_at: datetime
    expires_at: datetime
    state: EditState = EditState.QUOTED
    reason: str = ""
    answer_until: datetime | None = None
    """Until when the driver may answer."""
    agreed_driver_id: UUID | None = None
    """The driver who agreed to the edit last, where one was asked."""
    closed_at: datetime | None = None

    @property
    def difference_minor(self) -> int:
        """What the ride gets dearer by, in minor units of its currency; below zero when cheaper."""
        return self.plan.fare.total.amount_minor - self.fare_before.amount_minor

    def accepted(self, route_version: int, now: datetime) -> Self:
        """Check that the edit can be accepted; its next state is the caller's to choose.

        Raises:
            Conflict: `edit_closed` (it was decided), `edit_expired`, `edit_outdated` (the ride went on meanwhile).
        """
        if self.state is not EditState.QUOTED:
            raise edit_closed(self)
        if now >= self.expires_at:
            raise Conflict("edit_expired", "the price of the edit is no longer promised; ask for a new one")
        if route_version != self.route_version:
            raise Conflict("edit_outdated", "the ride went on meanwhile; ask for a new price")
        return self

    def awaiting_driver(self, until: datetime) -> Self:
        """Ask the driver."""
        return replace(self._moved(EditState.AWAITING_DRIVER), answer_until=until)

    def agreed(self, driver_id: UUID) -> Self:
        """The driver who was asked agrees; what comes next is the caller's to choose."""
        return replace(self, agreed_driver_id=driver_id)

    def awaiting_hold(self) -> Self:
        """Have the hold raised."""
        return self._moved(EditState.HOLD_PENDING)

    def applied(self, now: datetime) -> Self:
        """The ride is what the edit made of it."""
        return replace(self._moved(EditState.APPLIED), closed_at=now)

    def refused(self, reason: str, now: datetime) -> Self:
        """The driver or the rider's bank said no: the ride stays as it was."""
        return replace(self._moved(EditState.REFUSED), reason=reason, closed_at=now)

    def lapsed(self, reason: str, now: datetime) -> Self:
        """The ride went on another way or ended, or nobody answered."""
        return replace(self._moved(EditState.LAPSED), reason=reason, closed_at=now)

    def _moved(self, state: EditState) -> Self:
        if (self.state, state) not in EDIT_TRANSITIONS:
            raise edit_closed(self)
        return replace(self, state=state)


def edit_closed(edit: RideEdit) -> Conflict:
    """Make the refusal for an edit that can no longer be decided."""
    return Conflict("edit_closed", f"the edit is {edit.state}", metadata={"edit_state": edit.state.value})


def edit_not_found() -> NotFound:
    """Make the refusal for an edit that does not exist or is of another ride."""
    return NotFound("edit_not_found", "the ride has no such edit")
