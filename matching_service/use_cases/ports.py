"""All that rides, offers and shifts need from the outside, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from matching_service.domain.city import VehicleClass
from matching_service.domain.city_versions import PolicyVersion
from matching_service.domain.edit import RideEdit
from matching_service.domain.events import Event
from matching_service.domain.offer import ExclusionCause, Offer
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.run import Run, RunView
from matching_service.domain.share import Share
from matching_service.domain.shift import DriverFacts, Shift
from matching_service.domain.terms import ChargeLine
from matching_service.domain.trip_watch import TripAlert
from matching_service.use_cases.surge_ports import SurgeControlSet
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The key of a mutation: who asks, for what, the key the client keeps, and the fields that make it that request."""

    principal: UUID
    method: str
    key: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeeConsent:
    """What a rider was told a cancel costs. It speaks of one assignment and of no other."""

    ride_id: UUID
    token: str
    fee: Money
    assigned_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DriverStanding:
    """Whether a driver may take rides that are paid in cash in a currency, as payment_service told."""

    driver_id: UUID
    currency_code: str
    cash_allowed: bool


class Transaction(Protocol):
    """One transaction. Locks are taken ride, offer, run, shift, so that none waits for another in a ring.

    Adding what the database's unique indexes refuse is a Conflict: `active_ride`, `quote_used`, `driver_busy`,
    `ride_offered`, `shift_open`, `policy_moved_on`, `edit_under_way`,
    `schedule_overlap`.
    """

    async def claim(self, request: RequestKey) -> bytes | None:
        """Claim a key; the stored answer if the work was done before.

        Raises Conflict `idempotency_key_reused`, InFlight `request_in_flight`.
        """
        ...

    async def complete(self, answer: bytes) -> None:
        """Keep the answer of the claimed key, with the work."""
        ...

    async def first_time(self, event_id: UUID) -> bool:
        """Note an event with its effect; False if it was taken in before."""
        ...

    async def add_ride(self, ride: Ride) -> None: ...

    async def scheduled_count(self, rider_id: UUID) -> int:
        """Count a rider's scheduled rides, and keep others from adding to them."""
        ...

    async def lock_ride(self, ride_id: UUID, *, rider_id: UUID | None = None) -> Ride | None:
        """Return a ride and keep others from changing it; None if there is none, or not of this rider."""
        ...

    async def save_ride(self, before: Ride, after: Ride) -> None:
        """Store a locked ride after its moves; the history and the assignments follow from the difference."""
        ...

    async def save_ring(self, moves: Sequence[tuple[Ride, Ride]]) -> None:
        """Store locked rides that exchanged their drivers among themselves, as `save_ride` does one."""
        ...

    async def live_ride_id_of_driver(self, driver_id: UUID) -> UUID | None: ...

    async def lock_run(self, driver_id: UUID) -> RunView | None:
        """Return the driver's open run that parties may share, and keep others from joining or closing it.

        The run of a private ride or a delivery is none of these.
        """
        ...

    async def run_of(self, driver_id: UUID) -> RunView | None:
        """Return the same without a lock."""
        ...

    async def add_run(self, run: Run) -> None:
        """Open a run for a pooled ride that begins one; it closes by itself with the last of its rides."""
        ...

    async def save_plan(self, run: Run) -> None:
        """Store the order of stops of a locked run."""
        ...

    async def find_offer(self, offer_id: UUID, driver_id: UUID) -> Offer | None:
        """Return an offer made to this driver, or None."""
        ...

    async def open_offers_of_ride(self, ride_id: UUID) -> list[Offer]:
        """Return the open offer of a ride, or all of a broadcast, by their slots."""
        ...

    async def open_offer_of_driver(self, driver_id: UUID) -> Offer | None: ...

    async def edit_count(self, ride_id: UUID) -> int:
        """Count the edits of a locked ride."""
        ...

    async def add_edit(self, edit: RideEdit) -> None: ...

    async def lock_edit(self, ride_id: UUID, edit_id: UUID) -> RideEdit | None:
        """Return an edit of a locked ride and keep others from changing it."""
        ...

    async def save_edit(self, edit: RideEdit) -> None:
        """Store an edit after its move; Conflict `edit_under_way` where another one of the ride is."""
        ...

    async def add_offer(self, offer: Offer) -> None: ...

    async def keep_fence(self, ride_id: UUID) -> int:
        """Return the fence of the lease of the ride's shard, which nobody can take over before this transaction ends.

        Zero for a shard that no matcher ever owned.
        """
        ...

    async def save_offer(self, offer: Offer) -> None:
        """Store the close of an offer; the ride is locked, so the offer stands still."""
        ...

    async def take_up_offer(self, offer: Offer) -> None:
        """Store that an expired offer was accepted after all; its driver is no longer kept from the ride."""
        ...

    async def was_driver_of(self, ride_id: UUID, driver_id: UUID) -> bool:
        """Tell whether a ride was this driver's for a while."""
        ...

    async def excluded_for(self, ride_id: UUID, driver_id: UUID) -> ExclusionCause | None:
        """Return why the driver is not asked for that ride again; None of somebody who may be."""
        ...

    async def exclude(self, ride_id: UUID, driver_id: UUID, cause: ExclusionCause, now: datetime) -> None:
        """See to it that the driver is not asked for that ride again."""
        ...

    async def may_take_cash(self, driver_id: UUID, currency_code: str) -> bool:
        """Tell a driver's standing, true where none was told; while the shift is kept open it cannot change."""
        ...

    async def keep_standing(self, standing: DriverStanding, version: int) -> None:
        """Store a standing unless this or a later version of it is known."""
        ...

    async def lock_shift(self, driver_id: UUID) -> Shift | None:
        """Return the driver's open shift and keep others from changing it."""
        ...

    async def keep_shift_open(self, driver_id: UUID) -> Shift | None:
        """Return the driver's open shift, which cannot end before this transaction does."""
        ...

    async def last_shift(self, driver_id: UUID) -> Shift | None: ...

    async def add_shift(self, shift: Shift) -> None: ...

    async def save_shift(self, shift: Shift) -> None: ...

    async def count_answer(self, driver_id: UUID, *, accepted: bool) -> None:
        """Count an offer in the driver's open shift as accepted, or as declined or left unanswered."""
        ...

    async def count_earnings(self, driver_id: UUID, earnings: Money) -> None:
        """Add what a ride brought the driver to the open shift; the first one's currency is the shift's."""
        ...

    async def headings_since(self, driver_id: UUID, since: datetime) -> list[datetime]:
        """Return when the driver set a destination after that."""
        ...

    async def add_heading(self, driver_id: UUID, destination: GeoPoint, now: datetime) -> None:
        """Note that the driver set a destination; the shift is locked."""
        ...

    async def keep_share(self, made: Share, *, is_sent: bool) -> None:
        """Keep the link of a locked ride in place of its former one, and count whether it is sent to contacts;
        Conflict `link_sent_too_often`."""
        ...

    async def raise_alert(self, alert: TripAlert) -> bool:
        """Store an alert of a locked ride and that its case was told; False if it was before, or all were."""
        ...

    async def note_arriving(self, ride_id: UUID, driver_id: UUID, now: datetime) -> bool:
        """Note that a rider is told that a driver is about to be there; False if this rider was, of this driver."""
        ...

    async def owe_rating_reminder(self, ride_id: UUID, due_at: datetime) -> None:
        """Have the rider of a ride that ends here asked for stars at a time."""
        ...

    async def take_rating_reminder(self, ride_id: UUID, now: datetime) -> bool:
        """Take what is owed to the rider of a locked ride at a moment; False if nothing is, or somebody took it."""
        ...

    async def is_driver_rated(self, ride_id: UUID) -> bool:
        """Tell whether the rider of a ride has rated its driver."""
        ...

    async def keep_consent(self, consent: FeeConsent) -> None:
        """Store what the rider was told, in place of what was told before."""
        ...

    async def consent_of(self, ride_id: UUID) -> FeeConsent | None: ...

    async def latest_policy_version(self, city: str) -> int:
        """Return the number of the newest version of a city's policy, in force or not; 0 where it has none."""
        ...

    async def add_policy(self, version: PolicyVersion) -> None: ...

    async def add_surge_control(self, control: SurgeControlSet) -> None: ...

    async def tell(self, event: Event) -> None:
        """Write an event to be published once this transaction is committed."""
        ...


