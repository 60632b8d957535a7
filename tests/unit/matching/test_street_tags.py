"""What a car may do on a street, by its tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.domain.polyline import decode_polyline, encode_polyline, points_of
from matching_service.domain.street_tags import Street, blocks_cars, limit_kmh, street_of, turn_kind
from shared_kernel.geo import GeoPoint


@pytest.mark.parametrize(
    ("tags", "use"),
    [
        ({"highway": "residential"}, Street(25, True, True)),
        ({"highway": "residential", "maxspeed": "50"}, Street(40, True, True)),
        ({"highway": "motorway", "maxspeed": "none"}, Street(104, True, False)),
        ({"highway": "tertiary", "oneway": "yes"}, Street(32, True, False)),
        ({"highway": "tertiary", "oneway": "-1"}, Street(32, False, True)),
        ({"highway": "tertiary", "junction": "roundabout"}, Street(32, True, False)),
        ({"highway": "tertiary", "junction": "roundabout", "oneway": "no"}, Street(32, True, True)),
        ({"highway": "residential", "oneway": "yes", "oneway:motorcar": "no"}, Street(25, True, True)),
        ({"highway": "residential", "maxspeed": "1"}, Street(5, True, True)),
        ({"highway": "residential", "access": "no", "motor_vehicle": "yes"}, Street(25, True, True)),
        ({"highway": "residential", "access": "destination"}, Street(25, True, True)),
        ({"highway": "residential", "motor_vehicle": "private"}, None),
        ({"highway": "residential", "oneway": "reversible"}, None),
        ({"highway": "footway"}, None),
        ({"highway": "service", "service": "parking_aisle"}, None),
        ({"highway": "service", "area": "yes"}, None),
        ({"building": "yes"}, None),
    ],
)
def test_a_street_is_used_as_its_tags_say(tags: dict[str, str], use: Street | None) -> None:
    found = street_of(tags)
    assert found == use or (found and use and found[1:] == use[1:] and found.speed_kmh == pytest.approx(use.speed_kmh))


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("50", 50.0),
        ("30 mph", 48.28032),
        ("30mph", 48.28032),
        ("walk", 7.0),
        ("12.5 km/h", 12.5),
        ("", None),
        ("signals", None),
        ("RU:urban", None),
        ("-20", None),
        ("1e3", None),
        ("0", None),
        ("9999", None),
        ("٣٠", None),
        ("50;30", None),
    ],
)
def test_a_limit_is_read_or_left_alone(text: str, kmh: float | None) -> None:
    assert limit_kmh(text) == (None if kmh is None else pytest.approx(kmh))


@given(st.text(max_size=12))
def test_no_limit_can_break_the_reader(text: str) -> None:
    kmh = limit_kmh(text)
    assert kmh is None or 0 < kmh <= 300


def test_a_bollard_blocks_and_a_toll_booth_does_not() -> None:
    assert blocks_cars({"barrier": "bollard"})
    assert blocks_cars({"barrier": "gate"})
    assert not blocks_cars({"barrier": "gate", "access": "yes"})
    assert not blocks_cars({"barrier": "toll_booth"})
    assert not blocks_cars({"highway": "traffic_signals"})


def test_a_turn_is_barred_named_alone_or_not_meant_for_cars() -> None:
    assert turn_kind({"restriction": "no_left_turn"}) is False
    assert turn_kind({"restriction": "only_straight_on"}) is True
    assert turn_kind({"restriction": "no_left_turn", "except": "bus; motorcar"}) is None
    assert turn_kind({"restriction": "no_entry"}) is None
    assert turn_kind({"restriction:conditional": "no_left_turn @ (07:00-09:00)"}) is None


def test_a_polyline_is_written_as_the_format_says() -> None:
    # The example in the description of the format.
    line = [(38.5, -120.2), (40.7, -120.95), (43.252, -126.453)]
    assert encode_polyline(line) == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"


@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=20))
def test_a_polyline_is_read_back_to_a_meter(line: list[tuple[float, float]]) -> None:
    back = decode_polyline(encode_polyline(line))
    assert [value for point in back for value in point] == pytest.approx(
        [value for point in line for value in point], abs=0.6e-5
    )


def test_the_points_of_what_is_no_line_are_none() -> None:
    assert points_of(encode_polyline([(1.0, 2.0)])) == [GeoPoint(1.0, 2.0)]
    assert points_of("") == points_of("_p~iF") == points_of(encode_polyline([(91.0, 0.0)])) == []


@pytest.mark.parametrize("text", ["_p~iF", "_p~iF~ps|", "é", "~~~~~~~~~~"])
def test_what_is_no_polyline_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="polyline"):
        decode_polyline(text)
