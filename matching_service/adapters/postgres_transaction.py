"""One transaction of the store in Postgres: all that it can do, on one page.

The statements stand with what they are about: rides in `postgres_ride_rows`, offers in `postgres_offer_rows`, drivers
and their shifts in `postgres_driver_rows`, and so on. Here is what all of these need: keys, and events to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import idempotency, inbox
from chassis.joined_traces import JoinedTraces
from chassis.outbox import OutgoingEvent, append_events
from matching_service.adapters import tables
from matching_service.adapters.postgres_after_rides import (
    is_driver_rated,
    keep_share,
    owe_rating_reminder,
    prolong_share,
    take_rating_reminder,
)
from matching_service.adapters.postgres_cities import add_policy, latest_version
from matching_service.adapters.postgres_complaints import PostgresComplaintRows
from matching_service.adapters.postgres_consents import consent_of, keep_consent
from matching_service.adapters.postgres_driver_rows import PostgresDriverRows
from matching_service.adapters.postgres_edits import PostgresEditRows
from matching_service.adapters.postgres_offer_rows import PostgresOfferRows
from matching_service.adapters.postgres_pickups import note_arriving
from matching_service.adapters.postgres_promotions import PostgresPromotionRows
from matching_service.adapters.postgres_ride_rows import PostgresRideRows
from matching_service.adapters.postgres_runs import add_run, open_run_of, save_plan, views_of
from matching_service.adapters.postgres_surge import add_control
from matching_service.adapters.postgres_trip_watch import raise_alert
from matching_service.adapters.ride_metrics import RideWaits
from matching_service.domain.city_versions import PolicyVersion
from matching_service.domain.edit import RideEdit
from matching_service.domain.events import Event
from matching_service.domain.offer import ExclusionCause, Offer
from matching_service.domain.ride import Ride
from matching_service.domain.run import Run, RunView
from matching_service.domain.share import Share
from matching_service.domain.shift import Shift
from matching_service.domain.trip_watch import TripAlert
from matching_service.use_cases.store_ports import DriverStanding, FeeConsent, RequestKey
from matching_service.use_cases.surge_ports import SurgeControlSet
from shared_kernel.clock import Clock
from shared_kernel.geo import GeoPoint
from shared_kernel.ids import IdSource
from shared_kernel.money import Money

EventMessage = Callable[[Event], Message]
"""Writes an event as its contract's message."""


