"""Trips that leave their way or stand still: who is asked whether all is well, when, and how often."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from matching_service.domain.trip_watch import (
    AlertKind,
    Trip,
    TripWatch,
    WatchPolicy,
    due_alerts,
    is_off_way,
    legs_through,
    looked,
    meters_from_leg,
)
from shared_kernel.geo import GeoPoint, haversine_meters

POLICY = WatchPolicy(
    corridor_meters=1_500,
    corridor_share=0.3,
    stray_seconds=180,
    still_meters=60,
    still_seconds=300,
    near_meters=150,
)
PICKUP, DROPOFF = GeoPoint(37.80, -122.41), GeoPoint(37.70, -122.41)
"""Eleven kilometers from north to south."""
HALFWAY = GeoPoint(37.75, -122.41)
FAR = GeoPoint(37.75, -122.36)
"""4.4 km beside the way, whose corridor is 3.3 km wide on each side."""
BEGUN = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOOK = 15.0


def trip(*stops: GeoPoint) -> Trip:
    places = (PICKUP, *stops, DROPOFF)
    return Trip(UUID(int=1), UUID(int=2), places, legs_through(places, None, DROPOFF))


def told(way: list[GeoPoint], of: Trip | None = None, policy: WatchPolicy = POLICY) -> list[tuple[AlertKind, float]]:
    """Look at a trip every 15 s; return what is told, after how many seconds."""
    watch: TripWatch | None = None
    alerts: list[tuple[AlertKind, float]] = []
    for number, point in enumerate(way):
        at = BEGUN + timedelta(seconds=number * LOOK)
        watch = looked(watch, of or trip(), point, at, policy)
        for kind, _ in due_alerts(watch, at, policy):
            alerts.append((kind, number * LOOK))
            watch = watch.told(kind)
    return alerts


def moving(start: GeoPoint, looks: int) -> list[GeoPoint]:
    """Go 100 m a look to the south."""
    return [GeoPoint(start.latitude - 0.0009 * number, start.longitude) for number in range(looks)]


coordinates = st.builds(GeoPoint, st.floats(37.5, 38.0), st.floats(-122.6, -122.1))
ways = st.lists(coordinates, min_size=1, max_size=60)


def test_a_trip_that_goes_its_way_is_left_alone() -> None:
    assert told(moving(PICKUP, 100)) == []


def test_a_trip_beside_its_way_is_told_after_three_minutes_and_once() -> None:
    assert told(moving(FAR, 40)) == [(AlertKind.ROUTE_DEVIATED, 180.0)]


def test_a_trip_that_is_back_before_three_minutes_is_left_alone() -> None:
    assert told([*moving(FAR, 12), *moving(HALFWAY, 5), *moving(FAR, 12)]) == []


def test_a_second_case_is_told_again() -> None:
    way = [*moving(FAR, 20), *moving(HALFWAY, 3), *moving(FAR, 20)]
    assert told(way) == [(AlertKind.ROUTE_DEVIATED, 180.0), (AlertKind.ROUTE_DEVIATED, 23 * LOOK + 180.0)]


def test_standing_still_is_told_after_five_minutes_and_once() -> None:
    wavering = [GeoPoint(HALFWAY.latitude + 0.0003 * (number % 2), HALFWAY.longitude) for number in range(60)]
    assert told(wavering) == [(AlertKind.LONG_STOP, 300.0)]


def test_standing_at_a_place_of_the_trip_is_no_news() -> None:
    stop = HALFWAY
    assert told([stop] * 60, trip(stop)) == []
    assert told([PICKUP] * 60) == []
    assert told([DROPOFF] * 60) == []


def test_a_jam_that_creeps_on_is_no_stop() -> None:
    assert told([GeoPoint(HALFWAY.latitude - 0.00008 * number, HALFWAY.longitude) for number in range(80)]) == []


def test_an_edited_trip_goes_on_from_where_it_was() -> None:
    new_dropoff = GeoPoint(37.75, -122.30)
    places = (PICKUP, new_dropoff)
    on_the_way = GeoPoint(37.72, -122.36)
    edited = Trip(UUID(int=1), UUID(int=2), places, legs_through(places, GeoPoint(37.70, -122.41), new_dropoff))
    narrow = replace(POLICY, corridor_share=0.0)
    assert not is_off_way(edited, on_the_way, narrow)
    assert is_off_way(replace(edited, legs=legs_through(places, None, new_dropoff)), on_the_way, narrow)


@given(coordinates, coordinates, st.floats(0, 1))
def test_a_point_of_a_leg_is_on_it(start: GeoPoint, end: GeoPoint, share: float) -> None:
    between = GeoPoint(
        start.latitude + share * (end.latitude - start.latitude),
        start.longitude + share * (end.longitude - start.longitude),
    )
    # Half of the longest leg, on a plane that touches the Earth elsewhere than the leg.
    assert meters_from_leg(between, (start, end)) < 0.01 * haversine_meters(start, end) + 1


@given(coordinates, coordinates, coordinates)
def test_nothing_is_further_from_a_leg_than_from_its_ends(point: GeoPoint, start: GeoPoint, end: GeoPoint) -> None:
    meters = meters_from_leg(point, (start, end))
    assert 0 <= meters <= 1.02 * min(haversine_meters(point, start), haversine_meters(point, end)) + 1
    assert abs(meters - meters_from_leg(point, (end, start))) < 1


@given(ways)
def test_cases_of_a_kind_are_as_far_apart_as_they_have_to_last(way: list[GeoPoint]) -> None:
    alerts = told(way)
    for kind, seconds in (
        (AlertKind.ROUTE_DEVIATED, POLICY.stray_seconds),
        (AlertKind.LONG_STOP, POLICY.still_seconds),
    ):
        times = [0.0, *(at for each, at in alerts if each is kind)]
        assert all(later - earlier >= seconds for earlier, later in pairwise(times))


@given(ways)
def test_what_is_told_of_a_way_is_so_all_the_time(way: list[GeoPoint]) -> None:
    for kind, at in told(way):
        last = int(at / LOOK)
        seconds = POLICY.stray_seconds if kind is AlertKind.ROUTE_DEVIATED else POLICY.still_seconds
        during = way[last - int(seconds / LOOK) : last + 1]
        if kind is AlertKind.ROUTE_DEVIATED:
            assert all(is_off_way(trip(), point, POLICY) for point in during)
        else:
            assert all(haversine_meters(during[0], point) <= 2 * POLICY.still_meters for point in during)
