"""Vehicles, demand and the report's arithmetic."""

from __future__ import annotations

import random
from dataclasses import fields
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitney.simulator.behavior import Behavior
from jitney.simulator.cities import CitySketch
from jitney.simulator.demand import make_up_city, trips_for_ever
from jitney.simulator.motion import Vehicle, drive_seconds
from jitney.simulator.report import Report
from jitney.simulator.run import phone_number, wind_down_seconds
from jitney.simulator.told import lines_of
from shared_kernel.geo import GeoPoint

A, B = GeoPoint(37.79, -122.40), GeoPoint(37.77, -122.42)


def test_a_vehicle_leaves_from_where_it_is_and_arrives_when_due() -> None:
    vehicle = Vehicle(A)
    vehicle.drive(B, now=10, seconds=100)
    assert vehicle.place(10) == A
    assert vehicle.place(110) == B
    halfway = vehicle.place(60)
    assert halfway.latitude == pytest.approx(37.78)
    vehicle.drive(A, now=60, seconds=50)
    assert vehicle.place(60) == halfway


def test_a_drive_takes_as_long_as_streets_make_it() -> None:
    # 2,835 m in a straight line, 1.2 times as far by street, at 19.9 km/h.
    assert drive_seconds(A, B) == pytest.approx(2835 * 1.2 / (19.9 / 3.6), rel=0.001)


def test_made_up_demand_is_the_same_for_a_seed_and_comes_at_its_rate() -> None:
    first = list(islice(trips_for_ever(random.Random(3), 6), 200))
    assert first == list(islice(trips_for_ever(random.Random(3), 6), 200))
    assert first != list(islice(trips_for_ever(random.Random(4), 6), 200))
    times = [trip.at_seconds for trip in first]
    assert times == sorted(times)


_L_SHAPE = [
    GeoPoint(52.4, 13.2),
    GeoPoint(52.4, 13.6),
    GeoPoint(52.5, 13.6),
    GeoPoint(52.5, 13.4),
    GeoPoint(52.7, 13.4),
    GeoPoint(52.7, 13.2),
]


@given(st.integers(0, 1_000))
def test_people_of_a_made_up_city_are_within_its_area(seed: int) -> None:
    places = make_up_city(random.Random(seed), _L_SHAPE)
    assert places == make_up_city(random.Random(seed), _L_SHAPE)
    assert len(places) == 8
    for point, _ in places:
        assert 52.4 < point.latitude < 52.7
        assert 13.2 < point.longitude < 13.6
        assert point.latitude < 52.5 or point.longitude < 13.4


def test_an_area_without_room_is_told() -> None:
    sliver = [GeoPoint(52.4, 13.2), GeoPoint(52.4, 13.4), GeoPoint(52.4001, 13.4)]
    with pytest.raises(ValueError, match="no room"):
        make_up_city(random.Random(1), sliver)


def test_nobody_wishes_for_what_a_city_does_not_sell() -> None:
    sketch = CitySketch(_L_SHAPE, frozenset({"economy", "pool"}))
    wishes = sketch.wishes(Behavior(pool_share=0.1, delivery_share=0.2, xl_share=0.3))
    assert (wishes.pool_share, wishes.delivery_share, wishes.xl_share, wishes.wheelchair_share) == (0.1, 0, 0, 0)
    with pytest.raises(ValueError, match="economy"):
        CitySketch(_L_SHAPE, frozenset({"limousine"})).wishes(Behavior())


def test_the_report_tells_rides_by_funding() -> None:
    values: dict[str, Any] = {item.name: 0 for item in fields(Report)}
    values["verdicts"] = []
    values |= {name: {} for name in ("ends", "fares_minor", "postings_sum_minor", "deliveries", "troubles", "edits")}
    values |= {"cancels": {"canceled_by_rider (matching)": 2, "driver_canceled": 1}, "requested": 23, "completed": 20}
    values["requested_by_kind"], values["completed_by_kind"] = {"xl": 4, "stops": 2}, {"xl": 3}
    values["completed_by_funding"] = {"card": 17, "cash": 3}
    values |= {
        "pooled_count": 6,
        "shared_count": 4,
        "detour_mean_seconds": 92.5,
        "hand_overs": {"pin": 3, "returned": 1},
        "changed_mind_count": 2,
    }
    report = Report(**values)
    assert dict(lines_of(report))["  paid by"] == "card 17, cash 3"
    assert dict(lines_of(report))["  of a kind"] == "xl 3 of 4, stops 0 of 2"
    assert dict(lines_of(report))["  orders"] == "3 pin, 1 returned"
    assert dict(lines_of(report))["  minds changed"] == "2"
    assert dict(lines_of(report))["  pooled"].startswith("6, of which 4 shared a run; longer than alone by mean 92.5 s")
    assert dict(lines_of(report))["Completed"] == "20, 87.0 %"
    assert dict(lines_of(report))["  canceled or lost"] == "2 canceled_by_rider (matching), 1 driver_canceled"
    assert report.as_json()["completed_by_funding"] == {"card": 17, "cash": 3}


def test_nobody_shares_a_phone_number() -> None:
    numbers = [phone_number(1, number) for number in range(20_000)]
    assert len(set(numbers)) == len(numbers)


def test_whoever_asked_last_and_ahead_is_waited_for() -> None:
    ahead = Behavior(scheduled_share=0.1, schedule_ahead_seconds=1_860)
    assert wind_down_seconds(ahead, 4) == 1_860 + wind_down_seconds(Behavior(), 4)
