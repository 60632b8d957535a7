"""Ids: they round-trip between inside and edge, and sort by their making."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_kernel.errors import InvalidInput
from shared_kernel.ids import Uuid7Source, from_public_id, least_id_of, made_at, to_public_id

prefixes = st.from_regex(r"[a-z]([a-z_]{0,20}[a-z])?", fullmatch=True)


@given(prefixes, st.uuids())
def test_a_public_id_reads_back_as_it_was(prefix: str, value: UUID) -> None:
    assert from_public_id(prefix, to_public_id(prefix, value)) == value


@given(st.uuids(), st.uuids())
def test_public_ids_sort_as_their_uuids_do(a: UUID, b: UUID) -> None:
    assert (to_public_id("ride", a) < to_public_id("ride", b)) == (a < b)


def test_the_example_of_the_typeid_specification() -> None:
    value = UUID("01890a5d-ac96-774b-bcce-b302099a8057")

    assert to_public_id("prefix", value) == "prefix_01h455vb4pex5vsknk084sn02q"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ride",
        "ride_",
        "offer_01h455vb4pex5vsknk084sn02q",
        "RIDE_01h455vb4pex5vsknk084sn02q",
        "ride_01H455VB4PEX5VSKNK084SN02Q",
        "ride_81h455vb4pex5vsknk084sn02q",
        "ride_01h455vb4pex5vsknk084sn02",
        "ride_01h455vb4pex5vsknk084sn02qq",
        "ride_01h455vb4pex5vsknk084sn02u",
        "01890a5d-ac96-774b-bcce-b302099a8057",
    ],
)
def test_anything_else_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_public_id("ride", text, field="ride_id")

    assert caught.value.reason == "invalid_id"
    assert caught.value.violations[0].field == "ride_id"


@given(st.text(max_size=40))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    try:
        value = from_public_id("ride", text)
    except InvalidInput:
        return
    assert to_public_id("ride", value) == text


def test_new_ids_are_version_7_and_rising() -> None:
    new_id = Uuid7Source()
    ids = [new_id() for _ in range(10_000)]

    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {value.version for value in ids} == {7}
    assert {value.variant for value in ids} == {"specified in RFC 4122"}


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=50))
def test_ids_rise_even_when_the_clock_jumps_back(times: list[int]) -> None:
    clock = iter(times)
    new_id = Uuid7Source(unix_millis=lambda: next(clock), random_bytes=bytes)
    ids = [new_id() for _ in times]

    assert ids == sorted(set(ids))


def test_more_ids_than_a_millisecond_counts_still_rise() -> None:
    new_id = Uuid7Source(unix_millis=lambda: 1_700_000_000_000, random_bytes=bytes)
    ids = [new_id() for _ in range(10_000)]

    assert ids == sorted(set(ids))


def test_an_id_begins_with_its_time() -> None:
    new_id = Uuid7Source(unix_millis=lambda: 0x0189_0A5D_AC96)

    assert str(new_id()).startswith("01890a5d-ac96-7")


def test_an_id_tells_when_it_was_made() -> None:
    moment = datetime(2026, 5, 17, 18, 30, 0, 123_000, tzinfo=UTC)
    source = Uuid7Source(lambda: int(moment.timestamp() * 1000))
    assert made_at(source()) == moment
    assert least_id_of(moment) <= source() < least_id_of(moment + timedelta(milliseconds=1))
