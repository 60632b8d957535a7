"""The matcher: candidates, the best choice beside brute force, and the greedy one."""

import asyncio
from itertools import product
from threading import Event
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_service.adapters import scipy_assignment
from matching_service.adapters.scipy_assignment import ScipyMatcher, assign, nearest_pairs
from matching_service.domain.assignment import (
    PairCost,
    choose_greedily,
    head_start_seconds,
    total_seconds,
    unserved_seconds,
)
from matching_service.domain.candidates import Limits, Seeker, able_places, is_able
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition
from matching_service.domain.positions import Positions
from matching_service.domain.ride_kind import Capability
from shared_kernel.geo import GeoPoint, haversine_meters

CAP_SECONDS = 1_200
CORNER = GeoPoint(37.7, -122.4)


def seeker(
    number: int,
    point: GeoPoint = CORNER,
    head_start: float = 0,
    excluded: frozenset[UUID] = frozenset(),
    classes: frozenset[VehicleClass] = frozenset({VehicleClass.ECONOMY}),
    *,
    pays_cash: bool = False,
) -> Seeker:
    return Seeker(UUID(int=number), point, classes, excluded, head_start, pays_cash)


def driver(number: int, point: GeoPoint, vehicle_class: VehicleClass = VehicleClass.ECONOMY) -> DriverPosition:
    return DriverPosition(UUID(int=1_000 + number), point.latitude, point.longitude, 0.0, 1, vehicle_class, 0)


head_starts = st.lists(st.integers(0, 270), min_size=1, max_size=5)


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Seeker], list[PairCost]]:
    seekers = [seeker(number, head_start=start) for number, start in enumerate(draw(head_starts))]
    driver_count = draw(st.integers(1, 5))
    edges = draw(st.sets(st.tuples(st.integers(0, len(seekers) - 1), st.integers(0, driver_count - 1))))
    return seekers, [PairCost(row, column, draw(st.integers(1, CAP_SECONDS))) for row, column in sorted(edges)]


@given(
    st.lists(st.sampled_from(VehicleClass), max_size=8),
    st.frozensets(st.sampled_from(VehicleClass)),
    st.booleans(),
    st.frozensets(st.integers(0, 7)),
    st.frozensets(st.sampled_from(Capability), max_size=2),
    st.frozensets(st.integers(0, 7)),
)
def test_who_is_able_is_named_whatever_the_ride_asks_for(
    fleet: list[VehicleClass],
    classes: frozenset[VehicleClass],
    pays_cash: bool,
    no_cash: frozenset[int],
    needs: frozenset[Capability],
    declared: frozenset[int],
) -> None:
    drivers = [driver(number, CORNER, vehicle_class) for number, vehicle_class in enumerate(fleet)]
    limits = Limits(
        16,
        1_000,
        frozenset(each.driver_id for place, each in enumerate(drivers) if place in no_cash),
        capabilities={each.driver_id: needs for place, each in enumerate(drivers) if place in declared},
    )
    asks = seeker(0, classes=classes, pays_cash=pays_cash)._replace(needs=needs)
    able = [place for place, each in enumerate(drivers) if is_able(asks, each, limits)]
    assert able_places(asks, Positions(drivers), limits) == able


def check_exclusive(costs: list[PairCost], chosen: list[int]) -> None:
    assert len({costs[index].driver for index in chosen}) == len(chosen)
    assert len({costs[index].seeker for index in chosen}) == len(chosen)


def least_total(seekers: list[Seeker], costs: list[PairCost], unserved: list[float]) -> float:
    """Try every choice of at most one pair a seeker."""
    options = [[index for index, cost in enumerate(costs) if cost.seeker == row] for row in range(len(seekers))]
    totals: list[float] = []
    for choice in product(*[[None, *some] for some in options]):
        chosen = [index for index in choice if index is not None]
        if len({costs[index].driver for index in chosen}) == len(chosen):
            totals.append(total_seconds(costs, chosen, unserved))
    return min(totals)


