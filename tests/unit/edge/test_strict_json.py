"""Bodies that are ambiguous, hostile or wrong are refused before a service hears of them."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rider_api.problems import ProblemError
from rider_api.rest.strict_json import MAX_DEPTH, parse_object, require_json, validated
from rider_api.schemas.drivers import LocationBatch
from rider_api.schemas.quotes import QuoteRequest
from rider_api.schemas.shifts import Availability
from shared_kernel.errors import InvalidInput

PLACES: dict[str, Any] = {
    "pickup": {"latitude": 37.7, "longitude": -122.4},
    "dropoff": {"latitude": 37.8, "longitude": -122.4},
}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"a": ["\\u0000"]}',
        b'{"a": "\\ud800"}',
        b'{"a": "\x00"}',
        b'{"a": "\xff"}',
        b"\xef\xbb\xbf{}",
        b'{"a": 1} {"b": 2}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
        b'{"a": ' + b"9" * 5_000 + b"}",
    ],
)
def test_a_malformed_or_ambiguous_body_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_object(body)
    assert refusal.value.reason == "malformed_json"


def test_brackets_within_texts_are_not_nesting() -> None:
    text = "[{" * 50 + '\\"'
    assert parse_object(json.dumps({"note": text}).encode()) == {"note": text}


def test_an_escaped_backslash_before_u0000_is_not_nul() -> None:
    assert parse_object(b'{"a": "\\\\u0000"}') == {"a": "\\u0000"}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))), inner, max_size=3
        )
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))), json_values))
def test_what_is_json_is_read_as_json_reads_it(document: dict[str, Any]) -> None:
    assert parse_object(json.dumps(document).encode()) == json.loads(json.dumps(document))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_it_fail_in_another_way(body: bytes) -> None:
    with contextlib.suppress(InvalidInput):
        assert isinstance(parse_object(body), dict)


@pytest.mark.parametrize(
    "media_type",
    [None, "", "text/plain", "application/xml", "application/json; charset=latin-1", "multipart/form-data"],
)
def test_a_body_that_is_not_json_is_415(media_type: str | None) -> None:
    with pytest.raises(ProblemError) as refusal:
        require_json(media_type)
    assert refusal.value.problem.status == 415


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON; charset=UTF-8"])
def test_json_in_utf_8_is_taken(media_type: str) -> None:
    require_json(media_type)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pickup": {"latitude": True, "longitude": 1.0}}, "pickup.latitude"),
        ({"pickup": {"latitude": "37.7", "longitude": 1.0}}, "pickup.latitude"),
        ({"pickup": {"latitude": 90.1, "longitude": 1.0}}, "pickup.latitude"),
        ({"pickup": {"latitude": float("nan"), "longitude": 1.0}}, "pickup.latitude"),
        ({"pickup": {"latitude": float("inf"), "longitude": 1.0}}, "pickup.latitude"),
        ({"pickup": {"latitude": 1.0}}, "pickup.longitude"),
        ({"pickup": None}, "pickup"),
        ({"surge": 1}, "surge"),
        ({"pickup": {"latitude": 1.0, "longitude": 1.0, "floor": 3}}, "pickup.floor"),
        ({"product": "x" * 41}, "product"),
        ({"product": 7}, "product"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        validated(QuoteRequest, {**PLACES, **change})
    assert [violation.field for violation in refusal.value.violations] == [field]


def test_a_wrong_element_of_a_list_is_named_by_its_place() -> None:
    good = {"latitude": 1.0, "longitude": 1.0, "measured_at": "2030-01-01T00:00:00Z", "sequence": 1}
    with pytest.raises(InvalidInput) as refusal:
        validated(LocationBatch, {"locations": [good, {**good, "measured_at": "2030-13-01T00:00:00Z"}]})
    assert refusal.value.violations[0].field == "locations[1].measured_at"


@pytest.mark.parametrize("online", [0, 1, "true", None])
def test_only_true_and_false_are_an_availability(online: object) -> None:
    with pytest.raises(InvalidInput):
        validated(Availability, {"online": online})
