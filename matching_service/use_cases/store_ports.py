"""The store as those who change rides, offers and shifts see it: one transaction, all that it can do on one page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from matching_service.domain.city_versions import PolicyVersion
from matching_service.domain.edit import RideEdit
from matching_service.domain.events import Event
from matching_service.domain.offer import ExclusionCause, Offer
from matching_service.domain.ride import Ride
from matching_service.domain.run import Run, RunView
from matching_service.domain.share import Share
from matching_service.domain.shift import Shift
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

    async def was_edited(self, ride_id: UUID, since: datetime) -> bool:
        """Tell whether an edit of a locked ride was applied after that."""
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
        """Store that an expired offer was accepted after all: its driver missed nothing, and may have the ride."""
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

    async def prolong_share(self, ride_id: UUID, until: datetime) -> None:
        """Let the link of a locked ride, if it has one, live until then at least."""
        ...

    async def keep_share(self, made: Share, *, is_sent: bool) -> None:
        """Keep the link of a locked ride in place of its former one, and count whether it is sent to contacts;
        Conflict `link_sent_too_often`."""
        ...

    async def raise_alert(self, alert: TripAlert) -> bool:
        """Store an alert of a locked ride and that its case was told; False if it was before, or all were."""
        ...

    async def note_arriving(self, ride_id: UUID, driver_id: UUID, since: datetime, now: datetime) -> bool:
        """Note that a rider is told that a driver is about to be there; False if this rider was, of this driver, since
        the driver was assigned."""
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
