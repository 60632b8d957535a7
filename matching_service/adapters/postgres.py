"""The store of rides, offers and shifts in Postgres: one transaction, judged by the database's own indexes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import idempotency, inbox
from chassis.database import Database
from chassis.joined_traces import JoinedTraces
from chassis.outbox import OutgoingEvent, append_events
from chassis.runtime import Wakeup
from matching_service.adapters import statements, tables
from matching_service.adapters.offer_rows import offer_from, offer_row
from matching_service.adapters.postgres_after_rides import (
    is_driver_rated,
    keep_share,
    owe_rating_reminder,
    take_rating_reminder,
)
from matching_service.adapters.postgres_cities import add_policy
from matching_service.adapters.postgres_complaints import PostgresComplaintRows
from matching_service.adapters.postgres_edits import PostgresEditRows
from matching_service.adapters.postgres_pickups import note_arriving
from matching_service.adapters.postgres_promotions import PostgresPromotionRows
from matching_service.adapters.postgres_ride_rows import PostgresRideRows
from matching_service.adapters.postgres_runs import open_run_of, views_of
from matching_service.adapters.postgres_surge import add_control
from matching_service.adapters.postgres_trip_watch import raise_alert
from matching_service.adapters.refusals import refusal_of
from matching_service.adapters.ride_metrics import RideWaits
from matching_service.adapters.rows import Columns
from matching_service.adapters.run_rows import plan_json
from matching_service.adapters.shift_rows import shift_from, shift_row, shift_wishes
from matching_service.domain.city_versions import PolicyVersion
from matching_service.domain.edit import RideEdit
from matching_service.domain.events import Event
from matching_service.domain.offer import ExclusionCause, Offer
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
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

RIDE_ATTRIBUTE = "jitney.ride_id"
_NOTHING: Mapping[str, Any] = {}

EventMessage = Callable[[Event], Message]
"""Writes an event as its contract's message."""


