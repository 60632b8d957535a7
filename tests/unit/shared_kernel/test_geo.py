"""Places: only those on the Earth, and distances on its sphere."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_kernel.errors import InvalidInput
from shared_kernel.geo import EARTH_RADIUS_METERS, GeoPoint, haversine_meters

points = st.builds(GeoPoint, st.floats(-90, 90), st.floats(-180, 180))


@given(st.floats(), st.floats())
def test_a_place_is_on_the_earth_or_refused(latitude: float, longitude: float) -> None:
    if -90 <= latitude <= 90 and -180 <= longitude <= 180:  # false for NaN
        assert GeoPoint(latitude, longitude).latitude == latitude
    else:
        with pytest.raises(InvalidInput) as caught:
            GeoPoint(latitude, longitude)
        assert caught.value.reason == "invalid_location"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 90.0001])
def test_the_refused_field_is_named(bad: float) -> None:
    with pytest.raises(InvalidInput) as caught:
        GeoPoint(bad, 0.0)

    assert [violation.field for violation in caught.value.violations] == ["latitude"]


@given(points, points)
def test_a_distance_is_the_same_both_ways_and_at_most_half_way_around(a: GeoPoint, b: GeoPoint) -> None:
    distance = haversine_meters(a, b)

    assert distance == pytest.approx(haversine_meters(b, a))
    assert 0 <= distance <= math.pi * EARTH_RADIUS_METERS * (1 + 1e-12)


@given(points)
def test_a_place_is_no_distance_from_itself(point: GeoPoint) -> None:
    assert haversine_meters(point, point) == 0


@given(points, points, points)
def test_no_detour_is_shorter(a: GeoPoint, b: GeoPoint, c: GeoPoint) -> None:
    assert haversine_meters(a, c) <= haversine_meters(a, b) + haversine_meters(b, c) + 0.5


def test_one_degree_of_latitude_is_111_kilometers() -> None:
    assert haversine_meters(GeoPoint(0, 0), GeoPoint(1, 0)) == pytest.approx(111_195, rel=1e-4)


def test_across_the_date_line_is_near() -> None:
    assert haversine_meters(GeoPoint(0, 179.999), GeoPoint(0, -179.999)) < 300