class Store(Protocol):
    """The service's own store."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Run a block in one transaction: committed at its end, rolled back when it raises."""
        ...


@dataclass(frozen=True, slots=True)
class RideMoveRecord:
    """One move of a ride's history."""

    version: int
    from_state: RideState | None
    to_state: RideState
    occurred_at: datetime
    driver_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class Waits:
    """How long something took, in seconds; zeros where nothing was measured."""

    count: int = 0
    mean_seconds: float = 0.0
    p50_seconds: float = 0.0
    p95_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RideSummary:
    """What became of the rides of a period."""

    count_by_state: dict[RideState, int] = field(default_factory=dict[RideState, int])
    double_assignment_count: int = 0
    request_to_offer: Waits = Waits()
    request_to_pickup: Waits = Waits()
    open_shift_count: int = 0
    offer_count: int = 0
    """Of these rides."""
    broadcast_offer_count: int = 0
    """Those of them that were open together with others of their ride."""


class RideReader(Protocol):
    """Reads that change nothing. Whose ride it is, is judged in the query. Lists are newest first."""

    async def ride(
        self, ride_id: UUID, *, rider_id: UUID | None = None, driver_id: UUID | None = None
    ) -> Ride | None: ...

    async def live_ride(self, *, rider_id: UUID | None = None, driver_id: UUID | None = None) -> Ride | None: ...

    async def rides(
        self,
        limit: int,
        *,
        before: UUID | None = None,
        rider_id: UUID | None = None,
        driver_id: UUID | None = None,
        states: frozenset[RideState] = frozenset(),
    ) -> list[Ride]: ...

    async def history(self, ride_id: UUID, limit: int) -> tuple[list[RideMoveRecord], list[Offer]]:
        """Return the first moves and offers, oldest first."""
        ...

    async def traceparent(self, ride_id: UUID) -> str:
        """Return that of the request for the ride; empty where there is none."""
        ...

    async def summary(self, since: datetime) -> RideSummary: ...

    async def open_offer(self, driver_id: UUID) -> Offer | None: ...

    async def run_of(self, driver_id: UUID) -> RunView | None:
        """Return the driver's open run that parties may share."""
        ...

    async def open_shift(self, driver_id: UUID) -> Shift | None: ...

    async def expired_offers(self, now: datetime, limit: int) -> list[Offer]:
        """Return open offers whose time is over, the oldest first."""
        ...

    async def due_schedules(self, now: datetime, limit: int) -> list[Ride]:
        """Return SCHEDULED rides that something is to be seen to of."""
        ...

    async def scheduled_rides(self, rider_id: UUID, limit: int) -> list[Ride]:
        """Return a rider's SCHEDULED rides, the next one first."""
        ...

    async def edit(self, ride_id: UUID, edit_id: UUID) -> RideEdit | None:
        """Return an edit of a ride."""
        ...

    async def due_ratings(self, now: datetime, limit: int) -> list[UUID]:
        """Return completed rides whose rider is to be asked for stars, the longest due first."""
        ...

    async def overdue_searches(self, now: datetime, limit: int) -> list[UUID]:
        """Return rides that are REQUESTED or MATCHING beyond their search window."""
        ...


