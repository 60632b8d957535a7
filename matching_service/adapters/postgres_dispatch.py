"""What dispatch reads of rides, offers and shifts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import starmap
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Float,
    Integer,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    extract,
    func,
    literal_column,
    select,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.ride_rows import order_from
from matching_service.adapters.statements import is_in
from matching_service.domain.city import VehicleClass
from matching_service.domain.driver_record import DriverRecord
from matching_service.domain.locations import ShiftKey, shift_tag_of
from matching_service.domain.ride_kind import Capability
from matching_service.domain.ride_states import DRIVER_STATES
from matching_service.domain.run import Sharing
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import EnRouteRide, OpenShift, WaitingRide
from shared_kernel.errors import NotFound
from shared_kernel.geo import GeoPoint

_DRIVER_STATES = [state.value for state in DRIVER_STATES]
_ride, _offer, _shift = tables.rides.c, tables.offers.c, tables.shifts.c
_exclusion, _standing = tables.exclusions.c, tables.driver_standings.c
_MOST = bindparam("most", type_=Integer)


def _all_of(driver_id: ColumnElement[UUID]) -> ColumnElement[Any]:
    return func.array_agg(driver_id, type_=ARRAY(Uuid))


def _seeking() -> list[ColumnElement[Any]]:
    # Whole rides, of sixty columns, would take several times as long to read.
    ends = [_ride[f"{end}_{name}"] for end in ("pickup", "dropoff") for name in ("latitude", "longitude")]
    return [
        _ride.id,
        *ends,
        _ride.product,
        _ride.requested_at,
        _ride.funding,
        _ride.city,
        _ride.shard,
        _ride.delivery,
    ]


def _these(cities: Collection[str]) -> dict[str, list[str]]:
    return {"of_cities": ["", *cities]} if cities else {}


def _theirs(*, of_cities: bool) -> list[ColumnElement[bool]]:
    texts = ARRAY(Text)
    shards = _ride.shard == any_(bindparam("of_shards", type_=texts))
    return [shards, _ride.city == any_(bindparam("of_cities", type_=texts))] if of_cities else [shards]


_excluded = (
    select(func.array_agg(_exclusion.driver_id, type_=ARRAY(Uuid)))
    .where(_exclusion.ride_id == _ride.id)
    .scalar_subquery()
    .label("excluded")
)

_rider_on_shift = (
    select(_shift.driver_id)
    .where(_shift.driver_id == _ride.rider_id, _shift.ended_at.is_(None))
    .scalar_subquery()
    .label("rider_on_shift")
)


# Written once: a tick asks all of this twice a second, and to write it anew costs more than to have it answered.
@cache
def _waiting(*, of_cities: bool) -> Select[Any]:
    columns = [*_seeking(), _ride.dispatch_at, _ride.sharing, _ride.passengers]
    taken = [*columns, _excluded, _rider_on_shift]  # as `_waiting_ride` takes them
    waiting = select(*taken).where(_ride.state == _written("matching"), *_theirs(of_cities=of_cities))
    # One that was asked for ahead has waited since its search began.
    since = func.coalesce(_ride.dispatch_at, _ride.requested_at)
    return waiting.order_by(_excluded.is_(None), since, _ride.id).limit(_MOST)


@cache
def _en_route(*, of_cities: bool) -> Select[Any]:
    asked = select(_offer.id).where(_offer.ride_id == _ride.id, _offer.state == _written("open")).exists()
    columns = [*_seeking(), _ride.driver_id, _ride.swap_count, _ride.pickup_at]
    under_way = select(*columns, _excluded, _rider_on_shift).where(
        _ride.state == _written("driver_en_route"),
        *_theirs(of_cities=of_cities),
        _ride.swap_count < bindparam("most_swaps", type_=Integer),
        _ride.promised_pickup_at.is_not(None),
        _ride.kind != _written("pooled"),  # what the parties of a run were promised hangs together
        ~asked,
    )
    return under_way.order_by(_ride.promised_pickup_at.desc(), _ride.id).limit(_MOST)


def _written(value: str) -> ColumnElement[str]:
    # Not a parameter: the planner knows then which partial index it may use.
    return literal_column(f"'{value}'")


_busy = union(
    select(_ride.driver_id).where(is_in(DRIVER_STATES)),
    select(_offer.driver_id).where(_offer.state == _written("open")),
    select(_shift.driver_id).where(_shift.ended_at.is_(None), _shift.break_until.is_not(None)),
).subquery()
_BUSY = select(_all_of(_busy.c.driver_id))
_NO_CASH = select(_standing.driver_id).where(
    _standing.currency_code == bindparam("of_currency"), ~_standing.cash_allowed
)
_CLOSED_SHIFTS = union_all(
    select(_shift.driver_id, _shift.id).where(
        _shift.ended_at >= bindparam("ended_since", type_=DateTime(timezone=True))
    ),
    select(_shift.driver_id, _shift.id).where(_shift.ended_at.is_(None), _shift.ends_after_ride),
)
_resting = func.coalesce(_shift.break_since, bindparam("now", type_=DateTime(timezone=True)))
_active = extract("epoch", _resting - _shift.started_at) - _shift.paused_seconds
_facts = (
    _shift.driver_id,
    _shift.earned_minor,
    _shift.earned_currency_code,
    cast(_active, Float(53)),
    _shift.offers_accepted,
    _shift.offers_missed,
)
# In arrays: a row a driver would take the client ten times as long.
_RECORDS = select(*(func.coalesce(func.array_agg(aggregate_order_by(each, _shift.id)), []) for each in _facts)).where(
    _shift.ended_at.is_(None)
)
_HEADINGS = select(_shift.driver_id, _shift.heading_latitude, _shift.heading_longitude).where(
    _shift.ended_at.is_(None), _shift.heading_latitude.is_not(None)
)
_CAPABILITIES = select(_shift.driver_id, _shift.capabilities).where(
    _shift.ended_at.is_(None), _shift.capabilities != []
)
_OPEN_SHIFTS = select(_shift.driver_id, _shift.id, _shift.vehicle_class).where(
    _shift.driver_id == any_(bindparam("of_drivers", type_=ARRAY(Uuid))), _shift.ended_at.is_(None)
)


def _waiting_ride(  # a row's columns, in order: to look each up by its name takes twice as long
    ride_id: UUID,
    pickup_latitude: float,
    pickup_longitude: float,
    dropoff_latitude: float,
    dropoff_longitude: float,
    product: str,
    requested_at: datetime,
    funding: str,
    city: str,
    shard: str,
    delivery: Mapping[str, Any] | None,
    dispatch_at: datetime | None,
    sharing: Mapping[str, Any] | None,
    passengers: int,
    excluded: Sequence[UUID] | None,
    rider_on_shift: UUID | None,
) -> WaitingRide:
    return WaitingRide(
        ride_id,
        GeoPoint(pickup_latitude, pickup_longitude),
        GeoPoint(dropoff_latitude, dropoff_longitude),
        product,
        dispatch_at or requested_at,
        _not_asked(excluded, rider_on_shift),
        excluded is not None,
        Funding(funding),
        city,
        shard,
        order_from(delivery).needs if delivery is not None else frozenset(),
        Sharing(**sharing) if sharing is not None else None,
        passengers,
    )


def _not_asked(excluded: Sequence[UUID] | None, rider_on_shift: UUID | None) -> frozenset[UUID]:
    """Return who is not asked for a ride: those who were, and a rider who drives as well, who stands nearest."""
    mine = () if rider_on_shift is None else (rider_on_shift,)
    return frozenset((*(excluded or ()), *mine))


_DRIVER_OF_RIDE = select(_ride.driver_id, _ride.state).where(
    _ride.id == bindparam("of_ride"), _ride.rider_id == bindparam("of_rider")
)


class PostgresDispatchReads:
    """WaitingRides, EnRouteRides, BusyDrivers, CashStandings, OnShift, Headings, DriverRecords and RideDrivers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_waiting(
        self, shards: Collection[str], limit: int, cities: Collection[str] = ()
    ) -> list[WaitingRide]:
        """Return rides in MATCHING in these shards: closed offers or assignments first, then long waits."""
        statement, given = _waiting(of_cities=bool(cities)), {"of_shards": list(shards), "most": limit}
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement, given | _these(cities))).all()
        return list(starmap(_waiting_ride, rows))

    async def list_en_route(
        self, shards: Collection[str], max_swaps: int, limit: int, cities: Collection[str] = ()
    ) -> list[EnRouteRide]:
        """Return rides with a driver on the way who may change, those that were promised the latest pickup first."""
        given = {"of_shards": list(shards), "most_swaps": max_swaps, "most": limit}
        async with self._database.connect() as connection:
            statement = _en_route(of_cities=bool(cities))
            rows = (await connection.execute(statement, given | _these(cities))).mappings().all()
        return [
            EnRouteRide(
                ride_id=row["id"],
                driver_id=row["driver_id"],
                pickup=GeoPoint(row["pickup_latitude"], row["pickup_longitude"]),
                dropoff=GeoPoint(row["dropoff_latitude"], row["dropoff_longitude"]),
                product=row["product"],
                requested_at=row["requested_at"],
                swap_count=row["swap_count"],
                excluded_driver_ids=_not_asked(row["excluded"], row["rider_on_shift"]),
                funding=Funding(row["funding"]),
                city=row["city"],
                shard=row["shard"],
                needs=order_from(row["delivery"]).needs if row["delivery"] is not None else frozenset(),
                pickup_at=row["pickup_at"],
            )
            for row in rows
        ]

    async def busy(self) -> frozenset[UUID]:
        """Return the drivers with an open offer or a live ride, or on a break."""
        async with self._database.connect() as connection:
            return frozenset(await connection.scalar(_BUSY) or ())

    async def no_cash_driver_ids(self, currency_code: str) -> frozenset[UUID]:
        """Return the drivers who may not take cash in this currency."""
        async with self._database.connect() as connection:
            return frozenset(await connection.scalars(_NO_CASH, {"of_currency": currency_code}))

    async def closed_shifts(self, ended_since: datetime) -> frozenset[ShiftKey]:
        """Return the shifts that ended since, and those that end after the ride."""
        async with self._database.connect() as connection:
            rows = await connection.execute(_CLOSED_SHIFTS, {"ended_since": ended_since})
            return frozenset((driver_id, shift_tag_of(shift_id)) for driver_id, shift_id in rows)

    async def records(self, now: datetime) -> Mapping[UUID, DriverRecord]:
        """Return what open shifts have come to."""
        async with self._database.connect() as connection:
            row = (await connection.execute(_RECORDS, {"now": now})).one()
        return {driver_id: DriverRecord(*facts) for driver_id, *facts in zip(*row, strict=True)}

    async def headings(self) -> Mapping[UUID, GeoPoint]:
        """Return where drivers want to get to, of those who take only rides on their way."""
        async with self._database.connect() as connection:
            rows = await connection.execute(_HEADINGS)
            return {driver_id: GeoPoint(latitude, longitude) for driver_id, latitude, longitude in rows}

    async def capabilities(self) -> Mapping[UUID, frozenset[Capability]]:
        """Return what drivers with an open shift declared, of those who declared anything."""
        async with self._database.connect() as connection:
            rows = await connection.execute(_CAPABILITIES)
            return {driver_id: frozenset(map(Capability, names)) for driver_id, names in rows}

    async def open_shifts_of(self, driver_ids: Sequence[UUID]) -> Mapping[UUID, OpenShift]:
        """Return the open shifts of those who have one, also such that end after the ride."""
        async with self._database.connect() as connection:
            rows = await connection.execute(_OPEN_SHIFTS, {"of_drivers": driver_ids})
            return {row.driver_id: OpenShift(row.id, VehicleClass(row.vehicle_class)) for row in rows}

    async def driver_under_way(self, ride_id: UUID, rider_id: UUID) -> UUID | None:
        """Return the driver bound to this rider's ride now. Raises NotFound `ride_not_found`."""
        of = {"of_ride": ride_id, "of_rider": rider_id}
        async with self._database.connect() as connection:
            row = (await connection.execute(_DRIVER_OF_RIDE, of)).one_or_none()
        if row is None:
            raise NotFound("ride_not_found", "there is no such ride")
        return row.driver_id if row.state in _DRIVER_STATES else None
