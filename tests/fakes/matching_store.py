"""In memory: the store of rides, offers and shifts, with the checks of the database's own indexes."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from matching_service.domain.city_versions import PolicyVersion
from matching_service.domain.edit import UNDER_WAY_STATES, EditState, RideEdit
from matching_service.domain.events import Event
from matching_service.domain.offer import ExclusionCause, Offer, OfferState
from matching_service.domain.ride import Ride
from matching_service.domain.ride_kind import RideKind
from matching_service.domain.ride_states import OWED_PAYMENT_STATES, TRANSITIONS, RideState
from matching_service.domain.run import Run, RunView
from matching_service.domain.share import Share
from matching_service.domain.shift import Shift
from matching_service.domain.trip_watch import TripAlert
from matching_service.use_cases.reader_ports import RideMoveRecord
from matching_service.use_cases.store_ports import DriverStanding, FeeConsent, RequestKey
from matching_service.use_cases.surge_ports import SurgeControlSet
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict
from shared_kernel.geo import GeoPoint
from shared_kernel.money import Money
from tests.fakes.matching_tables import AssignmentRow, SagaRow, Tables

_LEGAL = {(item.source, item.target) for item in TRANSITIONS}
FIRST_ATTEMPT_LEASE_SECONDS = 5.0


class MemoryStore:
    """The Store: one transaction at a time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.tables = Tables()
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[MemoryTransaction]:
        async with self._turn:
            before = copy.deepcopy(self.tables)
            try:
                yield MemoryTransaction(self)
            except BaseException:
                self.tables = before
                raise


