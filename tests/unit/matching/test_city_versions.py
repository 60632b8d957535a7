"""Which version of a city's policy is in force, and what two versions differ in."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from matching_service.domain.city_versions import Effect, PolicyChange, changes_between, version_in_force
from tests.fakes.matching_dispatch import NOON

HOUR = timedelta(hours=1)


def test_a_version_is_in_force_from_its_very_moment_on() -> None:
    effects = [Effect(1, NOON), Effect(2, NOON + HOUR)]
    assert version_in_force(effects, NOON + HOUR - timedelta(microseconds=1)) == 1
    assert version_in_force(effects, NOON + HOUR) == 2


def test_a_version_put_later_wins_over_one_that_was_to_start_after_it() -> None:
    effects = [Effect(1, NOON), Effect(2, NOON + 5 * HOUR), Effect(3, NOON + HOUR)]
    assert version_in_force(effects, NOON + 2 * HOUR) == 3
    assert version_in_force(effects, NOON + 6 * HOUR) == 3


def test_before_the_first_version_nothing_is_in_force() -> None:
    assert version_in_force([Effect(1, NOON)], NOON - HOUR) is None


@given(st.lists(st.integers(-5, 5), max_size=8))
def test_once_in_force_a_version_gives_way_to_higher_ones_alone(hours: list[int]) -> None:
    effects = [Effect(number + 1, NOON + hour * HOUR) for number, hour in enumerate(hours)]
    seen = [version_in_force(effects, NOON + hour * HOUR) or 0 for hour in range(-6, 7)]
    assert seen == sorted(seen)


def test_changes_are_told_key_by_key_and_comments_do_not_count() -> None:
    before = (
        'name = "A" # old\n[fees]\ncancel_fee_minor = 500\nno_show_fee_minor = 1\n[[tolls]]\nname = "bridge"\nx = 1'
    )
    after = (
        'name = "A"\n[fees]\nno_show_fee_minor = 1\ncancel_fee_minor = 600\n[[tolls]]\nname = "bridge"\nx = 2\ny = []'
    )
    assert changes_between(before, after) == [
        PolicyChange("fees.cancel_fee_minor", "500", "600"),
        PolicyChange("tolls.bridge.x", "1", "2"),
        PolicyChange("tolls.bridge.y", "", "[]"),
    ]


def test_a_document_has_no_changes_against_itself() -> None:
    assert changes_between("a = 1\n[b]\nc = [1, 2]", "a=1\n[b]\nc=[1,2]") == []


def test_tables_of_one_name_are_compared_each_with_its_own() -> None:
    """A bridge with a gate on either side."""
    two = '[[tolls]]\nname = "bridge"\nx = {}\n[[tolls]]\nname = "bridge"\nx = 2\n'
    assert changes_between(two.format(1), two.format(3)) == [PolicyChange("tolls.bridge.x", "1", "3")]
    assert changes_between(two.format(1), two.format(1) + '[[tolls]]\nname = "bridge"\nx = 4') == [
        PolicyChange("tolls.bridge (3).name", "", '"bridge"'),
        PolicyChange("tolls.bridge (3).x", "", "4"),
    ]


def test_fare_rules_that_change_places_are_a_change_since_the_first_that_fits_counts() -> None:
    night, airport = ('[[fares]]\nname = "night"\nx = 1\n', '[[fares]]\nname = "airport"\nx = 2\n')
    assert changes_between(night + airport, airport + night) == [
        PolicyChange("fares", '["night", "airport"]', '["airport", "night"]')
    ]
    assert changes_between(night, night + airport) == [
        PolicyChange("fares", '["night"]', '["night", "airport"]'),
        PolicyChange("fares.airport.name", "", '"airport"'),
        PolicyChange("fares.airport.x", "", "2"),
    ]
