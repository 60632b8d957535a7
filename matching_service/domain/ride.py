"""The ride: the whole life from request to end; what it is, and what all of its moves are made of.

The moves themselves stand beside it, by what they are about: `ride_payment` (the hold and what becomes of it),
`ride_schedule` (asked for ahead), `ride_search` (offers, and who drives), `ride_trip` (from the curb to the end),
`ride_route` (stops and edits), `ride_delivery` (goods in place of a rider) and `ride_cancels` (cancels, no-shows and
their fees). Each is a function that returns the ride after the move; nothing changes in place.

`version` grows by one with each fact told about the ride; several facts of one transaction take several numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from matching_service.domain.delivery import Delivery
from matching_service.domain.quote import Fare, FareLine, Place, Quote
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.ride_states import (
    ACTIVE_STATES,
    DRIVER_STATES,
    INITIAL_STATE,
    LIVE_STATES,
    PaymentState,
    RideMove,
    RideState,
    next_payment_state,
    next_state,
)
from matching_service.domain.run import Sharing
from matching_service.domain.schedule import Schedule
from matching_service.domain.shift import DriverFacts
from matching_service.domain.stops import Stop
from matching_service.domain.terms import Funding, RideTerms
from shared_kernel.errors import Conflict
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class Ride:
    """A ride.

    `fare` is the quoted one, on which the hold stands, from the start of the trip on with the driver's wait; `fee`
    replaces it as what is owed after a late cancel or a no-show, and comes beside it when a delivery was brought back.
    `driver` is the present driver, or after the end the one who was bound last. `payment_method_id` is the card's, and
    None for a wallet or cash.
    """

    id: UUID
    rider_id: UUID
    rider_name: str
    quote_id: UUID
    funding: Funding
    payment_method_id: UUID | None
    product: str
    pickup: Place
    dropoff: Place
    fare: Fare
    distance_meters: int
    note: str
    terms: RideTerms
    start_pin: str
    requested_at: datetime
    moved_at: datetime
    search_until: datetime
    """When the search for a driver is given up; while REQUESTED, when the hold is given up."""
    state: RideState = INITIAL_STATE
    payment_state: PaymentState = PaymentState.HOLD_PENDING
    version: int = 1
    pin_failures: int = 0
    fee: FareLine | None = None
    driver: DriverFacts | None = None
    pickup_eta_seconds: int | None = None
    promised_pickup_at: datetime | None = None
    """When the driver who accepted first would come: no swap may make it later."""
    swap_count: int = 0
    assigned_at: datetime | None = None
    arrived_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str = ""
    words: str = ""
    """What the person who made the last move gave as the cause; for the operator's eyes."""
    driver_silent_since: datetime | None = None
    """Since when the driver's device is not heard of, where a reader told; it stands in the driver's shift."""
    city: str = ""
    policy_version: int = 0
    """City and version of the policy that the quote was made by."""
    stops: tuple[Stop, ...] = ()
    passengers: int = 1
    trip_seconds: int = 0
    """Expected time from the pickup to the dropoff, stops included; 0 for rides of releases that did not keep it."""
    surge_permille: int = 1000
    kind: RideKind = RideKind.PRIVATE
    delivery: Delivery | None = None
    """The order of a delivery, and of no other kind."""
    held_minor: int = 0
    """What the hold stands on, in minor units of the fare's currency; 0 before it does."""
    route_version: int = 1
    """Grows with each stop that is reached or left and each edit: what an edit was made for must still be so."""
    driven_meters: int = 0
    driven_seconds: int = 0
    """What of the way lay behind the driver at the last edit during the trip, as it was planned and priced."""
    driven_to: GeoPoint | None = None
    """Where the driver was then."""
    driven_at: datetime | None = None
    schedule: Schedule | None = None
    """Of a ride that was asked for ahead."""
    sharing: Sharing | None = None
    """What the rider of a pooled ride agreed to."""
    promotion_id: UUID | None = None
    """The rider's promotion that the fare contains; its terms are `terms.discount`."""
    run_id: UUID | None = None
    """Of a pooled ride: the run of the driver that it is, or was to its end, part of, and its slot there."""
    run_slot: int | None = None

    @classmethod
    def requested(
        cls,
        ride_id: UUID,
        quote: Quote,
        terms: RideTerms,
        *,
        funding: Funding,
        payment_method_id: UUID | None,
        start_pin: str,
        rider_name: str,
        note: str,
        now: datetime,
        stops: tuple[Stop, ...] = (),
        kind: RideKind = RideKind.PRIVATE,
        delivery: Delivery | None = None,
        schedule: Schedule | None = None,
        sharing: Sharing | None = None,
    ) -> Self:
        """Ask for the ride of a quote, whose stops got ids. Raises Conflict `quote_expired`."""
        if quote.is_expired(now):
            raise Conflict("quote_expired", "the price is no longer promised; ask for a new quote")
        return cls(
            id=ride_id,
            rider_id=quote.rider_id,
            rider_name=rider_name,
            quote_id=quote.id,
            funding=funding,
            payment_method_id=payment_method_id,
            product=quote.product,
            pickup=quote.pickup,
            dropoff=quote.dropoff,
            fare=quote.fare,
            distance_meters=quote.distance_meters,
            note=note,
            terms=terms,
            start_pin=start_pin,
            city=quote.city,
            policy_version=quote.policy_version,
            requested_at=now,
            moved_at=now,
            search_until=terms.search_until(now, schedule),
            state=RideState.SCHEDULED if schedule else INITIAL_STATE,
            payment_state=PaymentState.HOLD_NOT_DUE if schedule else PaymentState.HOLD_PENDING,
            schedule=schedule,
            stops=stops,
            passengers=quote.passengers,
            trip_seconds=quote.trip_eta_seconds,
            surge_permille=quote.surge_permille,
            kind=kind,
            delivery=delivery,
            sharing=sharing,
            promotion_id=quote.promotion_id,
        )

    @property
    def is_active(self) -> bool:
        """Whether the ride is live and does not only wait for its time."""
        return self.state in ACTIVE_STATES

    @property
    def is_live(self) -> bool:
        """Whether the ride has not come to an end."""
        return self.state in LIVE_STATES

    @property
    def has_driver(self) -> bool:
        """Whether a driver is bound to the ride now."""
        return self.state in DRIVER_STATES

    @property
    def owed(self) -> Fare:
        """What the rider owes: the fee after a late cancel or no-show, fare and fee after a return, else the fare."""
        if self.fee is None:
            return self.fare
        carried = self.fare.lines if self.state is RideState.RETURNED else ()
        return Fare.of(self.fare.total.currency_code, [*carried, self.fee])

    @property
    def fee_amount(self) -> Money:
        """The fee; zero when none is owed."""
        return Money.zero(self.fare.total.currency_code) if self.fee is None else self.fee.amount

    @property
    def carried(self) -> Delivery:
        """The order of a delivery. Raises Conflict `not_a_delivery` for a ride of another kind."""
        if self.delivery is None:
            raise Conflict("not_a_delivery", "the ride carries a person, not an order")
        return self.delivery

    def waited_seconds(self, until: datetime) -> float:
        """Return how long the driver had waited for the rider at a moment."""
        return 0.0 if self.waits_from is None else max(0.0, (until - self.waits_from).total_seconds())

    @property
    def waits_from(self) -> datetime | None:
        """Since when the driver waits for the rider: who comes early to a scheduled ride, from its time on."""
        if self.arrived_at is None or self.schedule is None:
            return self.arrived_at
        return max(self.arrived_at, self.schedule.pickup_at)

    # What all moves are made of

    def told(self) -> Self:
        """Take the next version for a fact that does not move the ride itself (an offer closed)."""
        return replace(self, version=self.version + 1)

    def moved(self, move: RideMove, now: datetime) -> Self:
        """Make a move that the table has. Raises Conflict `invalid_transition`."""
        return replace(self, state=next_state(self.state, move), version=self.version + 1, moved_at=now, words="")

    def ended(self, move: RideMove, reason: str, now: datetime, *, collect: bool) -> Self:
        """Make the move that ends the ride: what is owed is collected from the hold, or the hold is released."""
        delivery = None if self.delivery is None else self.delivery.over()
        ended = replace(self.moved(move, now), reason=reason, ended_at=now, delivery=delivery)
        if self.payment_state is PaymentState.HOLD_PENDING:
            # The hold's outcome comes first; `hold_placed` then releases it.
            return ended
        if self.payment_state is PaymentState.HOLD_NOT_DUE:
            return ended.with_payment(PaymentState.VOIDED)
        return ended.with_payment(PaymentState.CAPTURE_PENDING if collect else PaymentState.VOID_PENDING)

    def with_payment(self, state: PaymentState) -> Self:
        """Move the payment alone: the version stays. Raises Conflict `invalid_transition`."""
        return replace(self, payment_state=next_payment_state(self.payment_state, state))