class ShiftFilter(StrEnum):
    """Which open shifts an operator looks for."""

    ALL = "all"
    SILENT = "silent"
    ON_BREAK = "on_break"


@dataclass(frozen=True, slots=True)
class OpenShiftRecord:
    """An open shift, and the ride that its driver is bound to."""

    shift: Shift
    ride_id: UUID | None


@dataclass(frozen=True, slots=True)
class WatchedShift:
    """What is needed to see who fell silent; those on a break are not watched."""

    driver_id: UUID
    started_at: datetime
    is_silent: bool


class ShiftReader(Protocol):
    """Reads of shifts that change nothing."""

    async def open_shifts(self, limit: int, before: UUID | None, which: ShiftFilter) -> list[OpenShiftRecord]:
        """Return open shifts, newest first, after the one named."""
        ...

    async def watched(self) -> list[WatchedShift]:
        """Return every open shift that is not on a break."""
        ...

    async def due(self, now: datetime, limit: int) -> list[UUID]:
        """Return the drivers of open shifts with a timer that is over, the longest over first."""
        ...


@dataclass(frozen=True, slots=True)
class OwedStep:
    """A ride whose saga owes payment_service a call, leased to whoever claimed it.

    `attempts` were made before; `trace` is where its telemetry goes on (empty: with what is going on).
    """

    ride: Ride
    attempts: int
    trace: str = ""