class MemoryTransaction:
    """The Transaction, with the checks of the database's unique indexes."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._claimed: RequestKey | None = None

    @property
    def _tables(self) -> Tables:
        return self._store.tables

    async def claim(self, request: RequestKey) -> bytes | None:
        known = self._tables.keys.get((request.principal, request.method, request.key))
        if known is None:
            self._claimed = request
            return None
        if known[0] != request.fields:
            raise Conflict("idempotency_key_reused", "this key came before with a different request: make a new one")
        return known[1]

    async def complete(self, answer: bytes) -> None:
        request = self._claimed
        if request is None:
            raise ValueError("no key is claimed in this transaction")
        self._tables.keys[request.principal, request.method, request.key] = (request.fields, answer)

    async def first_time(self, event_id: UUID) -> bool:
        first = event_id not in self._tables.taken_in
        self._tables.taken_in.add(event_id)
        return first

    async def add_ride(self, ride: Ride) -> None:
        others = self._tables.rides.values()
        if any(other.quote_id == ride.quote_id for other in others):
            raise Conflict("quote_used", "")
        self._refuse_second(ride)
        self._refuse_overlap(ride)
        self._tables.rides[ride.id] = ride
        leased_until = ride.requested_at + timedelta(seconds=FIRST_ATTEMPT_LEASE_SECONDS)
        if ride.payment_state in OWED_PAYMENT_STATES:
            self._tables.sagas[ride.id] = SagaRow(ride.requested_at, leased_until)
        self._tables.moves[ride.id] = [_record(None, ride)]

    def _refuse_second(self, ride: Ride) -> None:
        """Whoever rides has one ride at a time; orders may be under way beside it."""
        rides = (ride, *self._tables.rides.values())
        live = {each.id for each in rides if each.rider_id == ride.rider_id and _is_live_ride(each)}
        if _is_live_ride(ride) and live != {ride.id}:
            raise Conflict("active_ride", "")

    def _refuse_overlap(self, ride: Ride) -> None:
        if ride.state is not RideState.SCHEDULED:
            return
        for other in self._tables.rides.values():
            mine = other.rider_id == ride.rider_id and other.id != ride.id
            if mine and other.state is RideState.SCHEDULED and _at_one_time(other, ride):
                raise Conflict("schedule_overlap", "")

    async def scheduled_count(self, rider_id: UUID) -> int:
        mine = (ride for ride in self._tables.rides.values() if ride.rider_id == rider_id)
        return sum(ride.state is RideState.SCHEDULED for ride in mine)

    async def lock_ride(self, ride_id: UUID, *, rider_id: UUID | None = None) -> Ride | None:
        ride = self._tables.rides.get(ride_id)
        return ride if ride is not None and rider_id in (None, ride.rider_id) else None

    async def save_ride(self, before: Ride, after: Ride) -> None:
        if self._tables.rides[before.id] != before:
            raise RuntimeError("a ride was saved that was not locked")
        self._refuse_overlap(after)
        self._refuse_second(after)
        if after.has_driver and after.driver is not None and not before.has_driver:
            await self._bind(after, after.driver.driver_id)
        if before.has_driver and after.has_driver and after.driver is not None and before.driver != after.driver:
            await self._swap(before, after, after.driver.driver_id)
        if before.has_driver and not after.has_driver:
            for row in self._tables.assignments:
                if row.ride_id == after.id and row.released_at is None:
                    row.released_at = after.ended_at or after.moved_at
        _check_seats(self._tables, before, after)
        if before.state is not after.state:
            if (before.state, after.state) not in _LEGAL:
                raise AssertionError(f"{before.state} to {after.state} is not in the table")
            self._tables.moves[after.id].append(_record(before.state, after))
        if before.payment_state is not after.payment_state:
            self._tables.sagas.pop(after.id, None)
            if after.payment_state in OWED_PAYMENT_STATES:
                self._tables.sagas[after.id] = SagaRow(self._store.clock.now(), None)
        self._tables.rides[after.id] = after

    async def _bind(self, after: Ride, driver_id: UUID) -> None:
        if after.sharing is not None and after.run_id in self._tables.runs:
            _check_slot(self._tables, after)
        elif await self.live_ride_id_of_driver(driver_id) is not None:
            raise Conflict("active_ride", "")
        bound_at = after.assigned_at or after.moved_at
        row = AssignmentRow(after.id, driver_id, bound_at, run_id=after.run_id, run_slot=after.run_slot or 0)
        self._tables.assignments.append(row)

    async def _swap(self, before: Ride, after: Ride, driver_id: UUID) -> None:
        if await self.live_ride_id_of_driver(driver_id) is not None:
            raise Conflict("active_ride", "")
        self._change_over(before, after)

    def _change_over(self, before: Ride, after: Ride) -> None:
        assert after.driver is not None
        for row in self._tables.assignments:
            if row.ride_id == after.id and row.released_at is None:
                row.released_at = after.moved_at
        moved_at = after.assigned_at or after.moved_at
        self._tables.assignments.append(AssignmentRow(after.id, after.driver.driver_id, moved_at))
        self._tables.moves[after.id].append(_record(before.state, after))

    async def save_ring(self, moves: Sequence[tuple[Ride, Ride]]) -> None:
        for before, after in moves:
            if self._tables.rides[before.id] != before:
                raise RuntimeError("a ride was saved that was not locked")
            self._change_over(before, after)
            self._tables.rides[after.id] = after

    async def live_ride_id_of_driver(self, driver_id: UUID) -> UUID | None:
        for ride in self._tables.rides.values():
            if ride.has_driver and ride.driver is not None and ride.driver.driver_id == driver_id:
                return ride.id
        return None

    async def lock_run(self, driver_id: UUID) -> RunView | None:
        return self._tables.run_of(driver_id)

    async def run_of(self, driver_id: UUID) -> RunView | None:
        return self._tables.run_of(driver_id)

    async def add_run(self, run: Run) -> None:
        if await self.live_ride_id_of_driver(run.driver_id) is not None:
            raise Conflict("active_ride", "")
        self._tables.runs[run.id] = run

    async def save_plan(self, run: Run) -> None:
        self._tables.runs[run.id] = run

    async def find_offer(self, offer_id: UUID, driver_id: UUID) -> Offer | None:
        offer = self._tables.offers.get(offer_id)
        return offer if offer is not None and offer.driver_id == driver_id else None

    async def open_offers_of_ride(self, ride_id: UUID) -> list[Offer]:
        mine = [offer for offer in self._tables.open_offers() if offer.ride_id == ride_id]
        return sorted(mine, key=lambda offer: offer.slot)

    async def open_offer_of_driver(self, driver_id: UUID) -> Offer | None:
        return next((offer for offer in self._tables.open_offers() if offer.driver_id == driver_id), None)

    async def edit_count(self, ride_id: UUID) -> int:
        return sum(edit.ride_id == ride_id for edit in self._tables.edits.values())

    async def was_edited(self, ride_id: UUID, since: datetime) -> bool:
        mine = (edit for edit in self._tables.edits.values() if edit.ride_id == ride_id)
        return any(edit.state is EditState.APPLIED and edit.closed_at and edit.closed_at > since for edit in mine)

    async def add_edit(self, edit: RideEdit) -> None:
        self._tables.edits[edit.id] = edit

    async def lock_edit(self, ride_id: UUID, edit_id: UUID) -> RideEdit | None:
        edit = self._tables.edits.get(edit_id)
        return edit if edit is not None and edit.ride_id == ride_id else None

    async def save_edit(self, edit: RideEdit) -> None:
        others = (other for other in self._tables.edits.values() if other.id != edit.id)
        under_way = edit.state in UNDER_WAY_STATES
        if under_way and any(o.ride_id == edit.ride_id and o.state in UNDER_WAY_STATES for o in others):
            raise Conflict("edit_under_way", "")
        self._tables.edits[edit.id] = edit
        self._tables.edit_timers.pop(edit.id, None)
        now = self._store.clock.now()
        if edit.state is EditState.AWAITING_DRIVER and edit.answer_until is not None:
            self._tables.edit_timers[edit.id] = SagaRow(edit.answer_until, None)
        elif edit.state is EditState.HOLD_PENDING:
            self._tables.edit_timers[edit.id] = SagaRow(now, now + timedelta(seconds=FIRST_ATTEMPT_LEASE_SECONDS))

    async def add_offer(self, offer: Offer) -> None:
        if await self.open_offer_of_driver(offer.driver_id) is not None:
            raise Conflict("driver_busy", "")
        if any(other.slot == offer.slot for other in await self.open_offers_of_ride(offer.ride_id)):
            raise Conflict("ride_offered", "")
        self._tables.offers[offer.id] = offer

    async def keep_fence(self, ride_id: UUID) -> int:
        return self._tables.fences.get(ride_id, 0)

    async def save_offer(self, offer: Offer) -> None:
        if self._tables.offers[offer.id].state is not OfferState.OPEN:
            raise RuntimeError("an offer was closed that was not open")
        self._tables.offers[offer.id] = offer

    async def take_up_offer(self, offer: Offer) -> None:
        if self._tables.offers[offer.id].state is not OfferState.EXPIRED:
            raise RuntimeError("an offer was taken up that had not expired")
        self._tables.offers[offer.id] = offer
        if self._tables.exclusions.get((offer.ride_id, offer.driver_id)) is ExclusionCause.EXPIRED:
            del self._tables.exclusions[offer.ride_id, offer.driver_id]
        self._tables.answers.remove((offer.driver_id, False))

    async def was_driver_of(self, ride_id: UUID, driver_id: UUID) -> bool:
        return any((row.ride_id, row.driver_id) == (ride_id, driver_id) for row in self._tables.assignments)

    async def excluded_for(self, ride_id: UUID, driver_id: UUID) -> ExclusionCause | None:
        return self._tables.exclusions.get((ride_id, driver_id))

    async def exclude(self, ride_id: UUID, driver_id: UUID, cause: ExclusionCause, now: datetime) -> None:
        self._tables.exclusions.setdefault((ride_id, driver_id), cause)

    async def may_take_cash(self, driver_id: UUID, currency_code: str) -> bool:
        return self._tables.standings.get((driver_id, currency_code), (0, True))[1]

    async def keep_standing(self, standing: DriverStanding, version: int) -> None:
        key = (standing.driver_id, standing.currency_code)
        if key not in self._tables.standings or version > self._tables.standings[key][0]:
            self._tables.standings[key] = (version, standing.cash_allowed)

    async def lock_shift(self, driver_id: UUID) -> Shift | None:
        return self._tables.open_shift(driver_id)

    async def keep_shift_open(self, driver_id: UUID) -> Shift | None:
        return self._tables.open_shift(driver_id)

    async def last_shift(self, driver_id: UUID) -> Shift | None:
        mine = [shift for shift in self._tables.shifts.values() if shift.driver_id == driver_id]
        return max(mine, key=lambda shift: shift.id, default=None)

    async def add_shift(self, shift: Shift) -> None:
        if self._tables.open_shift(shift.driver_id) is not None:
            raise Conflict("shift_open", "")
        self._tables.shifts[shift.id] = shift

    async def save_shift(self, shift: Shift) -> None:
        self._tables.shifts[shift.id] = shift

    async def count_answer(self, driver_id: UUID, *, accepted: bool) -> None:
        self._tables.answers.append((driver_id, accepted))

    async def count_earnings(self, driver_id: UUID, earnings: Money) -> None:
        self._tables.earnings.append((driver_id, earnings))

    async def headings_since(self, driver_id: UUID, since: datetime) -> list[datetime]:
        return [set_at for driver, set_at in self._tables.headings if driver == driver_id and set_at > since]

    async def add_heading(self, driver_id: UUID, destination: GeoPoint, now: datetime) -> None:
        self._tables.headings.append((driver_id, now))

    async def keep_share(self, made: Share, *, is_sent: bool) -> None:
        raise NotImplementedError("links are tested on Postgres")

    async def prolong_share(self, ride_id: UUID, until: datetime) -> None:
        """There are no links here; they are tested on Postgres."""

    async def raise_alert(self, alert: TripAlert) -> bool:
        raise NotImplementedError("alerts are tested on Postgres")

    async def note_arriving(self, ride_id: UUID, driver_id: UUID, since: datetime, now: datetime) -> bool:
        raise NotImplementedError("drivers who are about to be there are tested on Postgres")

    async def owe_rating_reminder(self, ride_id: UUID, due_at: datetime) -> None:
        self._tables.ratings_due[ride_id] = due_at

    async def take_rating_reminder(self, ride_id: UUID, now: datetime) -> bool:
        raise NotImplementedError("ratings are tested on Postgres")

    async def is_driver_rated(self, ride_id: UUID) -> bool:
        raise NotImplementedError("ratings are tested on Postgres")

    async def keep_consent(self, consent: FeeConsent) -> None:
        self._tables.consents[consent.ride_id] = consent

    async def consent_of(self, ride_id: UUID) -> FeeConsent | None:
        return self._tables.consents.get(ride_id)

    async def latest_policy_version(self, city: str) -> int:
        return max((version for name, version in self._tables.policies if name == city), default=0)

    async def add_policy(self, version: PolicyVersion) -> None:
        self._tables.policies[version.city, version.version] = version

    async def add_surge_control(self, control: SurgeControlSet) -> None:
        self._tables.surge_controls.append(control)

    async def tell(self, event: Event) -> None:
        self._tables.events.append(event)


def _check_slot(tables: Tables, ride: Ride) -> None:
    """As the database's index on the slots of a run does."""
    others = (other for other in tables.rides.values() if other.id != ride.id and other.run_id == ride.run_id)
    if any(other.has_driver and other.run_slot == ride.run_slot for other in others):
        raise Conflict("run_full", "")


