"""Which pings are believed, and what reporting them does."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.adapters.city_file import load_city
from matching_service.adapters.fixed_cities import FixedCities
from matching_service.domain.city import LocationPolicy, VehicleClass
from matching_service.domain.locations import (
    EVERYWHERE,
    DriverPosition,
    Ping,
    PingVerdict,
    TokenBucket,
    bounds_around,
    judge_pings,
)
from matching_service.domain.zones import Bounds
from matching_service.use_cases.dispatch_ports import OpenShift
from matching_service.use_cases.get_ride_location import GetRideLocation
from matching_service.use_cases.report_locations import PingCounts, ReportLocations
from shared_kernel.errors import Conflict, NotFound, Unavailable
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_dispatch import NOON, FakeLiveLocations, FakeShifts, HandClock

POLICY = LocationPolicy(max_speed_kmh=250, max_accuracy_meters=200)
DRIVER, OTHER = UUID(int=7), UUID(int=8)
SHIFT = OpenShift(UUID(int=70), VehicleClass.XL)
METERS_PER_DEGREE = 111_195.08
ELSEWHERE = Bounds(51.0, -1.0, 52.0, 1.0)


def ping(sequence: int, meters_north: float = 0, seconds: float = 0, accuracy: float = 5) -> Ping:
    return Ping(37.7 + meters_north / METERS_PER_DEGREE, -122.4, NOON.timestamp() + seconds, sequence, accuracy)


def verdicts(
    pings: list[Ping], last: Ping | None = None, seconds: float = 0, boxes: Sequence[Bounds] = (EVERYWHERE,)
) -> list[PingVerdict]:
    """The verdict on each, one at a time; all at once they must add up to the same."""
    found: list[PingVerdict] = []
    newest = last
    for one in pings:
        counts: dict[PingVerdict, int] = {}
        newest = judge_pings([one], newest, NOON.timestamp() + seconds, POLICY, boxes, counts) or newest
        found += counts
    together: dict[PingVerdict, int] = {}
    assert (judge_pings(pings, last, NOON.timestamp() + seconds, POLICY, boxes, together) or last) == newest
    assert together == {verdict: found.count(verdict) for verdict in found}
    return found


def test_a_drive_at_city_speed_is_believed() -> None:
    assert verdicts([ping(n, 15 * n, n) for n in range(1, 6)], seconds=5) == [PingVerdict.ACCEPTED] * 5


def test_a_sequence_that_does_not_grow_is_out_of_order() -> None:
    assert verdicts([ping(5), ping(5, seconds=1), ping(4, seconds=2), ping(6, seconds=3)], seconds=3) == [
        PingVerdict.ACCEPTED,
        PingVerdict.OUT_OF_ORDER,
        PingVerdict.OUT_OF_ORDER,
        PingVerdict.ACCEPTED,
    ]


def test_a_measurement_before_the_last_one_is_out_of_order() -> None:
    assert verdicts([ping(1, seconds=2), ping(2, seconds=1)], seconds=2)[1] is PingVerdict.OUT_OF_ORDER


def test_an_inaccurate_ping_is_dropped() -> None:
    assert verdicts([ping(1, accuracy=200), ping(2, accuracy=200.1)]) == [
        PingVerdict.ACCEPTED,
        PingVerdict.INACCURATE,
    ]


def test_a_clock_a_little_ahead_is_believed_and_one_far_ahead_is_not() -> None:
    assert verdicts([ping(1, seconds=5), ping(2, seconds=5.1)]) == [PingVerdict.ACCEPTED, PingVerdict.IN_THE_FUTURE]


def test_a_ping_of_more_than_a_minute_ago_is_too_old() -> None:
    assert verdicts([ping(1, seconds=-60.1), ping(2, seconds=-60)]) == [PingVerdict.TOO_OLD, PingVerdict.ACCEPTED]


def test_an_impossible_jump_is_dropped_and_the_next_is_judged_by_the_last_believed_one() -> None:
    # 10 s at 250 km/h are 694 m, and 100 m are the error of two measurements
    assert verdicts([ping(1), ping(2, 800, 10), ping(3, 790, 10)], seconds=10) == [
        PingVerdict.ACCEPTED,
        PingVerdict.TOO_FAST,
        PingVerdict.ACCEPTED,
    ]


def test_a_wrong_fix_does_not_shut_a_driver_out_for_longer_than_a_minute() -> None:
    wrong = Ping(38.7, -122.4, NOON.timestamp(), 1)
    assert verdicts([ping(2, seconds=60)], wrong, seconds=60) == [PingVerdict.TOO_FAST]
    assert verdicts([ping(2, seconds=61)], wrong, seconds=61) == [PingVerdict.ACCEPTED]


def test_a_device_that_counts_from_one_again_is_not_shut_out_for_longer_than_a_minute() -> None:
    before = ping(500)
    assert verdicts([ping(1, seconds=60)], before, seconds=60) == [PingVerdict.OUT_OF_ORDER]
    again = [ping(1, seconds=61), ping(2, seconds=62), ping(2, seconds=62)]
    assert verdicts(again, before, seconds=62) == [*[PingVerdict.ACCEPTED] * 2, PingVerdict.OUT_OF_ORDER]


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(0.0, 0.0), (37.5, -123.5), (-37.7, 122.4), (90.0, -180.0), (36.5, -122.4)],
    ids=["no-fix", "the-sea", "the-other-side", "the-pole", "another-city"],
)
def test_a_place_far_from_the_city_is_refused(latitude: float, longitude: float) -> None:
    boxes = [bounds_around(load_city(None).service_area)]
    far = Ping(latitude, longitude, NOON.timestamp(), 2)
    assert verdicts([ping(1), far], boxes=boxes) == [PingVerdict.ACCEPTED, PingVerdict.OUTSIDE_AREA]
    assert verdicts([far, ping(3)], boxes=boxes) == [PingVerdict.OUTSIDE_AREA, PingVerdict.ACCEPTED]


def test_a_driver_a_little_outside_the_service_area_is_believed() -> None:
    city = load_city(None)
    boxes = [ELSEWHERE, bounds_around(city.service_area)]
    corner = max(city.service_area.corners, key=lambda point: (point.latitude, point.longitude))
    outside = Ping(corner.latitude + 0.2, corner.longitude + 0.2, NOON.timestamp(), 1)
    assert verdicts([outside], boxes=boxes) == [PingVerdict.ACCEPTED]


@given(
    st.lists(st.tuples(st.floats(37, 38), st.floats(-123, -122), st.floats(-70, 10), st.integers(1, 9)), max_size=12)
)
def test_many_at_once_are_judged_as_one_by_one(numbers: list[tuple[float, float, float, int]]) -> None:
    verdicts([Ping(lat, lon, NOON.timestamp() + seconds, n, 5.0) for lat, lon, seconds, n in numbers])


def test_the_rate_limit_allows_a_burst_and_then_the_mean() -> None:
    bucket = TokenBucket(per_second=10, now=0)
    assert [bucket.take(150, 0), bucket.take(150, 0), bucket.take(1, 0)] == [150, 50, 0]
    assert bucket.take(100, 2) == 20
    assert bucket.take(500, 1_000) == 200


def totals(counts: PingCounts) -> tuple[int, int]:
    return counts.accepted, counts.dropped


class Reporting:
    """ReportLocations over fakes."""

    def __init__(self, max_pings_per_second: float = 100) -> None:
        self.clock = HandClock()
        self.shifts = FakeShifts({DRIVER: SHIFT})
        self.locations = FakeLiveLocations()
        self.seen: dict[PingVerdict, int] = {}
        self.report = self.process(max_pings_per_second)

    def process(self, max_pings_per_second: float = 100) -> ReportLocations:
        return ReportLocations(
            cities=FixedCities(load_city(None)),
            on_shift=self.shifts,
            locations=self.locations,
            clock=self.clock,
            monotonic=self.clock.monotonic,
            max_pings_per_second=max_pings_per_second,
            observe=self._observe,
        )

    def _observe(self, verdict: PingVerdict, count: int) -> None:
        self.seen[verdict] = self.seen.get(verdict, 0) + count


async def test_the_newest_believed_ping_of_a_batch_becomes_the_live_location() -> None:
    world = Reporting()
    world.clock.advance(5)
    counts = await world.report(DRIVER, [ping(1), ping(2, 10, 1), ping(3, 5_000, 2)])
    assert (counts.accepted, counts.dropped) == (2, 1)
    assert counts.by_verdict == {PingVerdict.ACCEPTED: 2, PingVerdict.TOO_FAST: 1}
    position = await world.locations.last(DRIVER)
    assert position is not None
    assert (position.sequence, position.vehicle_class) == (2, VehicleClass.XL)
    assert world.seen == {PingVerdict.ACCEPTED: 2, PingVerdict.TOO_FAST: 1}


async def test_without_an_open_shift_nothing_is_taken() -> None:
    world = Reporting()
    world.shifts.shifts.clear()
    with pytest.raises(Conflict) as caught:
        await world.report(DRIVER, [ping(1)])
    assert caught.value.reason == "no_open_shift"
    assert world.locations.positions == {}


async def test_a_shift_is_asked_for_once_in_five_seconds_and_its_end_is_met() -> None:
    world = Reporting()
    for sequence in range(1, 5):
        await world.report(DRIVER, [ping(sequence)])
        world.clock.advance(1)
    assert world.shifts.asked == 1
    world.shifts.shifts.clear()
    world.clock.advance(1)
    with pytest.raises(Conflict):
        await world.report(DRIVER, [ping(9, seconds=5)])


async def test_drivers_whose_turn_is_near_are_asked_for_together() -> None:
    world = Reporting()
    fleet = [UUID(int=1_000 + number) for number in range(700)]
    world.shifts.shifts = {driver_id: OpenShift(driver_id, VehicleClass.XL) for driver_id in fleet}
    for second in range(21):
        for driver_id in fleet:
            await world.report(driver_id, [ping(1 + second, seconds=second)])
        world.clock.advance(1)
    # Each by itself at first; then in 20 s four times all of them, in two statements.
    assert world.shifts.asked == 700 + 4 * 2


async def test_who_could_not_be_asked_for_is_taken_along_when_the_database_answers_again() -> None:
    world = Reporting()
    fleet = [UUID(int=1_000 + number) for number in range(50)]
    world.shifts.shifts = {driver_id: OpenShift(driver_id, VehicleClass.XL) for driver_id in fleet}
    for driver_id in fleet:
        await world.report(driver_id, [ping(1)])
    world.clock.advance(5)
    ask = world.shifts.open_shifts_of

    async def be_away(driver_ids: Sequence[UUID]) -> Mapping[UUID, OpenShift]:
        raise Unavailable("database_unavailable", "the database does not answer")

    world.shifts.open_shifts_of = be_away
    with pytest.raises(Unavailable):
        await world.report(fleet[0], [ping(2, seconds=5)])
    world.shifts.open_shifts_of, world.shifts.asked = ask, 0
    for driver_id in fleet:
        await world.report(driver_id, [ping(3, seconds=5)])
    assert world.shifts.asked == 1


async def test_who_was_taken_along_and_is_offline_by_then_is_refused_at_the_next_ping() -> None:
    world = Reporting()
    world.shifts.shifts[OTHER] = OpenShift(UUID(int=72), VehicleClass.XL)
    await world.report(OTHER, [ping(1)])
    world.clock.advance(2)
    await world.report(DRIVER, [ping(1)])
    world.clock.advance(3)
    del world.shifts.shifts[DRIVER]
    await world.report(OTHER, [ping(2, seconds=5)])
    with pytest.raises(Conflict):
        await world.report(DRIVER, [ping(2, seconds=5)])


async def test_who_goes_offline_while_asked_for_along_is_not_brought_back() -> None:
    world = Reporting()
    world.shifts.shifts[OTHER] = OpenShift(UUID(int=72), VehicleClass.XL)
    await world.report(DRIVER, [ping(1)])
    await world.report(OTHER, [ping(1)])
    world.clock.advance(5)
    ask = world.shifts.open_shifts_of

    async def go_offline_meanwhile(driver_ids: Sequence[UUID]) -> Mapping[UUID, OpenShift]:
        found = await ask(driver_ids)
        del world.shifts.shifts[DRIVER]
        await world.report.forget(DRIVER)
        return found

    world.shifts.open_shifts_of = go_offline_meanwhile
    await world.report(OTHER, [ping(2, seconds=5)])
    world.shifts.open_shifts_of = ask
    with pytest.raises(Conflict):
        await world.report(DRIVER, [ping(2, seconds=5)])


async def test_a_driver_who_went_offline_is_forgotten_at_once() -> None:
    world = Reporting()
    await world.report(DRIVER, [ping(1)])
    world.shifts.shifts.clear()
    await world.report.forget(DRIVER)
    assert world.locations.positions == {}
    with pytest.raises(Conflict):
        await world.report(DRIVER, [ping(2)])


async def test_a_new_shift_counts_its_pings_from_one_again() -> None:
    world = Reporting()
    await world.report(DRIVER, [ping(900)])
    world.shifts.shifts[DRIVER] = OpenShift(UUID(int=71), VehicleClass.XL)
    world.clock.advance(5)
    assert totals(await world.report(DRIVER, [ping(1, seconds=5)])) == (1, 0)


async def test_a_ping_older_than_another_process_has_taken_is_dropped() -> None:
    world = Reporting()
    other = world.process()
    await other(DRIVER, [ping(9)])
    assert totals(await world.report(DRIVER, [ping(7), ping(8)])) == (0, 2)
    assert world.seen == {PingVerdict.ACCEPTED: 1, PingVerdict.OUT_OF_ORDER: 2}


async def test_beyond_the_rate_the_older_pings_of_a_batch_are_dropped() -> None:
    world = Reporting(max_pings_per_second=1)
    assert totals(await world.report(DRIVER, [ping(n) for n in range(1, 101)])) == (100, 0)
    assert totals(await world.report(DRIVER, [ping(n) for n in range(101, 201)])) == (100, 0)
    world.clock.advance(1)
    assert totals(await world.report(DRIVER, [ping(n) for n in range(201, 211)])) == (1, 9)
    position = await world.locations.last(DRIVER)
    assert position is not None
    assert position.sequence == 210


class OneRide:
    """RideDrivers with one ride."""

    def __init__(self, driver_id: UUID | None) -> None:
        self.driver_id = driver_id

    async def driver_under_way(self, ride_id: UUID, rider_id: UUID) -> UUID | None:
        return self.driver_id


async def test_a_rider_sees_where_the_driver_is_until_the_driver_is_gone() -> None:
    locations, clock = FakeLiveLocations(), HandClock()
    await locations.record([DriverPosition(DRIVER, 37.7, -122.4, NOON.timestamp(), 1, VehicleClass.XL, 0)])
    get_location = GetRideLocation(OneRide(DRIVER), locations, clock)
    clock.advance(60)
    assert await get_location(UUID(int=1), UUID(int=2)) == (GeoPoint(37.7, -122.4), NOON)
    clock.advance(1)
    with pytest.raises(NotFound) as caught:
        await get_location(UUID(int=1), UUID(int=2))
    assert caught.value.reason == "no_live_location"


async def test_a_ride_without_a_driver_has_no_live_location() -> None:
    with pytest.raises(NotFound) as caught:
        await GetRideLocation(OneRide(None), FakeLiveLocations(), HandClock())(UUID(int=1), UUID(int=2))
    assert caught.value.reason == "no_live_location"
