"""An offer: a ride proposed to one driver for some seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from matching_service.domain.delivery import DeliveryOrder
from matching_service.domain.pooling import PlanStop
from matching_service.domain.quote import Place
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.terms import Funding
from shared_kernel.errors import Conflict
from shared_kernel.money import Money

MAX_BROADCAST_OFFERS = 10
"""So many offers of one ride may be open at once, by the database's own check."""


class OfferState(StrEnum):
    """Where an offer stands; the names are those of the contract's OfferState."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ExclusionCause(StrEnum):
    """Why a driver is not asked for a ride again."""

    DECLINED = "declined"
    EXPIRED = "expired"
    GAVE_BACK = "gave_back"
    REASSIGNED = "reassigned"
    """An operator took the ride from them."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A ride proposed to a driver, with what the driver needs to decide. `cost` is dispatch's, in seconds."""

    id: UUID
    ride_id: UUID
    driver_id: UUID
    state: OfferState
    created_at: datetime
    expires_at: datetime
    pickup_eta_seconds: int
    cost: float
    pickup: Place
    dropoff: Place
    distance_meters: int
    earnings: Money
    funding: Funding
    """Of the ride; cash is for the driver to collect."""
    closed_at: datetime | None = None
    slot: int = 0
    """0: the ride's only offer. Of a broadcast, its number among those open at once, from 1 on."""
    stops: tuple[Place, ...] = ()
    passengers: int = 1
    pickup_at: datetime | None = None
    """When the rider is to be picked up; None for a ride now."""
    kind: RideKind = RideKind.PRIVATE
    order: DeliveryOrder | None = None
    """What a delivery carries, without phone numbers."""
    run_id: UUID | None = None
    """Of a pooled ride that joins a run: which one."""
    plan: tuple[PlanStop, ...] = ()
    """The run's stops with the ride in them; empty for a ride that begins a run."""

    def is_due(self, now: datetime) -> bool:
        """Whether the time to answer is over: the moment of expiry itself no longer counts."""
        return now >= self.expires_at

    def is_over(self, now: datetime, grace_seconds: int) -> bool:
        """Whether it is too late for an accept, also with the grace."""
        return now >= self.expires_at + timedelta(seconds=grace_seconds)

    def accepted_late(self, now: datetime) -> Offer:
        """Take up an offer that has run out; of all closed ones it alone may change, and only to this."""
        if self.state is not OfferState.EXPIRED:
            raise Conflict(f"offer_{self.state}", f"the offer was {self.state}")
        return replace(self, state=OfferState.ACCEPTED, closed_at=now)

    def closed(self, state: OfferState, now: datetime) -> Offer:
        """Close an open offer; a closed one never changes again (`offer_<state>`)."""
        self.refuse_unless_open()
        return replace(self, state=state, closed_at=now)

    def refuse_unless_open(self) -> None:
        """Raise the Conflict that tells a driver why the offer can no longer be answered."""
        if self.state is not OfferState.OPEN:
            raise Conflict(f"offer_{self.state}", f"the offer was {self.state}")