class SagaQueue(Protocol):
    """The steps that are owed; a row each, so that a restart drops none."""

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedStep]:
        """Lease steps that are due to this replica; others skip them until the lease is over."""
        ...

    async def postpone(self, ride_id: UUID, state: PaymentState, until: datetime, error: str) -> None:
        """Give the lease back after an attempt without an outcome; nothing happens if the payment moved on."""
        ...


@dataclass(frozen=True, slots=True)
class OwedEdit:
    """An edit that is due: its driver's time is over, or its hold is to be raised.

    `attempts` were made before; `trace` is where its telemetry goes on (empty: with what is going on).
    """

    edit: RideEdit
    attempts: int
    trace: str = ""


class EditQueue(Protocol):
    """The edits under way, as rows with a time to come back to."""

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedEdit]:
        """Lease edits that are due to this replica; others skip them until the lease is over."""
        ...

    async def postpone(self, edit_id: UUID, until: datetime, error: str) -> None:
        """Give the lease back after an attempt without an outcome; nothing happens if the edit moved on."""
        ...


class PaymentStatus(StrEnum):
    """What payment_service says of a ride's payment."""

    PENDING = "pending"
    HELD = "held"
    EXPIRED = "expired"
    """The PSP let go of the hold by itself: what a capture would bring is owed by the rider."""
    DECLINED = "declined"
    CAPTURED = "captured"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class PaymentOutcome:
    """The payment after a call; PENDING asks to call again with the same key."""

    status: PaymentStatus
    decline_reason: str = ""


class Payments(Protocol):
    """payment_service. Errors are DomainErrors; Unknown and Unavailable ask to call again with the same key."""

    async def place_hold(self, key: str, ride: Ride, timeout_seconds: float) -> PaymentOutcome:
        """Ask for a hold of the quoted fare on the rider's card or wallet; for cash, to note that it comes in cash."""
        ...

    async def capture(
        self, key: str, ride_id: UUID, driver_id: UUID, lines: Sequence[ChargeLine], timeout_seconds: float
    ) -> PaymentOutcome: ...

    async def increment(self, key: str, ride_id: UUID, amount: Money, timeout_seconds: float) -> PaymentOutcome:
        """Ask for the hold of a ride to be raised to an amount. A decline is a Conflict: what was held still is."""
        ...

    async def void(self, key: str, ride_id: UUID, timeout_seconds: float) -> PaymentOutcome: ...


@dataclass(frozen=True, slots=True)
class DriverRecord:
    """A driver as identity_service knows one."""

    facts: DriverFacts
    vehicle_class: VehicleClass
    approved: bool


class Accounts(Protocol):
    """identity_service."""

    async def driver(self, driver_id: UUID) -> DriverRecord | None:
        """Return a driver's standing; None for an account that never applied."""
        ...

    async def first_name(self, account_id: UUID, timeout_seconds: float) -> str:
        """Return a rider's first name; empty where there is none or it is not told in time."""
        ...
