"""The ride: the whole life from request to end. Each method returns the ride after a move; nothing changes in place.

`version` grows by one with each fact told about the ride; several facts of one transaction take several numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from matching_service.domain import stops as stop_moves
from matching_service.domain.delivery import Delivery, DeliveryFailure, Proof
from matching_service.domain.edit import Plan
from matching_service.domain.quote import Fare, FareLine, FareLineKind, Place, Quote
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.ride_states import (
    ACTIVE_STATES,
    DRIVER_STATES,
    EDITABLE_STATES,
    INITIAL_STATE,
    LIVE_STATES,
    PICKUP_EDITABLE_STATES,
    PaymentState,
    RideMove,
    RideState,
    may_move,
    next_payment_state,
    next_state,
)
from matching_service.domain.run import Sharing
from matching_service.domain.schedule import Schedule
from matching_service.domain.shift import DriverFacts
from matching_service.domain.stops import Stop, StopState
from matching_service.domain.terms import Funding, RideTerms
from shared_kernel.errors import Conflict
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money

MAX_PIN_FAILURES = 5


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
            search_until=(schedule.pickup_at if schedule else now) + timedelta(seconds=terms.search_window_seconds),
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

    # The payment's moves

    def hold_placed(self, now: datetime) -> Self:
        """The hold stands: look for a driver; or, when the ride ended meanwhile, release it."""
        if not self.is_live:
            return replace(self, payment_state=self._pay(PaymentState.VOID_PENDING), version=self.version + 1)
        held = replace(self, payment_state=self._pay(PaymentState.HELD), held_minor=self.fare.total.amount_minor)
        if self.state is RideState.SCHEDULED:
            return replace(held, version=self.version + 1)
        return replace(held._moved(RideMove.PLACE_HOLD, now), search_until=self._search_until(now))

    def hold_declined(self, reason: str, now: datetime) -> Self:
        """The hold was declined: the ride is over, if it was not already."""
        declined = replace(self, payment_state=self._pay(PaymentState.HOLD_DECLINED))
        if not self.is_live:
            return replace(declined, version=self.version + 1)
        delivery = None if self.delivery is None else self.delivery.over()
        return replace(declined._moved(RideMove.DECLINE_HOLD, now), reason=reason, ended_at=now, delivery=delivery)

    def payment_settled(self, state: PaymentState) -> Self:
        """The capture or the release is done."""
        return replace(self, payment_state=self._pay(state), version=self.version + 1)

    # Offers

    def told(self) -> Self:
        """Take the next version for a fact that does not move the ride itself (an offer closed)."""
        return replace(self, version=self.version + 1)

    def offered(self, now: datetime) -> Self:
        """A driver has an open offer."""
        return self._moved(RideMove.MAKE_OFFER, now)

    def offer_closed(self, now: datetime) -> Self:
        """The driver declined or did not answer: look for another."""
        return self._moved(RideMove.CLOSE_OFFER, now)

    def assigned(self, driver: DriverFacts, pickup_eta_seconds: int, now: datetime) -> Self:
        """The driver accepted."""
        moved = self._moved(RideMove.ACCEPT_OFFER, now)
        return replace(
            moved,
            driver=driver,
            pickup_eta_seconds=pickup_eta_seconds,
            promised_pickup_at=now + timedelta(seconds=pickup_eta_seconds),
            assigned_at=now,
            reason="",
        )

    def swapped(self, driver: DriverFacts, pickup_eta_seconds: int, now: datetime) -> Self:
        """Another driver comes instead, no later than promised; cancelling is free anew, as after an assignment."""
        moved = self._moved(RideMove.SWAP_DRIVER, now)
        return replace(
            moved,
            driver=driver,
            pickup_eta_seconds=pickup_eta_seconds,
            swap_count=self.swap_count + 1,
            assigned_at=now,
        )

    def on_run(self, run_id: UUID, slot: int) -> Self:
        """Take a place in a driver's run, with the assignment."""
        return replace(self, run_id=run_id, run_slot=slot)

    # The driver's moves

    def arrived(self, now: datetime) -> Self:
        """The driver waits at the pickup."""
        return replace(self._moved(RideMove.ARRIVE, now), arrived_at=now)

    def pin_failed(self) -> Self:
        """Count a wrong PIN; the version stays, nobody is told."""
        return replace(self, pin_failures=self.pin_failures + 1)

    @property
    def pin_locked(self) -> bool:
        """Whether too many wrong PINs were entered."""
        return self.pin_failures >= MAX_PIN_FAILURES

    def started(self, now: datetime) -> Self:
        """The rider is in the vehicle; from here on the fare contains the driver's wait at the pickup."""
        moved = self._moved(RideMove.START_TRIP, now)
        fare = self.terms.with_waiting(self.fare, self._waited_seconds(now))
        return replace(moved, started_at=now, fare=fare, route_version=self.route_version + 1)

    def with_its_wait(self, fare: Fare) -> Fare:
        """Return another fare with what the driver's wait at the pickup cost, if the trip has begun."""
        return fare if self.started_at is None else self.terms.with_waiting(fare, self._waited_seconds(self.started_at))

    def _waited_seconds(self, until: datetime) -> float:
        waits_from = self._waits_from
        return 0.0 if waits_from is None else max(0.0, (until - waits_from).total_seconds())

    @property
    def _waits_from(self) -> datetime | None:
        """Since when the driver waits for the rider: who comes early to a scheduled ride, from its time on."""
        if self.arrived_at is None or self.schedule is None:
            return self.arrived_at
        return max(self.arrived_at, self.schedule.pickup_at)

    def completed(self, now: datetime) -> Self:
        """The trip was made: the fare is collected. From here on the payment only goes forward."""
        ended = self._ended(RideMove.COMPLETE_TRIP, "", now, collect=True)
        return replace(ended, stops=stop_moves.closed(self.stops, now))

    def stop_reached(self, stop_id: UUID, now: datetime) -> Self:
        """The driver is at a stop. Raises what `stop_moves.reached` does, and Conflict `not_under_way`."""
        self._refuse_unless_under_way()
        return self._on_the_way(stop_moves.reached(self.stops, stop_id, now))

    def stop_left(self, stop_id: UUID, now: datetime) -> Self:
        """The trip goes on from a stop. Raises what `stop_moves.left` does, and Conflict `not_under_way`."""
        self._refuse_unless_under_way()
        return self._on_the_way(stop_moves.left(self.stops, stop_id, now))

    @property
    def carried(self) -> Delivery:
        """The order of a delivery. Raises Conflict `not_a_delivery` for a ride of another kind."""
        if self.delivery is None:
            raise Conflict("not_a_delivery", "the ride carries a person, not an order")
        return self.delivery

    def hand_over_failed(self) -> Self:
        """Count a wrong hand-over PIN; the version stays, nobody is told."""
        return replace(self, delivery=self.carried.pin_failed())

    def handed_over(self, proof: Proof, now: datetime) -> Self:
        """The recipient has the goods: the ride is completed, with the proof of it."""
        return replace(self, delivery=self.carried.proven(proof)).completed(now)

    def delivery_failed(self, cause: DeliveryFailure, words: str, now: datetime) -> Self:
        """The goods cannot be handed over and go back to the shop."""
        failed = replace(self, delivery=self.carried.failed(cause))
        return replace(failed._moved(RideMove.FAIL_DELIVERY, now), reason=cause.value, words=words)

    def brought_back(self, proof: Proof, now: datetime) -> Self:
        """The shop has the goods again: the fare is collected, and the fee of the way back."""
        back = replace(self, delivery=self.carried.proven(proof))
        fee = self._fee(FareLineKind.RETURN_FEE, self.terms.return_fee_minor)
        return replace(back, fee=fee)._ended(RideMove.BRING_BACK, self.reason, now, collect=True)

    def given_back(self, words: str, now: datetime) -> Self:
        """The driver gave the ride back: look for another at the same fare, with a new window and fresh PIN tries."""
        return replace(self._without_driver(RideMove.GIVE_BACK, "driver_canceled", now), words=words)

    def reassigned(self, words: str, now: datetime) -> Self:
        """An operator took the ride from its driver: look for another at the same fare, as when it is given back."""
        return replace(self._without_driver(RideMove.GIVE_BACK, "operator_reassigned", now), words=words)

    # Before a scheduled pickup

    @property
    def _scheduled(self) -> Schedule:
        if self.schedule is None:
            raise Conflict("not_scheduled", "the ride was not asked for ahead")
        return self.schedule

    def hold_due(self) -> Self:
        """It is time to hold the fare."""
        return replace(
            self,
            schedule=self._scheduled.hold_seen_to(),
            payment_state=self._pay(PaymentState.HOLD_PENDING),
            version=self.version + 1,
        )

    def reminded(self) -> Self:
        """The rider is told that the pickup is near."""
        return replace(self, schedule=self._scheduled.reminded(), version=self.version + 1)

    def looked_for_drivers(self, next_look_at: datetime) -> Self:
        """It is too early to send one; the version stays, nobody is told."""
        return replace(self, schedule=self._scheduled.looked(next_look_at))

    def search_begun(self, now: datetime) -> Self:
        """Look for a driver now; or, while the hold's outcome is not known, wait for that as any ride does."""
        move = RideMove.BEGIN_SEARCH if self.payment_state is PaymentState.HELD else RideMove.AWAIT_HOLD
        begun = replace(self._moved(move, now), schedule=self._scheduled.looked(now))
        if begun.payment_state is PaymentState.HOLD_NOT_DUE:
            begun = replace(begun, payment_state=begun._pay(PaymentState.HOLD_PENDING))
        return replace(begun, search_until=self._search_until(max(now, self._scheduled.pickup_at)))

    # Edits

    def refuse_unless_editable(self, *, moves_pickup: bool) -> None:
        """Raise the Conflict that tells why an edit is not possible now: `not_editable`, `pickup_fixed`."""
        awaited = self.state is RideState.SCHEDULED and self.payment_state is PaymentState.HOLD_NOT_DUE
        paid_for = self.payment_state is PaymentState.HELD or awaited
        if self.state not in EDITABLE_STATES or self.kind is not RideKind.PRIVATE or not paid_for:
            raise Conflict(
                "not_editable",
                f"a {self.kind} ride that is {self.state} cannot be edited",
                metadata={"from_state": self.state.value},
            )
        if moves_pickup and self.state not in PICKUP_EDITABLE_STATES:
            raise Conflict("pickup_fixed", "the driver is there already: the pickup cannot be moved")

    @property
    def open_stops(self) -> tuple[Stop, ...]:
        """The stops that the driver has not left yet."""
        return tuple(stop for stop in self.stops if stop.state in (StopState.PENDING, StopState.REACHED))

    @property
    def passed_stops(self) -> tuple[Stop, ...]:
        """The stops that the driver has left."""
        return tuple(stop for stop in self.stops if stop.state in (StopState.LEFT, StopState.SKIPPED))

    def edited(self, plan: Plan, now: datetime) -> Self:
        """Go on by another plan: its fare is what is owed from now on."""
        return replace(
            self,
            pickup=plan.pickup,
            dropoff=plan.dropoff,
            stops=(*self.passed_stops, *plan.stops),
            fare=plan.fare,
            distance_meters=plan.distance_meters,
            trip_seconds=plan.trip_seconds,
            driven_meters=plan.driven_meters,
            driven_seconds=plan.driven_seconds,
            driven_to=plan.driven_to,
            driven_at=now if plan.driven_to is not None else None,
            schedule=self.schedule if plan.schedule is None else plan.schedule,
            search_until=self.search_until if plan.schedule is None else self._search_until(plan.schedule.pickup_at),
            route_version=self.route_version + 1,
            version=self.version + 1,
        )

    def hold_raised(self, total: Money) -> Self:
        """The hold stands on more."""
        return replace(self, held_minor=max(self.held_minor, total.amount_minor))

    def pickup_moved_far(self, now: datetime) -> Self:
        """The pickup went too far for the driver on the way: look for another, with a new window."""
        return self._without_driver(RideMove.MOVE_PICKUP_FAR, "pickup_moved", now)

    def no_show(self, now: datetime) -> Self:
        """The rider did not come within the waiting time: the fee is collected, unless the driver came late.

        Raises Conflict `too_early`.
        """
        next_state(self.state, RideMove.REPORT_NO_SHOW)
        if self._waits_from is not None:
            wait_until = self._waits_from + timedelta(seconds=self.terms.no_show_wait_seconds)
            if now < wait_until:
                raise Conflict(
                    "too_early",
                    "the rider still has time to come",
                    retry_after_seconds=(wait_until - now).total_seconds(),
                )
        late = self.driver_late(now)
        fee = None if late else self._fee(FareLineKind.NO_SHOW_FEE, self.terms.no_show_fee_minor)
        return replace(self, fee=fee)._ended(RideMove.REPORT_NO_SHOW, "rider_no_show", now, collect=fee is not None)

    # Ends from outside the trip

    def cancel_fee(self, now: datetime) -> Money:
        """Return the fee of a rider's cancel at this moment.

        Free until a driver is bound and for `free_cancel_seconds` after, and again when the driver is not there so long
        after the promised time; never more than what is held.

        Raises:
            Conflict: `not_cancellable`.
        """
        if not may_move(self.state, RideMove.CANCEL_BY_RIDER):
            raise not_cancellable(self)
        free_until = self.free_cancel_until
        en_route = self.state is RideState.DRIVER_EN_ROUTE
        free = free_until is not None and now < free_until and (en_route or self.schedule is not None)
        if not self.has_driver or self.driver_late(now) or free:
            return Money.zero(self.fare.total.currency_code)
        # At the pickup the driver no longer drives: the fee stays what it was at the arrival.
        until = min(self.arrived_at or now, now)
        driven_seconds = 0.0 if self.assigned_at is None else (until - self.assigned_at).total_seconds()
        fee = self._fee(FareLineKind.CANCEL_FEE, self.terms.cancel_fee_minor_after(driven_seconds))
        return Money.zero(self.fare.total.currency_code) if fee is None else fee.amount

    @property
    def free_cancel_until(self) -> datetime | None:
        """Until when a cancel stays free after the assignment, and of a scheduled ride before its time; or None."""
        if self.assigned_at is None:
            return None
        free_until = self.assigned_at + timedelta(seconds=self.terms.free_cancel_seconds)
        if self.schedule is None:
            return free_until
        return max(free_until, self.schedule.pickup_at - timedelta(seconds=self.terms.free_cancel_lead_seconds))

    def driver_late(self, now: datetime) -> bool:
        """Whether the driver is, or came, so late for the promised time that a cancel or no-show costs no fee."""
        grace_seconds = self.terms.late_grace_seconds
        if self.promised_pickup_at is None or grace_seconds is None:
            return False
        # Nobody is late before the time that was agreed on.
        agreed_at = self.promised_pickup_at if self.schedule is None else self.schedule.pickup_at
        promised_at = max(self.promised_pickup_at, agreed_at)
        return (self.arrived_at or now) >= promised_at + timedelta(seconds=grace_seconds)

    def canceled_by_rider(self, words: str, now: datetime) -> Self:
        """The rider canceled; a fee that is due is collected."""
        amount = self.cancel_fee(now)
        fee = FareLine(FareLineKind.CANCEL_FEE, amount) if amount.amount_minor else None
        ended = replace(self, fee=fee)._ended(RideMove.CANCEL_BY_RIDER, "rider_canceled", now, collect=fee is not None)
        return replace(ended, words=words)

    def canceled_by_platform(self, reason: str, words: str, now: datetime) -> Self:
        """The operator or the system canceled: nothing is owed. Raises Conflict `not_cancellable`."""
        if not may_move(self.state, RideMove.CANCEL_BY_PLATFORM):
            raise not_cancellable(self)
        return replace(self._ended(RideMove.CANCEL_BY_PLATFORM, reason, now, collect=False), words=words)

    def unmatched(self, now: datetime) -> Self:
        """The search window closed without a driver."""
        return self._ended(RideMove.CLOSE_SEARCH, "no_driver_available", now, collect=False)

    # Inside

    def _moved(self, move: RideMove, now: datetime) -> Self:
        return replace(self, state=next_state(self.state, move), version=self.version + 1, moved_at=now, words="")

    def _ended(self, move: RideMove, reason: str, now: datetime, *, collect: bool) -> Self:
        delivery = None if self.delivery is None else self.delivery.over()
        ended = replace(self._moved(move, now), reason=reason, ended_at=now, delivery=delivery)
        if self.payment_state is PaymentState.HOLD_PENDING:
            # The hold's outcome comes first; `hold_placed` then releases it.
            return ended
        if self.payment_state is PaymentState.HOLD_NOT_DUE:
            return replace(ended, payment_state=self._pay(PaymentState.VOIDED))
        owed = PaymentState.CAPTURE_PENDING if collect else PaymentState.VOID_PENDING
        return replace(ended, payment_state=self._pay(owed))

    def _pay(self, target: PaymentState) -> PaymentState:
        return next_payment_state(self.payment_state, target)

    def _without_driver(self, move: RideMove, reason: str, now: datetime) -> Self:
        return replace(
            self._moved(move, now),
            driver=None,
            pickup_eta_seconds=None,
            promised_pickup_at=None,
            assigned_at=None,
            arrived_at=None,
            run_id=None,
            run_slot=None,
            pin_failures=0,
            reason=reason,
            search_until=self._search_until(now),
        )

    def _on_the_way(self, stops: tuple[Stop, ...]) -> Self:
        return replace(self, stops=stops, route_version=self.route_version + 1, version=self.version + 1)

    def _refuse_unless_under_way(self) -> None:
        if self.state is not RideState.IN_PROGRESS:
            raise Conflict(
                "not_under_way", "the rider is not in the vehicle", metadata={"from_state": self.state.value}
            )

    def _search_until(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.terms.search_window_seconds)

    def _fee(self, kind: FareLineKind, amount_minor: int) -> FareLine | None:
        capped = min(amount_minor, self.fare.total.amount_minor)
        return FareLine(kind, Money(self.fare.total.currency_code, capped)) if capped > 0 else None


def not_cancellable(ride: Ride) -> Conflict:
    """Make the refusal of a cancel."""
    return Conflict(
        "not_cancellable", f"a ride that is {ride.state} cannot be canceled", metadata={"from_state": ride.state.value}
    )