class PostgresTransaction:
    """The Transaction of production."""

    def __init__(
        self,
        connection: AsyncConnection,
        event_message: EventMessage,
        clock: Clock,
        new_id: IdSource,
        traces: JoinedTraces,
    ) -> None:
        self._traces = traces
        self.waits = RideWaits()
        self._connection = connection
        self._event_message = event_message
        self._clock = clock
        self._new_id = new_id
        self._claimed: idempotency.Claimed | None = None
        self._events: list[OutgoingEvent] = []
        self.told = False
        self._rides = PostgresRideRows(connection, clock, traces, self.waits)
        self._offers = PostgresOfferRows(connection, self.waits)
        self._drivers = PostgresDriverRows(connection)
        self._edits = PostgresEditRows(connection, clock)
        self.promotions = PostgresPromotionRows(connection)
        self.complaints = PostgresComplaintRows(connection, clock)

    async def flush(self) -> None:
        """Write the events, at the end of the block."""
        self.told = bool(self._events)
        await append_events(self._connection, tables.outbox, self._events)

    async def claim(self, request: RequestKey) -> bytes | None:
        claimed = await idempotency.claim(
            self._connection,
            tables.idempotency_keys,
            principal=str(request.principal),
            method=request.method,
            key=request.key,
            fingerprint=idempotency.fingerprint(*request.fields),
            now=self._clock.now(),
        )
        if isinstance(claimed, idempotency.Replay):
            return claimed.response
        self._claimed = claimed
        return None

    async def complete(self, answer: bytes) -> None:
        if self._claimed is None:
            raise ValueError("no key is claimed in this transaction")
        await idempotency.complete(self._connection, tables.idempotency_keys, self._claimed, answer)

    async def first_time(self, event_id: UUID) -> bool:
        return await inbox.first_time(self._connection, tables.inbox_events, event_id, "matching")

    async def add_ride(self, ride: Ride) -> None:
        await self._rides.add(ride)

    async def scheduled_count(self, rider_id: UUID) -> int:
        return await self._rides.scheduled_count(rider_id)

    async def lock_ride(self, ride_id: UUID, *, rider_id: UUID | None = None) -> Ride | None:
        return await self._rides.lock(ride_id, rider_id)

    async def save_ride(self, before: Ride, after: Ride) -> None:
        await self._rides.save(before, after)

    async def save_ring(self, moves: Sequence[tuple[Ride, Ride]]) -> None:
        await self._rides.save_ring(moves)

    async def live_ride_id_of_driver(self, driver_id: UUID) -> UUID | None:
        return await self._rides.live_id_of_driver(driver_id)

    async def lock_run(self, driver_id: UUID) -> RunView | None:
        return next(iter(await views_of(self._connection, open_run_of(driver_id).with_for_update())), None)

    async def run_of(self, driver_id: UUID) -> RunView | None:
        return next(iter(await views_of(self._connection, open_run_of(driver_id))), None)

    async def add_run(self, run: Run) -> None:
        await add_run(self._connection, run)

    async def save_plan(self, run: Run) -> None:
        await save_plan(self._connection, run)

    async def find_offer(self, offer_id: UUID, driver_id: UUID) -> Offer | None:
        return await self._offers.find(offer_id, driver_id)

    async def open_offers_of_ride(self, ride_id: UUID) -> list[Offer]:
        return await self._offers.open_of_ride(ride_id)

    async def open_offer_of_driver(self, driver_id: UUID) -> Offer | None:
        return await self._offers.open_of_driver(driver_id)

    async def edit_count(self, ride_id: UUID) -> int:
        return await self._edits.count(ride_id)

    async def was_edited(self, ride_id: UUID, since: datetime) -> bool:
        return await self._edits.was_applied(ride_id, since)

    async def add_edit(self, edit: RideEdit) -> None:
        await self._edits.add(edit)

    async def lock_edit(self, ride_id: UUID, edit_id: UUID) -> RideEdit | None:
        return await self._edits.lock(ride_id, edit_id)

    async def save_edit(self, edit: RideEdit) -> None:
        await self._edits.save(edit)

    async def add_offer(self, offer: Offer) -> None:
        await self._offers.add(offer)

    async def keep_fence(self, ride_id: UUID) -> int:
        return await self._rides.keep_fence(ride_id)

    async def save_offer(self, offer: Offer) -> None:
        await self._offers.save(offer)

    async def take_up_offer(self, offer: Offer) -> None:
        await self._offers.take_up(offer)

    async def was_driver_of(self, ride_id: UUID, driver_id: UUID) -> bool:
        return await self._rides.was_driver(ride_id, driver_id)

    async def excluded_for(self, ride_id: UUID, driver_id: UUID) -> ExclusionCause | None:
        return await self._offers.excluded_for(ride_id, driver_id)

    async def exclude(self, ride_id: UUID, driver_id: UUID, cause: ExclusionCause, now: datetime) -> None:
        await self._offers.exclude(ride_id, driver_id, cause, now)

    async def may_take_cash(self, driver_id: UUID, currency_code: str) -> bool:
        return await self._drivers.may_take_cash(driver_id, currency_code)

    async def keep_standing(self, standing: DriverStanding, version: int) -> None:
        await self._drivers.keep_standing(standing, version)

    async def lock_shift(self, driver_id: UUID) -> Shift | None:
        return await self._drivers.lock_shift(driver_id)

    async def keep_shift_open(self, driver_id: UUID) -> Shift | None:
        return await self._drivers.keep_shift_open(driver_id)

    async def last_shift(self, driver_id: UUID) -> Shift | None:
        return await self._drivers.last_shift(driver_id)

    async def add_shift(self, shift: Shift) -> None:
        await self._drivers.add_shift(shift)

    async def save_shift(self, shift: Shift) -> None:
        await self._drivers.save_shift(shift)

    async def count_answer(self, driver_id: UUID, *, accepted: bool) -> None:
        await self._drivers.count_answer(driver_id, accepted=accepted)

    async def count_earnings(self, driver_id: UUID, earnings: Money) -> None:
        await self._drivers.count_earnings(driver_id, earnings)

    async def headings_since(self, driver_id: UUID, since: datetime) -> list[datetime]:
        return await self._drivers.headings_since(driver_id, since)

    async def add_heading(self, driver_id: UUID, destination: GeoPoint, now: datetime) -> None:
        await self._drivers.add_heading(driver_id, destination, now)

    async def keep_share(self, made: Share, *, is_sent: bool) -> None:
        await keep_share(self._connection, made, is_sent=is_sent)

    async def prolong_share(self, ride_id: UUID, until: datetime) -> None:
        await prolong_share(self._connection, ride_id, until)

    async def raise_alert(self, alert: TripAlert) -> bool:
        return await raise_alert(self._connection, alert)

    async def note_arriving(self, ride_id: UUID, driver_id: UUID, since: datetime, now: datetime) -> bool:
        return await note_arriving(self._connection, ride_id, driver_id, since, now)

    async def owe_rating_reminder(self, ride_id: UUID, due_at: datetime) -> None:
        await owe_rating_reminder(self._connection, ride_id, due_at)

    async def take_rating_reminder(self, ride_id: UUID, now: datetime) -> bool:
        return await take_rating_reminder(self._connection, ride_id, now)

    async def is_driver_rated(self, ride_id: UUID) -> bool:
        return await is_driver_rated(self._connection, ride_id)

    async def keep_consent(self, consent: FeeConsent) -> None:
        await keep_consent(self._connection, consent)

    async def consent_of(self, ride_id: UUID) -> FeeConsent | None:
        return await consent_of(self._connection, ride_id)

    async def latest_policy_version(self, city: str) -> int:
        return await latest_version(self._connection, city)

    async def add_policy(self, version: PolicyVersion) -> None:
        await add_policy(self._connection, version)

    async def add_surge_control(self, control: SurgeControlSet) -> None:
        await add_control(self._connection, control)

    async def tell(self, event: Event) -> None:
        message, about = self._event_message(event), event.aggregate_id
        traceparent = self._traces.traceparent(about)
        self._events.append(
            OutgoingEvent(self._new_id(), about, event.aggregate_version, event.occurred_at, message, traceparent)
        )
