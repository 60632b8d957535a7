"""How demand and supply become multipliers, and how a rider consents to a high one."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.adapters.city_file import load_city
from matching_service.adapters.fixed_cities import FixedCities
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.fare_book import FareRule, Rates, Scope
from matching_service.domain.pricing import NO_SURGE_PERMILLE
from matching_service.domain.quote import FareLineKind, Place
from matching_service.domain.surge import (
    CellCounts,
    CellSurge,
    SurgeControl,
    SurgePolicy,
    next_surges,
    target_permille,
)
from matching_service.use_cases.create_quotes import CreateQuotes, CreateQuotesCommand
from shared_kernel.geo import GeoPoint
from shared_kernel.ids import Uuid7Source
from shared_kernel.money import Money
from tests.fakes.matching_dispatch import FakeFreeDrivers, FakeQuotes, HandClock
from tests.fakes.matching_stage import DROPOFF, PICKUP, Stage
from tests.unit.matching.test_requests import refusal

CITY = load_city(None)
POLICY = SurgePolicy(
    period_seconds=30,
    horizon_seconds=300,
    least_requests=4,
    start_permille=1000,
    slope_permille=500,
    cap_permille=2500,
    step_permille=50,
    hysteresis_permille=100,
    average_permille=500,
    consent_permille=1500,
)
ROW = {"a": ["b"], "b": ["a", "c"], "c": ["b"]}


def neighbors(cell: str) -> list[str]:
    return ROW[cell]


def run(policy: SurgePolicy, counts: CellCounts, periods: int) -> list[dict[str, CellSurge]]:
    """The cells after each period of the same demand and supply."""
    surges: list[dict[str, CellSurge]] = [{}]
    for _ in range(periods):
        surges.append(next_surges(policy, surges[-1], counts, neighbors))
    return surges[1:]


@pytest.mark.parametrize(
    ("demand", "supply", "expected"),
    [(3.9, 0, 1000), (4, 4, 1000), (8, 4, 1500), (9, 3, 2000), (100, 4, 2500), (4, 0.2, 2500), (4, 100, 1000)],
)
def test_the_target_grows_with_the_ratio_from_its_start_to_the_cap(
    demand: float, supply: float, expected: float
) -> None:
    assert target_permille(POLICY, demand, supply) == expected


def test_neighbors_count_for_half_on_both_sides() -> None:
    policy = replace(POLICY, average_permille=1000)
    after = next_surges(policy, {}, CellCounts({"a": 8}, {"a": 4}), neighbors)
    # b sees 4 requests and 2 drivers: the same ratio of two; c is next to neither.
    assert {cell: surge.permille for cell, surge in after.items()} == {"a": 1500, "b": 1500}
    helped = next_surges(policy, {}, CellCounts({"a": 8}, {"a": 4, "b": 8}), neighbors)
    assert helped == {}


def test_a_jump_of_demand_comes_in_by_and_by_and_goes_by_and_by_to_none() -> None:
    busy, quiet = CellCounts({"a": 12}, {"a": 4}), CellCounts({}, {})
    rising = [cells["a"].permille for cells in run(POLICY, busy, 6)]
    assert rising == sorted(rising)
    assert (rising[0], rising[-1]) == (1500, 2000)
    cells = run(POLICY, busy, 6)[-1]
    falling: list[int] = []
    for _ in range(12):
        cells = next_surges(POLICY, cells, quiet, neighbors)
        falling.append(cells["a"].permille if "a" in cells else 1000)
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] == 1000
    assert cells == {}


def test_a_price_does_not_move_for_less_than_the_hysteresis() -> None:
    before = {"a": CellSurge(1500, 1500.0)}
    policy = replace(POLICY, average_permille=1000)
    near = next_surges(policy, before, CellCounts({"a": 8.5}, {"a": 4}), neighbors)  # the target is 1562
    assert near["a"].permille == 1500
    far = next_surges(policy, before, CellCounts({"a": 9}, {"a": 4}), neighbors)  # 1625, rounded to 1650
    assert far["a"].permille == 1650


def test_an_average_is_kept_as_long_as_it_is_above_none_by_a_thousandth() -> None:
    nobody = CellCounts({}, {})

    for mean, kept in ((1_002.0, 1_001.0), (1_003.0, 1_001.5)):
        [cell] = next_surges(POLICY, {"a": CellSurge(1_000, mean)}, nobody, neighbors).values()
        assert (cell.permille, cell.mean_permille) == (1_000, kept)
    assert next_surges(POLICY, {"a": CellSurge(1_000, 1_001.9)}, nobody, neighbors) == {}


def test_a_lower_cap_of_a_new_policy_holds_at_once() -> None:
    policy = replace(POLICY, cap_permille=1200, average_permille=1)
    after = next_surges(policy, {"a": CellSurge(2000, 2000.0)}, CellCounts({"a": 50}, {}), neighbors)
    assert after["a"].permille == 1200


@given(
    st.lists(st.tuples(st.dictionaries(st.sampled_from("abc"), st.floats(0, 200)), st.integers(0, 50)), max_size=20),
    st.integers(1, 1000),
    st.integers(0, 500),
)
def test_a_multiplier_is_whole_and_between_none_and_the_cap_whatever_comes(
    periods: list[tuple[dict[str, float], int]], average: int, hysteresis: int
) -> None:
    policy = replace(POLICY, average_permille=average, hysteresis_permille=hysteresis)
    cells: dict[str, CellSurge] = {}
    for requests, drivers in periods:
        cells = next_surges(policy, cells, CellCounts(requests, {"b": drivers}), neighbors)
        for surge in cells.values():
            assert 1000 <= surge.permille <= 2500
            assert surge.permille % 50 == 0 or surge.permille == 2500
            assert 1000 <= surge.mean_permille <= 2500


def test_a_control_caps_and_never_raises() -> None:
    assert SurgeControl(cap_permille=1200).applied(1800) == 1200
    assert SurgeControl(cap_permille=1200).applied(1100) == 1100
    assert SurgeControl(frozen=True).applied(1800) == 1800


class FixedSurge:
    """One multiplier everywhere."""

    def __init__(self, permille: int) -> None:
        self.permille = permille

    async def permille_at(self, city: str, point: GeoPoint) -> int:
        return self.permille


def quoting(permille: int, rules: tuple[FareRule, ...] = ()) -> CreateQuotes:
    city = replace(CITY, surge=POLICY, fares=replace(CITY.fares, rules=rules))
    return CreateQuotes(
        cities=FixedCities(city),
        eta=CrowFliesEta(CITY.travel),
        free_drivers=FakeFreeDrivers(None),
        quotes=FakeQuotes(),
        clock=HandClock(),
        new_id=Uuid7Source(),
        surge=FixedSurge(permille),
    )


COMMAND = CreateQuotesCommand(UUID(int=1), Place(PICKUP.point), Place(DROPOFF.point), "economy")


async def test_a_quote_contains_the_surge_and_from_the_consent_on_a_token() -> None:
    [plain] = await quoting(NO_SURGE_PERMILLE)(COMMAND)
    [raised] = await quoting(1450)(COMMAND)
    [high] = await quoting(1500)(COMMAND)
    assert (plain.surge_permille, raised.surge_permille, high.surge_permille) == (1000, 1450, 1500)
    assert raised.fare.amount_of(FareLineKind.SURGE).amount_minor > 0
    assert (plain.surge_consent_token, raised.surge_consent_token) == ("", "")
    assert len(high.surge_consent_token) == 32


async def test_no_multiplier_is_above_the_policys_cap() -> None:
    [quote] = await quoting(9_000)(COMMAND)
    assert quote.surge_permille == 2500


async def test_a_flat_price_has_no_surge_and_asks_for_no_consent() -> None:
    flat = FareRule("flat", Scope(), Rates(flat=Money("USD", 3000)))
    [quote] = await quoting(2_000, (flat,))(COMMAND)
    assert (quote.surge_permille, quote.surge_consent_token) == (1000, "")


async def test_a_ride_at_a_high_surge_needs_the_token_of_its_quote(stage: Stage) -> None:
    rider_id = stage.new_id()
    drawn = await stage.quote(rider_id)
    quote = replace(drawn, id=stage.new_id(), surge_permille=1800, surge_consent_token="t" * 32)
    await stage.quotes.add([quote])
    card = stage.card()
    for token in ("", "u" * 32):
        asked = stage.request_ride(stage.key(), rider_id, quote.id, card, "", None, token)
        error = await refusal(asked)
        assert (error.reason, error.metadata["surge_permille"]) == ("surge_consent_required", "1800")
    ride = await stage.request_ride(stage.key(), rider_id, quote.id, card, "", None, "t" * 32)
    assert ride.terms.surge_permille == 1800


async def test_a_token_for_a_quote_that_asks_for_none_means_nothing(stage: Stage) -> None:
    rider_id = stage.new_id()
    quote = await stage.quote(rider_id)
    ride = await stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "", None, "made up")
    assert ride.terms.surge_permille == 1000
