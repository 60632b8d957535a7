"""Where a new party goes in a shared plan: the limits of everybody, and the best of all places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import hypot, inf
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.domain.pooling import (
    MAX_PARTIES,
    Party,
    PlanStop,
    StopAction,
    added_seconds,
    has_seats,
    insert,
    insertions,
    is_legal,
    keeps_promises,
    pending,
    ride_seconds,
    timeline,
)

Point = tuple[float, float]
UP, OFF = StopAction.PICK_UP, StopAction.DROP_OFF


@dataclass(frozen=True)
class Scene:
    """A vehicle on a plane at one meter a second, with a plan and somebody who wants to come along."""

    plan: tuple[PlanStop, ...]
    parties: Mapping[UUID, Party]
    newcomer: Party
    seats: int
    places: Mapping[PlanStop, Point]
    vehicle: Point

    def travel(self, origin: PlanStop | None, destination: PlanStop) -> float:
        start = self.vehicle if origin is None else self.places[origin]
        end = self.places[destination]
        return hypot(start[0] - end[0], start[1] - end[1])


def party(number: int, seats: int = 1, max_ride: float = inf, within: float = inf, **more: float | bool) -> Party:
    values = {"direct_seconds": 0.0, **more}
    return Party(UUID(int=number), seats, max_ride_seconds=max_ride, pick_up_within_seconds=within, **values)  # type: ignore[arg-type]


coordinates = st.tuples(st.integers(-1000, 1000), st.integers(-1000, 1000))


@st.composite
def scenes(draw: st.DrawFn, most: int = MAX_PARTIES - 1) -> Scene:
    count = draw(st.integers(0, most))
    stops: list[PlanStop] = []
    places: dict[PlanStop, Point] = {}
    parties: dict[UUID, Party] = {}

    def a_party(number: int, on_board: bool) -> Party:
        ride_id = UUID(int=number)
        up, off = PlanStop(ride_id, UP), PlanStop(ride_id, OFF)
        places[up], places[off] = draw(coordinates), draw(coordinates)
        direct = hypot(places[up][0] - places[off][0], places[up][1] - places[off][1])
        return Party(
            ride_id,
            draw(st.integers(1, 3)),
            direct,
            direct + draw(st.floats(0, 3000)),
            draw(st.floats(0, 6000)),
            on_board,
            draw(st.floats(0, 500)) if on_board else 0.0,
        )

    for number in range(1, count + 1):
        someone = a_party(number, draw(st.booleans()))
        parties[someone.ride_id] = someone
        off = draw(st.integers(0, len(stops)))
        stops.insert(off, PlanStop(someone.ride_id, OFF))
        if not someone.on_board:
            stops.insert(draw(st.integers(0, off)), PlanStop(someone.ride_id, UP))
    return Scene(tuple(stops), parties, a_party(99, False), draw(st.integers(1, 6)), places, draw(coordinates))


@given(scenes())
def test_an_insertion_is_legal_keeps_the_seats_and_nobodys_limit_gets_broken_or_worse(scene: Scene):
    found = insert(scene.plan, scene.parties, scene.newcomer, scene.seats, scene.travel)
    if found is None:
        return
    everybody = {**scene.parties, scene.newcomer.ride_id: scene.newcomer}
    assert is_legal(found.plan, everybody)
    assert has_seats(found.plan, everybody, scene.seats)
    assert [stop for stop in found.plan if stop.ride_id != scene.newcomer.ride_id] == list(scene.plan)
    times, before = timeline(found.plan, scene.travel), timeline(scene.plan, scene.travel)
    for ride_id, each in everybody.items():
        was = ride_seconds(each, before) if ride_id in scene.parties else 0.0
        assert ride_seconds(each, times) <= max(each.max_ride_seconds, was)
        if not each.on_board:
            promised = max(each.pick_up_within_seconds, before.picked_up.get(ride_id, 0.0))
            assert times.picked_up[ride_id] <= promised
    assert found.pickup_seconds == times.picked_up[scene.newcomer.ride_id]


@given(scenes(most=2))
def test_no_other_place_in_the_order_is_better_and_none_is_missed(scene: Scene):
    everybody = {**scene.parties, scene.newcomer.ride_id: scene.newcomer}
    before = timeline(scene.plan, scene.travel)
    costs = [
        added_seconds(times, before, scene.newcomer)
        for plan in _all_orders_that_keep(scene.plan, scene.newcomer.ride_id)
        if has_seats(plan, everybody, scene.seats)
        and keeps_promises(times := timeline(plan, scene.travel), everybody, before)
    ]
    found = insert(scene.plan, scene.parties, scene.newcomer, scene.seats, scene.travel)
    assert (found is None) is (not costs)
    if found is not None:
        assert found.added_seconds == pytest.approx(min(costs))


def _all_orders_that_keep(plan: tuple[PlanStop, ...], ride_id: UUID) -> list[tuple[PlanStop, ...]]:
    """By brute force: all permutations that have the others in their order, pickup before dropoff."""
    up, off = PlanStop(ride_id, UP), PlanStop(ride_id, OFF)

    def merge(rest: tuple[PlanStop, ...], mine: tuple[PlanStop, ...]) -> list[tuple[PlanStop, ...]]:
        if not rest or not mine:
            return [rest + mine]
        with_rest = [(rest[0], *more) for more in merge(rest[1:], mine)]
        return with_rest + [(mine[0], *more) for more in merge(rest, mine[1:])]

    return merge(plan, (up, off))


@given(scenes())
def test_a_new_party_never_makes_anybody_arrive_earlier(scene: Scene):
    found = insert(scene.plan, scene.parties, scene.newcomer, scene.seats, scene.travel)
    if found is not None:
        before, times = timeline(scene.plan, scene.travel), timeline(found.plan, scene.travel)
        assert all(times.dropped_off[ride_id] >= at - 1e-6 for ride_id, at in before.dropped_off.items())


@given(scenes(), st.data())
def test_what_is_left_of_a_plan_when_somebody_goes_away_delays_nobody(scene: Scene, data: st.DataObject):
    if not scene.parties:
        return
    gone = data.draw(st.sampled_from(sorted(scene.parties)))
    stay = {ride_id: each for ride_id, each in scene.parties.items() if ride_id != gone}
    left = pending(
        scene.plan,
        frozenset(ride_id for ride_id, each in stay.items() if not each.on_board),
        frozenset(ride_id for ride_id, each in stay.items() if each.on_board),
    )
    assert is_legal(left, stay)
    before, after = timeline(scene.plan, scene.travel), timeline(left, scene.travel)
    assert all(after.dropped_off[ride_id] <= before.dropped_off[ride_id] + 1e-6 for ride_id in stay)
    assert all(at <= before.picked_up[ride_id] + 1e-6 for ride_id, at in after.picked_up.items())


def on_a_line(**places: float) -> Callable[[PlanStop | None, PlanStop], float]:
    """Places by `up1`, `off1` ... on a street; the vehicle is at 0."""

    def travel(origin: PlanStop | None, destination: PlanStop) -> float:
        def at(stop: PlanStop) -> float:
            return places[f"{'up' if stop.action is UP else 'off'}{stop.ride_id.int}"]

        return abs((0.0 if origin is None else at(origin)) - at(destination))

    return travel


def test_somebody_on_the_way_is_taken_along_at_no_cost_to_the_others():
    first, second = party(1, direct_seconds=1000.0), party(2, direct_seconds=500.0)
    plan = (PlanStop(first.ride_id, UP), PlanStop(first.ride_id, OFF))
    found = insert(plan, {first.ride_id: first}, second, 4, on_a_line(up1=0, off1=1000, up2=300, off2=800))
    assert found is not None
    assert [(stop.ride_id.int, stop.action) for stop in found.plan] == [(1, UP), (2, UP), (2, OFF), (1, OFF)]
    assert found.added_seconds == 300  # the newcomer's wait alone


def test_a_detour_beyond_somebodys_limit_is_not_made():
    first = party(1, max_ride=1100.0, direct_seconds=1000.0, on_board=True)
    second = party(2, direct_seconds=100.0)
    plan = (PlanStop(first.ride_id, OFF),)
    found = insert(plan, {first.ride_id: first}, second, 4, on_a_line(off1=1000, up2=-200, off2=-100))
    assert found is not None  # after the first is home
    assert [stop.ride_id.int for stop in found.plan] == [1, 2, 2]
    impatient = party(2, within=600.0, direct_seconds=100.0)
    assert insert(plan, {first.ride_id: first}, impatient, 4, on_a_line(off1=1000, up2=1300, off2=1400)) is None


def test_nobody_stands():
    first, second = party(1, seats=2), party(2, seats=2)
    plan = (PlanStop(first.ride_id, UP), PlanStop(first.ride_id, OFF))
    found = insert(plan, {first.ride_id: first}, second, 3, on_a_line(up1=0, off1=1000, up2=300, off2=800))
    assert found is not None
    assert [stop.ride_id.int for stop in found.plan] == [1, 1, 2, 2]


def test_a_full_vehicle_takes_no_further_party():
    parties = {UUID(int=number): party(number) for number in range(1, MAX_PARTIES + 1)}
    assert insert((), parties, party(9), 99, on_a_line()) is None


def test_there_are_as_many_insertions_as_the_docstring_says():
    plan = tuple(PlanStop(UUID(int=number), OFF) for number in range(5))
    assert len(insertions(plan, UUID(int=9))) == 6 * 7 // 2