@given(problems())
@settings(deadline=None)
def test_the_choice_is_exclusive_and_as_good_as_brute_force(problem: tuple[list[Seeker], list[PairCost]]) -> None:
    seekers, costs = problem
    unserved = [unserved_seconds(each, CAP_SECONDS) for each in seekers]
    chosen = assign(costs, unserved)
    check_exclusive(costs, chosen)
    assert total_seconds(costs, chosen, unserved) == pytest.approx(least_total(seekers, costs, unserved))


@given(problems())
@settings(deadline=None)
def test_greedy_is_exclusive_leaves_no_pair_unused_and_is_never_better(
    problem: tuple[list[Seeker], list[PairCost]],
) -> None:
    seekers, costs = problem
    unserved = [unserved_seconds(each, CAP_SECONDS) for each in seekers]
    chosen = choose_greedily(costs, seekers)
    check_exclusive(costs, chosen)
    served = {costs[index].seeker for index in chosen}
    taken = {costs[index].driver for index in chosen}
    assert all(cost.seeker in served or cost.driver in taken for cost in costs)
    best = assign(costs, unserved)
    assert total_seconds(costs, best, unserved) <= total_seconds(costs, chosen, unserved) + 1e-6


def test_the_batch_beats_the_closest_car() -> None:
    costs = [PairCost(0, 0, 60), PairCost(0, 1, 90), PairCost(1, 0, 100), PairCost(1, 1, 900)]
    seekers = [seeker(0), seeker(1)]
    assert [costs[index] for index in assign(costs, [2_400, 2_400])] == [costs[1], costs[2]]
    assert [costs[index] for index in choose_greedily(costs, seekers)] == [costs[0], costs[3]]


def test_who_waited_longer_wins_the_only_driver_unless_far_away() -> None:
    fresh, patient = seeker(0), seeker(1, head_start=head_start_seconds(240, returned=False))
    unserved = [unserved_seconds(each, CAP_SECONDS) for each in (fresh, patient)]
    near = [PairCost(0, 0, 100), PairCost(1, 0, 104)]
    far = [PairCost(0, 0, 100), PairCost(1, 0, 106)]
    assert assign(near, unserved) == choose_greedily(near, [fresh, patient]) == [1]
    assert assign(far, unserved) == choose_greedily(far, [fresh, patient]) == [0]


def test_waiting_counts_up_to_its_cap_and_a_returned_ride_gets_a_head_start() -> None:
    assert head_start_seconds(-5, returned=False) == 0
    assert head_start_seconds(100, returned=False) == 2
    assert head_start_seconds(300, returned=False) == head_start_seconds(9_999, returned=False) == 6
    assert head_start_seconds(0, returned=True) == 120


def test_no_pairs_choose_nothing() -> None:
    assert assign([], [2_400.0]) == []


def test_a_cost_may_be_zero_or_below_where_much_speaks_for_a_driver() -> None:
    costs = [PairCost(0, 0, -40), PairCost(0, 1, 30), PairCost(1, 0, 0), PairCost(1, 1, 75)]
    assert [costs[index] for index in assign(costs, [2_400, 2_400])] == [costs[1], costs[2]]


points = st.builds(GeoPoint, st.floats(37.6, 37.8), st.floats(-122.5, -122.3))


@given(
    st.lists(st.tuples(points, st.sets(st.integers(0, 11)), st.booleans()), min_size=1, max_size=6),
    st.lists(st.tuples(points, st.sampled_from(VehicleClass)), max_size=12),
    st.sets(st.integers(0, 11)),
    st.integers(1, 5),
    st.floats(500, 20_000),
)
@settings(deadline=None)
def test_candidates_are_the_nearest_allowed_drivers_in_reach(
    riders: list[tuple[GeoPoint, set[int], bool]],
    fleet: list[tuple[GeoPoint, VehicleClass]],
    no_cash: set[int],
    candidates: int,
    reach_meters: float,
) -> None:
    either = [frozenset({VehicleClass.ECONOMY, VehicleClass.XL}), frozenset({VehicleClass.WHEELCHAIR})]
    seekers = [
        seeker(
            number,
            point,
            excluded=frozenset(UUID(int=1_000 + one) for one in excluded),
            classes=either[number % 2],
            pays_cash=pays_cash,
        )
        for number, (point, excluded, pays_cash) in enumerate(riders)
    ]
    drivers = [driver(number, point, vehicle_class) for number, (point, vehicle_class) in enumerate(fleet)]
    blocked = frozenset(UUID(int=1_000 + number) for number in no_cash)
    pairs = nearest_pairs(seekers, Positions(drivers), Limits(candidates, reach_meters, blocked))
    assert len(set(pairs)) == len(pairs)
    for index, each in enumerate(seekers):
        allowed = [
            number
            for number, one in enumerate(drivers)
            if one.vehicle_class in each.vehicle_classes
            and one.driver_id not in each.excluded_driver_ids
            and not (each.pays_cash and one.driver_id in blocked)
        ]
        found = [pair.driver for pair in pairs if pair.seeker == index]
        assert set(found) <= set(allowed)
        meters = sorted(haversine_meters(each.pickup, drivers[number].point) for number in allowed)
        in_reach = [distance for distance in meters if distance <= reach_meters]
        # The flat map may order near ties otherwise and reach a percent further; never may it find fewer.
        assert len(found) >= min(candidates, len(in_reach))
        assert len(found) <= candidates
        for number, distance in zip(found, meters, strict=False):
            assert haversine_meters(each.pickup, drivers[number].point) <= distance * 1.01 + 1