class PostgresStore:
    """The Store of production. After a commit that wrote events the relay is woken."""

    def __init__(
        self, database: Database, event_message: EventMessage, clock: Clock, new_id: IdSource, relay: Wakeup
    ) -> None:
        self._database = database
        self._event_message = event_message
        self._clock = clock
        self._new_id = new_id
        self._relay = relay

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[PostgresTransaction]:
        """Run a block in one transaction; what a unique index refuses is the Conflict it stands for."""
        traces = JoinedTraces("ride", RIDE_ATTRIBUTE)
        try:
            async with self._database.transaction() as connection:
                tx = PostgresTransaction(connection, self._event_message, self._clock, self._new_id, traces)
                yield tx
                await tx.flush()
        except IntegrityError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            raise refusal from error
        finally:
            traces.end()
        tx.waits.observe()
        if tx.told:
            self._relay.wake()


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
        # Two requests of one rider would each count without the other.
        lock = func.pg_advisory_xact_lock(func.hashtextextended(f"schedule:{rider_id}", 0))
        await self._connection.execute(select(lock))
        ride = tables.rides.c
        mine = select(func.count()).where(ride.rider_id == rider_id, ride.state == RideState.SCHEDULED.value)
        return await self._connection.scalar(mine) or 0

    async def lock_ride(self, ride_id: UUID, *, rider_id: UUID | None = None) -> Ride | None:
        return await self._rides.lock(ride_id, rider_id)

    async def save_ride(self, before: Ride, after: Ride) -> None:
        await self._rides.save(before, after)

    async def save_ring(self, moves: Sequence[tuple[Ride, Ride]]) -> None:
        await self._rides.save_ring(moves)

    async def live_ride_id_of_driver(self, driver_id: UUID) -> UUID | None:
        return await self._connection.scalar(statements.LIVE_RIDE_OF_DRIVER, {"of_driver": driver_id})

    async def lock_run(self, driver_id: UUID) -> RunView | None:
        return next(iter(await views_of(self._connection, open_run_of(driver_id).with_for_update())), None)

    async def run_of(self, driver_id: UUID) -> RunView | None:
        return next(iter(await views_of(self._connection, open_run_of(driver_id))), None)

    async def add_run(self, run: Run) -> None:
        values = {"id": run.id, "driver_id": run.driver_id, "parties": run.parties, "seats": run.seats}
        values |= {"plan": plan_json(run.plan), "opened_at": run.opened_at}
        await self._connection.execute(insert(tables.runs).values(**values))

    async def save_plan(self, run: Run) -> None:
        mine = update(tables.runs).where(tables.runs.c.id == run.id)
        await self._connection.execute(mine.values(plan=plan_json(run.plan)))

    async def find_offer(self, offer_id: UUID, driver_id: UUID) -> Offer | None:
        return await self._offer(statements.OFFER_OF_DRIVER, {"of_offer": offer_id, "of_driver": driver_id})

    async def open_offers_of_ride(self, ride_id: UUID) -> list[Offer]:
        rows = await self._connection.execute(statements.OPEN_OFFERS_OF_RIDE, {"of_ride": ride_id})
        return [offer_from(row) for row in rows.mappings()]

    async def open_offer_of_driver(self, driver_id: UUID) -> Offer | None:
        return await self._offer(statements.OPEN_OFFER_OF_DRIVER, {"of_driver": driver_id})

    async def edit_count(self, ride_id: UUID) -> int:
        return await self._edits.count(ride_id)

    async def add_edit(self, edit: RideEdit) -> None:
        await self._edits.add(edit)

    async def lock_edit(self, ride_id: UUID, edit_id: UUID) -> RideEdit | None:
        return await self._edits.lock(ride_id, edit_id)

    async def save_edit(self, edit: RideEdit) -> None:
        await self._edits.save(edit)

    async def add_offer(self, offer: Offer) -> None:
        await self._connection.execute(insert(tables.offers), offer_row(offer))

    async def keep_fence(self, ride_id: UUID) -> int:
        return await self._connection.scalar(statements.KEEP_FENCE, {"of_ride": ride_id}) or 0

    async def save_offer(self, offer: Offer) -> None:
        changed = await self._connection.execute(statements.SAVE_OFFER, _closing(offer))
        if changed.rowcount != 1:
            raise RuntimeError("an offer was closed that was not open")
        self.waits.note_offer(offer.state)

    async def take_up_offer(self, offer: Offer) -> None:
        changed = await self._connection.execute(statements.TAKE_UP_OFFER, _closing(offer))
        if changed.rowcount != 1:
            raise RuntimeError("an offer was taken up that had not expired")
        self.waits.note_offer(offer.state)
        of = {"of_ride": offer.ride_id, "of_driver": offer.driver_id}
        await self._connection.execute(statements.FORGET_EXPIRED_OFFER, of)

    async def was_driver_of(self, ride_id: UUID, driver_id: UUID) -> bool:
        of = {"of_ride": ride_id, "of_driver": driver_id}
        return await self._connection.scalar(statements.WAS_DRIVER, of) is not None

    async def excluded_for(self, ride_id: UUID, driver_id: UUID) -> ExclusionCause | None:
        of = {"of_ride": ride_id, "of_driver": driver_id}
        cause = await self._connection.scalar(statements.EXCLUSION, of)
        return None if cause is None else ExclusionCause(cause)

    async def exclude(self, ride_id: UUID, driver_id: UUID, cause: ExclusionCause, now: datetime) -> None:
        values = {"ride_id": ride_id, "driver_id": driver_id, "cause": cause.value, "excluded_at": now}
        await self._connection.execute(upsert(tables.exclusions).values(**values).on_conflict_do_nothing())

    async def may_take_cash(self, driver_id: UUID, currency_code: str) -> bool:
        of = {"of_driver": driver_id, "of_currency": currency_code}
        return await self._connection.scalar(statements.CASH_ALLOWED, of) is not False

    async def keep_standing(self, standing: DriverStanding, version: int) -> None:
        row, values = tables.driver_standings.c, {"cash_allowed": standing.cash_allowed, "version": version}
        told = upsert(tables.driver_standings).values(
            driver_id=standing.driver_id, currency_code=standing.currency_code, **values
        )
        newer = told.on_conflict_do_update(
            index_elements=["driver_id", "currency_code"], set_=values, where=row.version < version
        )
        await self._connection.execute(newer)

    async def lock_shift(self, driver_id: UUID) -> Shift | None:
        return await self._shift(statements.LOCK_SHIFT, driver_id)

    async def keep_shift_open(self, driver_id: UUID) -> Shift | None:
        return await self._shift(statements.KEEP_SHIFT_OPEN, driver_id)

    async def last_shift(self, driver_id: UUID) -> Shift | None:
        return await self._shift(statements.LAST_SHIFT, driver_id)

    async def add_shift(self, shift: Shift) -> None:
        await self._connection.execute(insert(tables.shifts), shift_row(shift))

    async def save_shift(self, shift: Shift) -> None:
        await self._connection.execute(statements.SAVE_SHIFT, {**shift_wishes(shift), "of_shift": shift.id})

    async def count_answer(self, driver_id: UUID, *, accepted: bool) -> None:
        counting = statements.COUNT_ACCEPTED if accepted else statements.COUNT_MISSED
        await self._connection.execute(counting, {"of_driver": driver_id})

    async def count_earnings(self, driver_id: UUID, earnings: Money) -> None:
        of = {"of_driver": driver_id, "of_currency": earnings.currency_code, "more_minor": earnings.amount_minor}
        await self._connection.execute(statements.COUNT_EARNINGS, of)

    async def headings_since(self, driver_id: UUID, since: datetime) -> list[datetime]:
        heading = tables.shift_headings.c
        recent = select(heading.set_at).where(heading.driver_id == driver_id, heading.set_at > since)
        return list(await self._connection.scalars(recent))

    async def add_heading(self, driver_id: UUID, destination: GeoPoint, now: datetime) -> None:
        values = {"latitude": destination.latitude, "longitude": destination.longitude, "set_at": now}
        await self._connection.execute(insert(tables.shift_headings).values(driver_id=driver_id, **values))

    async def keep_share(self, made: Share, *, is_sent: bool) -> None:
        await keep_share(self._connection, made, is_sent=is_sent)

    async def raise_alert(self, alert: TripAlert) -> bool:
        return await raise_alert(self._connection, alert)

    async def note_arriving(self, ride_id: UUID, driver_id: UUID, now: datetime) -> bool:
        return await note_arriving(self._connection, ride_id, driver_id, now)

    async def owe_rating_reminder(self, ride_id: UUID, due_at: datetime) -> None:
        await owe_rating_reminder(self._connection, ride_id, due_at)

    async def take_rating_reminder(self, ride_id: UUID, now: datetime) -> bool:
        return await take_rating_reminder(self._connection, ride_id, now)

    async def is_driver_rated(self, ride_id: UUID) -> bool:
        return await is_driver_rated(self._connection, ride_id)

    async def keep_consent(self, consent: FeeConsent) -> None:
        values = {
            "token": consent.token,
            "currency_code": consent.fee.currency_code,
            "fee_minor": consent.fee.amount_minor,
            "assigned_at": consent.assigned_at,
            "expires_at": consent.expires_at,
        }
        statement = upsert(tables.cancel_consents).values(ride_id=consent.ride_id, **values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["ride_id"], set_=values))

    async def consent_of(self, ride_id: UUID) -> FeeConsent | None:
        row = await self._one(select(tables.cancel_consents).where(tables.cancel_consents.c.ride_id == ride_id))
        if row is None:
            return None
        fee = Money(row["currency_code"], row["fee_minor"])
        return FeeConsent(row["ride_id"], row["token"], fee, row["assigned_at"], row["expires_at"])

    async def latest_policy_version(self, city: str) -> int:
        row = tables.city_policies.c
        return await self._connection.scalar(select(func.max(row.version)).where(row.city == city)) or 0

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

    async def _one(self, statement: Select[Any], given: Mapping[str, Any] = _NOTHING) -> Columns | None:
        return (await self._connection.execute(statement, given)).mappings().one_or_none()

    async def _offer(self, statement: Select[Any], given: Mapping[str, Any]) -> Offer | None:
        row = await self._one(statement, given)
        return None if row is None else offer_from(row)

    async def _shift(self, statement: Select[Any], driver_id: UUID) -> Shift | None:
        row = await self._one(statement, {"of_driver": driver_id})
        return None if row is None else shift_from(row)


def _closing(offer: Offer) -> dict[str, Any]:
    return {"of_offer": offer.id, "state": offer.state.value, "closed_at": offer.closed_at}