def _check_seats(tables: Tables, before: Ride, ride: Ride) -> None:
    """As the database's trigger does when a party gets in."""
    if ride.sharing is None or ride.state is not RideState.IN_PROGRESS or before.state is ride.state:
        return
    run = tables.runs.get(ride.run_id) if ride.run_id else None
    inside = [
        other.passengers
        for other in tables.rides.values()
        if other.id != ride.id and other.run_id == ride.run_id and other.state is RideState.IN_PROGRESS
    ]
    if run is not None and sum(inside) + ride.passengers > run.seats:
        raise Conflict("no_seat_left", "")


def _is_live_ride(ride: Ride) -> bool:
    return ride.is_active and ride.kind is not RideKind.DELIVERY


def _at_one_time(one: Ride, other: Ride) -> bool:
    def period(ride: Ride) -> tuple[datetime, datetime]:
        begins = ride.schedule.pickup_at if ride.schedule else ride.requested_at
        return begins, begins + timedelta(seconds=max(60, ride.trip_seconds))

    (begins, ends), (others_begin, others_end) = period(one), period(other)
    return begins < others_end and others_begin < ends


def _record(before: RideState | None, ride: Ride) -> RideMoveRecord:
    driver_id = ride.driver.driver_id if ride.driver else None
    return RideMoveRecord(ride.version, before, ride.state, ride.moved_at, driver_id, ride.reason, ride.words)
