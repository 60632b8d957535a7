"""What the service tells the others: facts in the past tense, each with the ride's (or shift's) version after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from matching_service.domain.complaint import Complaint
from matching_service.domain.edit import RideEdit
from matching_service.domain.offer import Offer
from matching_service.domain.ride import Ride
from matching_service.domain.shift import Shift
from matching_service.domain.trip_watch import TripAlert


@dataclass(frozen=True, slots=True)
class RideFact:
    """A fact about a ride; its aggregate is the ride."""

    ride: Ride
    occurred_at: datetime

    @property
    def aggregate_id(self) -> UUID:
        """The ride."""
        return self.ride.id

    @property
    def aggregate_version(self) -> int:
        """The ride's version after it."""
        return self.ride.version


class RideRequested(RideFact):
    """A rider asked for a ride."""


class RideScheduled(RideFact):
    """A rider asked for a ride ahead."""


class RideReminded(RideFact):
    """A scheduled pickup is near."""


class RidePaymentFailed(RideFact):
    """The hold was declined."""


@dataclass(frozen=True, slots=True)
class RideMatchingStarted(RideFact):
    """A driver is being looked for; also after an offer or an assignment ended."""

    former_driver_id: UUID | None = None
    """The driver who gave the ride back."""


class RideAssigned(RideFact):
    """A driver accepted."""


@dataclass(frozen=True, slots=True)
class RideDriverSwapped(RideFact):
    """Another driver is on the way instead of the former one, and earlier."""

    former_driver_id: UUID


@dataclass(frozen=True, slots=True)
class DriverArriving(RideFact):
    """The driver on the way is about to be at the pickup."""

    pickup_eta_seconds: int
    """From where the driver is now."""


class DriverArrived(RideFact):
    """The driver waits at the pickup."""


class TripStarted(RideFact):
    """The rider is in the vehicle."""


class StopReached(RideFact):
    """The driver waits at a stop on the way."""


class StopLeft(RideFact):
    """The trip goes on from a stop."""


class RideCompleted(RideFact):
    """The trip was made; a delivery was handed over."""


class DeliveryFailed(RideFact):
    """The goods of a delivery could not be handed over and go back to the shop."""


class OrderReturned(RideFact):
    """The goods of a delivery are back at the shop."""


@dataclass(frozen=True, slots=True)
class RideEditFact(RideFact):
    """A fact about an edit of a ride."""

    edit: RideEdit


class RideEditProposed(RideEditFact):
    """The driver is asked whether the trip may get so much longer."""


class RideEdited(RideEditFact):
    """The ride is what an edit made of it."""


class RideEditClosed(RideEditFact):
    """An edit that the rider accepted came to nothing."""


@dataclass(frozen=True, slots=True)
class RideCanceled(RideFact):
    """The ride ended before its trip: by the rider, the platform, or because the rider did not come."""

    former_driver_id: UUID | None = None
    """Who was bound to it or had its open offer."""


class RideUnmatched(RideFact):
    """The search window closed."""


class RidePaymentSettled(RideFact):
    """The payment came to its end."""


class RideRatingDue(RideFact):
    """The rider has not yet said how the ride was."""


@dataclass(frozen=True, slots=True)
class RideShared(RideFact):
    """The rider sends trusted contacts the link of the ride, whose secret only who sends it can read."""

    contact_ids: tuple[UUID, ...]
    sealed_token: bytes


@dataclass(frozen=True, slots=True)
class TripAlertRaised(RideFact):
    """A trip left its way or stands still, and its rider is asked whether all is well."""

    alert: TripAlert


@dataclass(frozen=True, slots=True)
class ComplaintDecided(RideFact):
    """A complaint of the ride came to its end: the money goes back, or an operator said no."""

    complaint: Complaint


@dataclass(frozen=True, slots=True)
class OfferFact:
    """A fact about an offer; its aggregate is the ride, so that all about a ride comes in order."""

    offer: Offer
    ride_version: int
    occurred_at: datetime

    @property
    def aggregate_id(self) -> UUID:
        """The ride."""
        return self.offer.ride_id

    @property
    def aggregate_version(self) -> int:
        """The ride's version after it."""
        return self.ride_version


class OfferCreated(OfferFact):
    """A ride was proposed to a driver."""


class OfferClosed(OfferFact):
    """An offer was declined, expired or was withdrawn."""


@dataclass(frozen=True, slots=True)
class ShiftFact:
    """A fact about a shift; version 1 is its start."""

    shift: Shift
    occurred_at: datetime

    @property
    def aggregate_id(self) -> UUID:
        """The shift."""
        return self.shift.id

    @property
    def aggregate_version(self) -> int:
        """The shift's version after it."""
        return self.shift.version


class ShiftStarted(ShiftFact):
    """A driver went online."""


class ShiftChanged(ShiftFact):
    """What a driver wants of the shift changed (a break, the last ride, a destination), or the device fell silent."""


class ShiftEnded(ShiftFact):
    """A driver went offline."""


Event = RideFact | OfferFact | ShiftFact
