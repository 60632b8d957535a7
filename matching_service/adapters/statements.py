"""Statements on the way of every ride, written once: to write one anew costs more than to have it answered.

What changes from call to call is a parameter. Those of a condition are named `of_…`: an UPDATE takes the parameters
that are named like columns for what it sets.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Label,
    Select,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from matching_service.adapters import tables
from matching_service.domain.offer import ExclusionCause, OfferState
from matching_service.domain.ride_states import DRIVER_STATES, RideState

_ride, _stop, _offer, _shift = tables.rides.c, tables.ride_stops.c, tables.offers.c, tables.shifts.c
_assignment, _exclusion = tables.assignments.c, tables.exclusions.c
_lease, _standing, _run = tables.shard_leases.c, tables.driver_standings.c, tables.runs.c

_OF_RIDE: Final[ColumnElement[Any]] = bindparam("of_ride", type_=_ride.id.type)
_OF_DRIVER: Final[ColumnElement[Any]] = bindparam("of_driver", type_=_ride.driver_id.type)
_OF_OFFER: Final[ColumnElement[Any]] = bindparam("of_offer", type_=_offer.id.type)
_AT: Final[ColumnElement[Any]] = bindparam("at", type_=DateTime(timezone=True))


@cache
def stops_of_rides() -> Label[Any]:
    """Select, with each ride, its stops as one JSON array in their order, for `rows.stops_from_json`.

    Not under a lock that was waited for: the ride would be new and the stops of before.
    """
    stop = _stop
    fields = func.jsonb_build_array(
        stop.id, stop.latitude, stop.longitude, stop.address, stop.state, stop.reached_at, stop.left_at
    )
    listed = select(func.jsonb_agg(aggregate_order_by(fields, stop.position), type_=JSONB))
    of_ride = listed.where(stop.ride_id == _ride.id).correlate(tables.rides).scalar_subquery()
    # Most rides have none: the look is spared.
    none: ColumnElement[Any] = literal_column("'[]'::jsonb", JSONB)
    return case((_ride.stop_count == 0, none), else_=func.coalesce(of_ride, none)).label("stops")


@cache
def offers_with_places() -> Select[Any]:
    """Select offers with what a driver is shown of their rides."""
    return select(
        *tables.offers.c,
        _ride.pickup_latitude,
        _ride.pickup_longitude,
        _ride.pickup_address,
        _ride.dropoff_latitude,
        _ride.dropoff_longitude,
        _ride.dropoff_address,
        _ride.distance_meters,
        _ride.currency_code,
        _ride.funding,
        _ride.passengers,
        _ride.pickup_at,
        stops_of_rides(),
        _ride.kind,
        _ride.delivery,
    ).join(tables.rides, _ride.id == _offer.ride_id)


def is_in(states: Iterable[RideState]) -> ColumnElement[bool]:
    """Tell whether a ride is in one of these states.

    Written out instead of given each time: the planner knows then which partial index it may use.
    """
    return _ride.state.in_([literal_column(f"'{state.value}'") for state in sorted(states)])


def is_driven_now() -> ColumnElement[bool]:
    """Tell whether a ride is one that the driver `of_driver` is bound to.

    By the one open run that a driver has while bound to any. The index on a driver's live rides leaves out those who
    share a vehicle, so who asks for these as well would have all that the driver ever drove looked through.
    """
    open_run = select(_run.id).where(_run.driver_id == _OF_DRIVER, _run.closed_at.is_(None)).scalar_subquery()
    return and_(_ride.run_id == open_run, is_in(DRIVER_STATES))


@cache
def lock_ride(*, of_rider: bool) -> Select[Any]:
    """Lock the ride `of_ride`, of the rider `of_rider` if so."""
    statement = select(tables.rides).where(_ride.id == _OF_RIDE).with_for_update(key_share=True)
    return statement.where(_ride.rider_id == bindparam("of_rider")) if of_rider else statement


STOPS_OF_RIDE: Final = select(tables.ride_stops).where(_stop.ride_id == _OF_RIDE).order_by(_stop.position)
SAVE_RIDE: Final = update(tables.rides).where(_ride.id == _OF_RIDE, _ride.version == bindparam("of_version"))
"""Sets the columns that are given, of the ride in the version that was locked."""
LIVE_RIDE_OF_DRIVER: Final = select(_ride.id).where(is_driven_now())
RELEASE_ASSIGNMENT: Final = (
    update(tables.assignments)
    .where(_assignment.ride_id == _OF_RIDE, _assignment.released_at.is_(None))
    # Not before its beginning, whatever the clocks of two replicas say.
    .values(released_at=func.greatest(_assignment.assigned_at, _AT))
)
WAS_DRIVER: Final = (
    select(_assignment.id).where(_assignment.ride_id == _OF_RIDE, _assignment.driver_id == _OF_DRIVER).limit(1)
)

OFFER_OF_DRIVER: Final = offers_with_places().where(_offer.id == _OF_OFFER, _offer.driver_id == _OF_DRIVER)
OPEN_OFFER_OF_DRIVER: Final = offers_with_places().where(_offer.driver_id == _OF_DRIVER, _offer.state == "open")
OPEN_OFFERS_OF_RIDE: Final = (
    offers_with_places().where(_offer.ride_id == _OF_RIDE, _offer.state == "open").order_by(_offer.slot)
)
SAVE_OFFER: Final = update(tables.offers).where(_offer.id == _OF_OFFER, _offer.state == "open")
TAKE_UP_OFFER: Final = update(tables.offers).where(_offer.id == _OF_OFFER, _offer.state == OfferState.EXPIRED.value)
GIVE_OFFER_BACK: Final = (
    update(tables.offers).where(_offer.ride_id == _OF_RIDE, _offer.state == "accepted").values(given_back=True)
)
KEEP_FENCE: Final = (
    select(_lease.fence)
    .join(tables.rides, _ride.shard == _lease.shard)
    .where(_ride.id == _OF_RIDE)
    # The weakest lock that a change of the fence waits for, and that a renewal, which leaves it as it is, does not.
    .with_for_update(read=True, key_share=True, of=tables.shard_leases)
)
EXCLUSION: Final = select(_exclusion.cause).where(_exclusion.ride_id == _OF_RIDE, _exclusion.driver_id == _OF_DRIVER)
FORGET_EXPIRED_OFFER: Final = delete(tables.exclusions).where(
    _exclusion.ride_id == _OF_RIDE,
    _exclusion.driver_id == _OF_DRIVER,
    _exclusion.cause == ExclusionCause.EXPIRED.value,
)
CASH_ALLOWED: Final = select(_standing.cash_allowed).where(
    _standing.driver_id == _OF_DRIVER, _standing.currency_code == bindparam("of_currency")
)

OPEN_SHIFT: Final = select(tables.shifts).where(_shift.driver_id == _OF_DRIVER, _shift.ended_at.is_(None))
_of_open_shift = update(tables.shifts).where(_shift.driver_id == _OF_DRIVER, _shift.ended_at.is_(None))
LOCK_SHIFT: Final = OPEN_SHIFT.with_for_update()
KEEP_SHIFT_OPEN: Final = OPEN_SHIFT.with_for_update(read=True)
LAST_SHIFT: Final = select(tables.shifts).where(_shift.driver_id == _OF_DRIVER).order_by(_shift.id.desc()).limit(1)
SAVE_SHIFT: Final = update(tables.shifts).where(_shift.id == bindparam("of_shift"))
COUNT_ACCEPTED: Final = _of_open_shift.values(offers_accepted=_shift.offers_accepted + 1)
COUNT_MISSED: Final = _of_open_shift.values(offers_missed=_shift.offers_missed + 1)
TAKE_MISSED_BACK: Final = _of_open_shift.where(_shift.started_at < _AT).values(offers_missed=_shift.offers_missed - 1)
"""Of an offer that ended then; a shift that began later has not counted it."""

_currency = func.coalesce(_shift.earned_currency_code, bindparam("of_currency", type_=Text))
COUNT_EARNINGS: Final = _of_open_shift.where(_currency == bindparam("of_currency", type_=Text)).values(
    earned_minor=_shift.earned_minor + bindparam("more_minor", type_=_shift.earned_minor.type),
    earned_currency_code=_currency,
)
