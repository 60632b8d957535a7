"""What any Positions answers: the plain one says what is right, the packed one is asked the same."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from matching_service.adapters.location_layout import pack
from matching_service.adapters.packed_positions import PackedPositions
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition, ShiftKey
from matching_service.domain.positions import Positions

DRIVERS = [UUID(int=(0x0190_0000_0000_7000_8000 << 48) + number * 256) for number in range(8)]
"""Some end in a zero byte, as one id in 256 does."""
STRANGER = UUID(int=9)
AT = 1_715_947_200.0
TAGS = st.sampled_from([0, 1, 2**32 - 1])
CLOSED = st.frozensets(st.tuples(st.sampled_from([*DRIVERS, STRANGER]), TAGS))
BUSY = st.frozensets(st.sampled_from([*DRIVERS, STRANGER]))


def told(driver_id: UUID) -> st.SearchStrategy[DriverPosition]:
    """What the store keeps exactly: whole milliseconds, and degrees to seven places."""
    return st.builds(
        DriverPosition,
        st.just(driver_id),
        st.integers(-900_000_000, 900_000_000).map(lambda degrees: degrees / 1e7),
        st.integers(-1_800_000_000, 1_800_000_000).map(lambda degrees: degrees / 1e7),
        st.sampled_from([AT - 0.001, AT, AT + 15.125]),
        st.integers(0, 2**64 - 1),
        st.sampled_from(VehicleClass),
        TAGS,
    )


@st.composite
def both(draw: st.DrawFn) -> tuple[Positions, PackedPositions]:
    some = draw(st.lists(st.sampled_from(DRIVERS), unique=True))
    positions = [draw(told(driver_id)) for driver_id in some]
    return Positions(positions), PackedPositions.of_values([pack(each) for each in positions])


@given(both())
def test_each_driver_is_read_back_by_place_and_by_id(pair: tuple[Positions, PackedPositions]) -> None:
    plain, packed = pair
    assert len(packed) == len(plain)
    assert list(packed) == list(plain)
    assert [packed[place] for place in range(len(packed))] == list(plain)
    for driver_id in (*DRIVERS, STRANGER):
        assert packed.place_of(driver_id) == plain.place_of(driver_id)
        assert packed.of(driver_id) == plain.of(driver_id)


@given(both(), BUSY, CLOSED, st.sampled_from([AT - 1, AT, AT + 20]))
def test_who_is_free_and_how_many_are_stale(
    pair: tuple[Positions, PackedPositions], busy: frozenset[UUID], closed: frozenset[ShiftKey], fresh_since: float
) -> None:
    plain, packed = pair
    assert packed.free(fresh_since, busy, closed) == plain.free(fresh_since, busy, closed)
    assert packed.count_stale(fresh_since) == plain.count_stale(fresh_since)


@given(both(), st.frozensets(st.sampled_from(VehicleClass)), st.data())
def test_some_of_them_answer_for_themselves(
    pair: tuple[Positions, PackedPositions], classes: frozenset[VehicleClass], data: st.DataObject
) -> None:
    plain, packed = pair
    places = data.draw(st.lists(st.sampled_from(range(len(plain))), unique=True)) if len(plain) else []
    for one, other in ((plain, packed), (plain.at(places), packed.at(places))):
        assert list(other) == list(one)
        assert other.of_classes(classes) == one.of_classes(classes)
        assert [list(degrees) for degrees in other.degrees()] == [list(degrees) for degrees in one.degrees()]


def test_of_a_driver_in_two_cells_the_newer_position_counts_whichever_comes_first() -> None:
    def at(driver: int, measured_at: float) -> DriverPosition:
        return DriverPosition(DRIVERS[driver], 37.7, -122.4, measured_at, 1, VehicleClass.XL, 1)

    newer, older, alone = at(0, AT + 1), at(0, AT), at(1, AT - 5)
    for values in ([newer, alone, older], [older, alone, newer], [alone, older, newer]):
        assert set(PackedPositions.of_values([pack(each) for each in values])) == {newer, alone}
