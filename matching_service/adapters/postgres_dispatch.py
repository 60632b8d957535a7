"""What dispatch reads of rides, offers and shifts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Float, Uuid, cast, extract, func, select, true, union
from sqlalchemy.dialects.postgresql import aggregate_order_by

from chassis.database import Database
from matching_service.adapters import tables
from matching_service.adapters.rows import order_from, place_from
from matching_service.domain.city import VehicleClass
from matching_service.domain.driver_record import DriverRecord
from matching_service.domain.ride_kind import Capability
from matching_service.domain.ride_states import DRIVER_STATES
from matching_service.domain.run import Sharing
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import EnRouteRide, OpenShift, WaitingRide
from shared_kernel.errors import NotFound
from shared_kernel.geo import GeoPoint

_DRIVER_STATES = [state.value for state in DRIVER_STATES]


def _all_of(driver_id: ColumnElement[UUID]) -> ColumnElement[Any]:
    return func.array_agg(driver_id, type_=ARRAY(Uuid))


def _seeking(ride: Any) -> list[ColumnElement[Any]]:
    places = [ride[f"{end}_{name}"] for end in ("pickup", "dropoff") for name in ("latitude", "longitude", "address")]
    return [ride.id, *places, ride.product, ride.requested_at, ride.funding, ride.city, ride.shard, ride.delivery]


def _of(cities: Collection[str]) -> ColumnElement[bool]:
    return tables.rides.c.city.in_(["", *cities]) if cities else true()


class PostgresDispatchReads:
    """WaitingRides, EnRouteRides, BusyDrivers, CashStandings, OnShift, Headings, DriverRecords and RideDrivers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_waiting(
        self, shards: Collection[str], limit: int, cities: Collection[str] = ()
    ) -> list[WaitingRide]:
        """Return rides in MATCHING in these shards: closed offers or assignments first, then long waits."""
        ride, exclusion = tables.rides.c, tables.exclusions.c
        excluded = (
            select(func.array_agg(exclusion.driver_id, type_=ARRAY(Uuid)))
            .where(exclusion.ride_id == ride.id)
            .scalar_subquery()
            .label("excluded")
        )
        # Whole rides, of sixty columns, would take several times as long to read.
        columns = [*_seeking(ride), ride.dispatch_at, ride.sharing, ride.passengers]
        waiting = select(*columns, excluded).where(ride.state == "matching", ride.shard.in_(shards), _of(cities))
        # One that was asked for ahead has waited since its search began.
        since = func.coalesce(ride.dispatch_at, ride.requested_at)
        statement = waiting.order_by(excluded.is_(None), since, ride.id).limit(limit)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return [
            WaitingRide(
                ride_id=row["id"],
                pickup=place_from(row, "pickup"),
                dropoff=place_from(row, "dropoff"),
                product=row["product"],
                requested_at=row["dispatch_at"] or row["requested_at"],
                excluded_driver_ids=frozenset(row["excluded"] or ()),
                returned=row["excluded"] is not None,
                funding=Funding(row["funding"]),
                city=row["city"],
                shard=row["shard"],
                needs=order_from(row["delivery"]).needs if row["delivery"] is not None else frozenset(),
                sharing=Sharing(**row["sharing"]) if row["sharing"] is not None else None,
                passengers=row["passengers"],
            )
            for row in rows
        ]

    async def list_en_route(
        self, shards: Collection[str], max_swaps: int, limit: int, cities: Collection[str] = ()
    ) -> list[EnRouteRide]:
        """Return rides with a driver on the way who may change, those that were promised the latest pickup first."""
        ride, exclusion, offer = tables.rides.c, tables.exclusions.c, tables.offers.c
        excluded = (
            select(func.array_agg(exclusion.driver_id, type_=ARRAY(Uuid)))
            .where(exclusion.ride_id == ride.id)
            .scalar_subquery()
            .label("excluded")
        )
        asked = select(offer.id).where(offer.ride_id == ride.id, offer.state == "open").exists()
        columns = [*_seeking(ride), ride.driver_id, ride.promised_pickup_at, ride.swap_count]
        under_way = select(*columns, excluded).where(
            ride.state == "driver_en_route",
            ride.shard.in_(shards),
            _of(cities),
            ride.swap_count < max_swaps,
            ride.promised_pickup_at.is_not(None),
            ride.kind != "pooled",  # what the parties of a run were promised hangs together
            ~asked,
        )
        statement = under_way.order_by(ride.promised_pickup_at.desc(), ride.id).limit(limit)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return [
            EnRouteRide(
                ride_id=row["id"],
                driver_id=row["driver_id"],
                pickup=place_from(row, "pickup"),
                dropoff=place_from(row, "dropoff"),
                product=row["product"],
                requested_at=row["requested_at"],
                promised_pickup_at=row["promised_pickup_at"],
                swap_count=row["swap_count"],
                excluded_driver_ids=frozenset(row["excluded"] or ()),
                funding=Funding(row["funding"]),
                city=row["city"],
                shard=row["shard"],
                needs=order_from(row["delivery"]).needs if row["delivery"] is not None else frozenset(),
            )
            for row in rows
        ]

    async def busy(self) -> frozenset[UUID]:
        """Return the drivers with an open offer or a live ride, or on a break."""
        ride, offer, shift = tables.rides.c, tables.offers.c, tables.shifts.c
        busy = union(
            select(ride.driver_id).where(ride.state.in_(_DRIVER_STATES)),
            select(offer.driver_id).where(offer.state == "open"),
            select(shift.driver_id).where(shift.ended_at.is_(None), shift.break_until.is_not(None)),
        ).subquery()
        statement = select(_all_of(busy.c.driver_id))
        async with self._database.connect() as connection:
            return frozenset(await connection.scalar(statement) or ())

    async def no_cash_driver_ids(self, currency_code: str) -> frozenset[UUID]:
        """Return the drivers who may not take cash in this currency."""
        standing = tables.driver_standings.c
        statement = select(standing.driver_id).where(standing.currency_code == currency_code, ~standing.cash_allowed)
        async with self._database.connect() as connection:
            return frozenset(await connection.scalars(statement))

    async def on_shift(self) -> Mapping[UUID, VehicleClass]:
        """Return the drivers with an open shift that takes new rides."""
        shift = tables.shifts.c
        wanting = (shift.ended_at.is_(None), ~shift.ends_after_ride, shift.break_until.is_(None))
        # A row a class: twenty thousand rows would take the client ten times as long.
        statement = select(shift.vehicle_class, _all_of(shift.driver_id)).where(*wanting)
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement.group_by(shift.vehicle_class))).all()
        by_driver: dict[UUID, VehicleClass] = {}
        for vehicle_class, driver_ids in rows:
            by_driver |= dict.fromkeys(driver_ids, VehicleClass(vehicle_class))
        return by_driver

    async def records(self, now: datetime) -> Mapping[UUID, DriverRecord]:
        """Return what open shifts have come to. In arrays: a row a driver would take the client ten times as long."""
        shift = tables.shifts.c
        resting = func.coalesce(shift.break_since, now)
        active = extract("epoch", resting - shift.started_at) - shift.paused_seconds
        columns = (
            shift.driver_id,
            shift.earned_minor,
            shift.earned_currency_code,
            cast(active, Float(53)),
            shift.offers_accepted,
            shift.offers_missed,
        )
        in_one_order = (func.coalesce(func.array_agg(aggregate_order_by(each, shift.id)), []) for each in columns)
        async with self._database.connect() as connection:
            row = (await connection.execute(select(*in_one_order).where(shift.ended_at.is_(None)))).one()
        return {driver_id: DriverRecord(*facts) for driver_id, *facts in zip(*row, strict=True)}

    async def headings(self) -> Mapping[UUID, GeoPoint]:
        """Return where drivers want to get to, of those who take only rides on their way."""
        shift = tables.shifts.c
        statement = select(shift.driver_id, shift.heading_latitude, shift.heading_longitude)
        async with self._database.connect() as connection:
            rows = await connection.execute(
                statement.where(shift.ended_at.is_(None), shift.heading_latitude.is_not(None))
            )
            return {driver_id: GeoPoint(latitude, longitude) for driver_id, latitude, longitude in rows}

    async def capabilities(self) -> Mapping[UUID, frozenset[Capability]]:
        """Return what drivers with an open shift declared, of those who declared anything."""
        shift = tables.shifts.c
        statement = select(shift.driver_id, shift.capabilities)
        async with self._database.connect() as connection:
            rows = await connection.execute(statement.where(shift.ended_at.is_(None), shift.capabilities != []))
            return {driver_id: frozenset(map(Capability, names)) for driver_id, names in rows}

    async def open_shift_of(self, driver_id: UUID) -> OpenShift | None:
        """Return the driver's open shift, also one that ends after the ride."""
        shift = tables.shifts.c
        statement = select(shift.id, shift.vehicle_class).where(shift.driver_id == driver_id, shift.ended_at.is_(None))
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else OpenShift(row.id, VehicleClass(row.vehicle_class))

    async def driver_under_way(self, ride_id: UUID, rider_id: UUID) -> UUID | None:
        """Return the driver bound to this rider's ride now. Raises NotFound `ride_not_found`."""
        ride = tables.rides.c
        statement = select(ride.driver_id, ride.state).where(ride.id == ride_id, ride.rider_id == rider_id)
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise NotFound("ride_not_found", "there is no such ride")
        return row.driver_id if row.state in _DRIVER_STATES else None