@given(
    st.lists(st.tuples(points, st.sets(st.integers(0, 11))), min_size=1, max_size=8),
    st.lists(points, max_size=24),
    st.integers(1, 5).map(lambda half: 2 * half),
    st.integers(2, 9),
)
@settings(deadline=None)
def test_of_a_hand_of_drivers_come_allowed_ones_beside_the_nearest(
    riders: list[tuple[GeoPoint, set[int]]], fleet: list[GeoPoint], candidates: int, hands: int
) -> None:
    seekers = [
        seeker(number, point, excluded=frozenset(UUID(int=1_000 + one) for one in excluded))
        for number, (point, excluded) in enumerate(riders)
    ]
    drivers = [driver(number, point, VehicleClass.ECONOMY) for number, point in enumerate(fleet)]
    nearest = nearest_pairs(seekers, Positions(drivers), Limits(candidates // 2, 50_000))
    pairs = nearest_pairs(seekers, Positions(drivers), Limits(candidates, 50_000, hands=hands))
    assert len(set(pairs)) == len(pairs)
    assert set(pairs) >= set(nearest)
    for index, each in enumerate(seekers):
        found = [pair.driver for pair in pairs if pair.seeker == index]
        assert len(found) <= candidates
        assert each.excluded_driver_ids.isdisjoint(drivers[number].driver_id for number in found)


async def test_scipy_is_there_before_the_solvers_own_time_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    imported, solving = Event(), Event()

    def assign_at_once(costs: list[PairCost], unserved: list[float]) -> list[int]:
        solving.set()
        return [0]

    def import_slowly() -> None:
        # As long as the budget: what began before would be late by then.
        assert not solving.wait(0.2)
        imported.set()

    monkeypatch.setattr(scipy_assignment, "assign", assign_at_once)
    monkeypatch.setattr(scipy_assignment, "_import_solver", import_slowly)
    matcher = ScipyMatcher()
    try:
        assert await matcher.solve([PairCost(0, 0, 1)], [9], 10) == [0]
        assert imported.is_set()
    finally:
        await matcher.close()


async def test_over_budget_the_solver_gives_up_at_once_until_the_late_one_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_end, ended = Event(), Event()

    def slow(costs: list[PairCost], unserved: list[float]) -> list[int]:
        may_end.wait(10)
        ended.set()
        return [0]

    monkeypatch.setattr(scipy_assignment, "assign", slow)
    matcher = ScipyMatcher()
    costs = [PairCost(0, 0, 1)]
    try:
        assert await matcher.solve(costs, [9], 0) is None
        assert await matcher.solve(costs, [9], 0.01) is None
        assert await matcher.solve(costs, [9], 10) is None
        may_end.set()
        assert await asyncio.to_thread(ended.wait, 10)
        found = None
        for _ in range(100_000):  # the late one has ended, and its thread is about to say so
            found = await matcher.solve(costs, [9], 10)
            if found is not None:
                break
            await asyncio.sleep(0)
        assert found == [0]
    finally:
        may_end.set()
        await matcher.close()
