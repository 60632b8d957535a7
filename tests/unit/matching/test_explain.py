"""What a tick writes down of its reasons, and how they are told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from jitney.explain import story
from matching_service.adapters.scipy_assignment import ScipyMatcher
from matching_service.adapters.scipy_nearest import ScipyNearest
from matching_service.domain.city import VehicleClass
from matching_service.domain.dispatch_policy import DispatchMode
from matching_service.domain.explanation import Fate, Trace, Verdict
from matching_service.domain.terms import Funding
from matching_service.entrypoints.wire_explain import FATES, VERDICTS, explanation_message
from matching_service.use_cases.dispatch_tick import TickReport
from matching_service.use_cases.explain_dispatch import ExplainDispatch
from matching_service.use_cases.trace_ticks import NEAREST, SAME_EVERY_SECONDS, TraceTicks
from ridesharing.matching.v1 import explanations_pb2, rides_pb2
from shared_kernel.errors import Unavailable
from tests.fakes.matching_one_street import CITY, City, at, en_route, ride
from tests.fakes.matching_stage import Stage
from tests.fakes.matching_tick import make_tick
from tests.unit.matching.test_requests import refusal


class MemoryTraces:
    """The TraceStore in a list; it may be out of order."""

    def __init__(self) -> None:
        self.rows: list[Trace] = []
        self.is_down = False

    async def add(self, traces: Sequence[Trace]) -> None:
        if self.is_down:
            raise Unavailable("database_unavailable", "not now")
        self.rows += traces

    async def of_ride(self, ride_id: UUID, limit: int) -> list[Trace]:
        return [row for row in self.rows if row.ride_id == ride_id][-limit:]


class Traced(City):
    """A city whose ticks write down why."""

    def __init__(self, matcher: ScipyMatcher) -> None:
        super().__init__(matcher)
        self.traces = MemoryTraces()
        self.trace = TraceTicks(self.traces, ScipyNearest(), self.clock)

    async def explained(self) -> TickReport:
        tick = make_tick(CITY, self.board, self.locations, self.shifts, self.matcher, self.reservations, self.clock)
        return await replace(tick, trace=self.trace)({"": 1})

    def verdicts(self, number: int) -> dict[int, Verdict]:
        [row] = [row for row in self.traces.rows if row.ride_id.int == number]
        return {each.driver_id.int - 1_000: each.verdict for each in row.candidates}


@pytest.fixture
def city(matcher: ScipyMatcher) -> Traced:
    return Traced(matcher)


async def test_every_driver_around_is_told_with_what_excluded_them(city: Traced) -> None:
    home = city.driver(8, 40)
    waiting = ride(1, funding=Funding.CASH)
    declined = city.driver(5, 25)
    city.board.rides = [waiting._replace(excluded_driver_ids=frozenset({declined}), dropoff=at(-4_000))]
    city.driver(1, 5, age=15.1)
    city.driver(2, 10, VehicleClass.WHEELCHAIR)
    off = city.driver(3, 15)
    city.shifts.end(off)
    city.board.no_cash.add(city.driver(4, 20))
    city.shifts.homes[home] = at(7_000)
    city.driver(6, 300)
    city.driver(7, 900)
    await city.explained()
    assert city.verdicts(1) == {
        1: Verdict.STALE,
        2: Verdict.WRONG_CLASS,
        3: Verdict.OFF_SHIFT,
        4: Verdict.NO_CASH,
        5: Verdict.DECLINED,
        6: Verdict.CHOSEN,
        7: Verdict.DEARER,
        8: Verdict.HEADING,
    }
    [row] = city.traces.rows
    assert (row.fate, row.driver_id, row.drivers_seen, row.drivers_free) == (Fate.OFFERED, UUID(int=1_006), 8, 6)
    chosen = next(each for each in row.candidates if each.verdict is Verdict.CHOSEN)
    assert (chosen.distance_meters, chosen.pickup_eta_seconds) == (300, 66)
    assert sum(chosen.terms.values()) == pytest.approx(chosen.cost_seconds, abs=0.1)


async def test_a_driver_who_went_to_another_ride_is_told_with_that_ride(city: Traced) -> None:
    # 1 could have the nearer of two drivers; both together are better off the other way round.
    city.board.rides = [ride(1, 0), ride(2, -900)]
    city.driver(1, -50)
    city.driver(2, 400)
    await city.explained()
    assert city.verdicts(1) == {1: Verdict.LOST, 2: Verdict.CHOSEN}
    [row] = [row for row in city.traces.rows if row.ride_id.int == 1]
    lost = next(each for each in row.candidates if each.verdict is Verdict.LOST)
    assert lost.lost_to_ride_id == UUID(int=2)


async def test_of_a_chain_the_ride_that_waits_is_told_whom_it_waits_for(city: Traced) -> None:
    former, free = city.driver(1, 1_000), city.driver(2, -500)
    city.board.en_route = [en_route(1, 0, former)]
    city.board.rides = [ride(2, 1_050)]
    await city.explained()
    assert city.verdicts(1) == {1: Verdict.BUSY, 2: Verdict.CHOSEN}
    assert city.verdicts(2) == {1: Verdict.AWAITED, 2: Verdict.LOST}
    [row] = [row for row in city.traces.rows if row.ride_id.int == 1]
    assert (row.fate, row.driver_id) == (Fate.SWAP_OFFERED, free)


async def test_of_a_chain_that_nobody_is_asked_to_begin_no_driver_is_awaited(city: Traced) -> None:
    # The free one is 22 s sooner at ride 1 than its own driver, and too far from ride 2.
    former = city.driver(1, 2_900)
    city.driver(2, -2_800)
    city.board.en_route = [en_route(1, 0, former)]
    city.board.rides = [ride(2, 2_950)]
    await city.explained()
    assert city.board.proposed == []
    assert Verdict.AWAITED not in city.verdicts(2).values()


async def test_a_driver_beyond_the_cap_and_a_busy_one_leave_a_ride_with_nobody(city: Traced) -> None:
    city.board.rides = [ride(1)]
    city.driver(1, 30_000)
    await city.explained()
    assert city.verdicts(1) == {1: Verdict.TOO_FAR}
    assert city.traces.rows[0].fate is Fate.NOBODY


async def test_a_reserved_driver_is_told_as_contended(city: Traced) -> None:
    city.board.rides = [ride(1)]
    city.reservations.kept_back = frozenset({city.driver(1, 300)})
    await city.explained()
    assert (city.traces.rows[0].fate, city.verdicts(1)) == (Fate.CONTENDED, {1: Verdict.CONTENDED})


async def test_of_a_broadcast_each_driver_is_told_with_what_became_of_the_own_offer(city: Traced) -> None:
    policy = replace(CITY, dispatch=replace(CITY.dispatch, mode=DispatchMode.BROADCAST, broadcast_offers=3))
    city.board.rides = [ride(1)]
    first, second = city.driver(1, 100), city.driver(2, 200)
    city.driver(3, 300)
    city.reservations.kept_back = frozenset({first})
    tick = make_tick(policy, city.board, city.locations, city.shifts, city.matcher, city.reservations, city.clock)
    await replace(tick, trace=city.trace)({"": 1})
    # The board takes one offer a ride.
    assert city.verdicts(1) == {1: Verdict.CONTENDED, 2: Verdict.CHOSEN, 3: Verdict.REFUSED}
    assert (city.traces.rows[0].fate, city.traces.rows[0].driver_id) == (Fate.OFFERED, second)


async def test_ticks_that_come_to_the_same_are_counted_and_not_written(city: Traced) -> None:
    city.board.rides = [ride(1)]
    far = city.driver(1, 30_000)
    for _ in range(20):
        await city.explained()
        city.clock.advance(1)
        position = city.locations.positions[far]
        city.locations.positions[far] = position._replace(measured_at=city.clock.now().timestamp())
    assert len(city.traces.rows) == 1
    city.driver(2, 300, age=-20)
    await city.explained()
    first, last = city.traces.rows
    assert (first.fate, last.fate, last.repeats) == (Fate.NOBODY, Fate.OFFERED, 19)


async def test_a_ride_that_waits_is_told_of_every_ten_seconds_at_most(city: Traced) -> None:
    city.board.rides = [ride(1)]
    for number in range(30):
        city.locations.positions.clear()
        city.driver(number, 30_000, age=-number)
        await city.explained()
        city.clock.advance(1)
    assert len(city.traces.rows) == 30 / SAME_EVERY_SECONDS


async def test_only_the_nearest_and_the_chosen_are_told(city: Traced) -> None:
    city.board.rides = [ride(1)]
    for number in range(30):
        city.driver(number, 100 + number, VehicleClass.WHEELCHAIR)
    city.driver(50, 900)
    await city.explained()
    assert len(city.verdicts(1)) == NEAREST + 1
    assert city.verdicts(1)[50] is Verdict.CHOSEN


async def test_what_cannot_be_written_down_is_done_all_the_same(city: Traced) -> None:
    city.board.rides = [ride(1)]
    driver_id = city.driver(1, 300)
    city.traces.is_down = True
    report = await city.explained()
    assert report.untraced == 1
    assert city.offered() == {1: driver_id}


async def test_what_could_not_be_written_down_is_written_at_the_next_tick(city: Traced) -> None:
    city.board.rides = [ride(1)]
    city.traces.is_down = True
    assert (await city.explained()).untraced == 1
    city.traces.is_down = False
    for _ in range(2):
        city.clock.advance(2)
        await city.explained()
    assert [row.fate for row in city.traces.rows] == [Fate.NOBODY]


def test_the_contract_names_all_verdicts_and_fates() -> None:
    assert set(VERDICTS.values()) == set(explanations_pb2.CandidateVerdict.values()) - {0}
    assert set(FATES.values()) == set(explanations_pb2.TickFate.values()) - {0}


async def test_the_story_of_a_ride_is_told_in_words(stage: Stage, city: Traced) -> None:
    asked, driver_id = await stage.ride(), await stage.driver()
    await stage.offer(asked, driver_id)
    city.board.rides = [ride(1)._replace(ride_id=asked.id, requested_at=stage.clock.now() - timedelta(seconds=90))]
    city.driver(1, 5, age=15.1)
    city.driver(2, 300)
    await city.explained()
    explain = ExplainDispatch(stage.reader, city.traces)
    answer = explanation_message(await explain(asked.id))
    lines = list(story(answer))
    text = "\n".join(lines)
    assert "economy, offered" in lines[0]
    assert "after 90 s, with 1 of 2 drivers free: offered to acct_" in lines[1]
    assert "silent for more than 15 s" in text
    assert "66 s away, cost 66 s (way to the pickup +66, head start of a ride that waits or was given back -2" in text
    assert lines[-1].endswith(": open")
    answer.ride.kind = rides_pb2.RIDE_KIND_POOLED
    answer.ride.stops.add()
    answer.ride.pickup_time.FromDatetime(datetime(2030, 1, 31, 18, 30, tzinfo=UTC))
    kinds = "shared with other parties where one fits in, with 1 stop on the way, for a pickup at 2030-01-31 18:30"
    assert kinds in next(story(answer))
    assert (await refusal(explain(stage.new_id()))).reason == "ride_not_found"
