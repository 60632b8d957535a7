"""Pooled rides in a tick of dispatch: free drivers, and drivers with parties whom they fit in with."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from matching_service.domain.pooling import PlanStop, StopAction
from matching_service.domain.quote import Place
from matching_service.domain.ride_states import RideState
from matching_service.domain.run import Run, RunRide, RunView, Sharing, alone
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_picture import MAX_RUNS
from matching_service.use_cases.dispatch_ports import WaitingRide
from tests.fakes.matching_dispatch import NOON
from tests.fakes.matching_one_street import City, at, ride

UP, OFF = StopAction.PICK_UP, StopAction.DROP_OFF
SHARING = Sharing(direct_seconds=1_000, max_detour_seconds=500, max_wait_seconds=240, parties=3, seats=4)


def pooled(number: int, pickup_meters: float, dropoff_meters: float, passengers: int = 1) -> WaitingRide:
    places = at(pickup_meters), at(dropoff_meters)
    found = ride(number, product="pool")._replace(pickup=places[0], dropoff=places[1])
    direct_seconds = round(abs(dropoff_meters - pickup_meters) * 0.2171)
    return found._replace(sharing=replace(SHARING, direct_seconds=direct_seconds), passengers=passengers)


def driving(city: City, number: int, here: float, to: float, *, passengers: int = 1, slack: int = 500) -> RunView:
    """A driver who has a party on board, on the way from here to there."""
    driver_id = city.driver(number, here)
    sharing = replace(SHARING, direct_seconds=round(abs(to - here) * 0.2171), max_detour_seconds=slack)
    party = RunRide(
        UUID(int=500 + number),
        RideState.IN_PROGRESS,
        0,
        passengers,
        Place(at(here)),
        Place(at(to)),
        sharing,
        NOON - timedelta(seconds=60),
        30,
        NOON - timedelta(seconds=5),
    )
    run = Run(UUID(int=900 + number), driver_id, 3, 4, NOON, alone(party.ride_id))
    view = RunView(run, (party,))
    city.board.runs.append(view)
    city.board.under_way.add(driver_id)
    return view


async def test_a_pooled_ride_on_the_way_comes_along_rather_than_taking_a_free_driver(city: City) -> None:
    view = driving(city, 1, here=0, to=5_000)
    city.driver(2, 1_400)
    city.board.rides = [pooled(1, 1_000, 4_500)]
    await city.tick()
    [proposal] = city.board.proposed
    assert (proposal.driver_id, proposal.run_id) == (view.run.driver_id, view.run.id)
    first = view.rides[0].ride_id
    assert list(proposal.plan) == [PlanStop(UUID(int=1), UP), PlanStop(UUID(int=1), OFF), PlanStop(first, OFF)]
    assert proposal.pickup_eta_seconds == 218  # 1,000 m x 1.20 at 19.9 km/h


async def test_a_pooled_ride_out_of_the_way_gets_a_free_driver(city: City) -> None:
    driving(city, 1, here=0, to=5_000, slack=60)
    free = city.driver(2, -700)
    city.board.rides = [pooled(1, -600, -4_000)]
    await city.tick()
    [proposal] = city.board.proposed
    assert (proposal.driver_id, proposal.run_id, proposal.plan) == (free, None, ())


async def test_two_pooled_rides_do_not_join_one_run_in_one_tick(city: City) -> None:
    view = driving(city, 1, here=0, to=5_000)
    city.board.rides = [pooled(1, 1_000, 4_500), pooled(2, 1_100, 4_600)]
    await city.tick()
    assert [proposal.driver_id for proposal in city.board.proposed] == [view.run.driver_id]


async def test_a_driver_with_parties_is_no_candidate_of_anybody_else(city: City) -> None:
    driving(city, 1, here=0, to=5_000)
    city.board.rides = [ride(1, 100)]
    await city.tick()
    assert city.board.proposed == []


async def test_a_pooled_ride_for_which_there_is_no_seat_waits(city: City) -> None:
    driving(city, 1, here=0, to=5_000, passengers=3)
    city.board.rides = [pooled(1, 1_000, 4_500, passengers=2)]
    await city.tick()
    assert city.board.proposed == []


@pytest.mark.parametrize(("of_passenger", "of_newcomer", "comes"), [(3, 3, True), (3, 2, False), (2, 3, False)])
async def test_nobody_shares_the_vehicle_with_more_than_they_agreed_to(
    city: City, of_passenger: int, of_newcomer: int, comes: bool
) -> None:
    # Products of one city may differ, and its policy may change while rides are under way.
    view = driving(city, 1, here=0, to=5_000)
    [first] = view.rides
    second = replace(first, ride_id=UUID(int=600), slot=1, sharing=replace(first.sharing, parties=of_passenger))
    run = view.run.with_plan((*view.run.plan, *alone(second.ride_id)))
    city.board.runs = [RunView(run, (first, second))]
    newcomer = pooled(1, 1_000, 4_500)
    assert newcomer.sharing is not None
    city.board.rides = [newcomer._replace(sharing=replace(newcomer.sharing, parties=of_newcomer))]
    await city.tick()
    assert [proposal.driver_id for proposal in city.board.proposed] == [view.run.driver_id] * comes


async def test_a_driver_who_declined_or_may_not_take_cash_is_not_asked_again(city: City) -> None:
    view = driving(city, 1, here=0, to=5_000)
    city.board.rides = [pooled(1, 1_000, 4_500)._replace(excluded_driver_ids=frozenset({view.run.driver_id}))]
    await city.tick()
    city.board.no_cash = {view.run.driver_id}
    city.board.rides = [pooled(2, 1_000, 4_500)._replace(funding=Funding.CASH)]
    await city.tick()
    assert city.board.proposed == []


async def test_a_driver_with_parties_whose_shift_ends_after_them_is_not_asked(city: City) -> None:
    view = driving(city, 1, here=0, to=5_000)
    city.board.rides = [pooled(1, 1_000, 4_500)]
    city.shifts.end(view.run.driver_id)
    await city.tick()
    assert city.board.proposed == []


async def test_a_silent_driver_with_parties_is_not_asked(city: City) -> None:
    view = driving(city, 1, here=0, to=5_000)
    position = city.locations.positions[view.run.driver_id]
    city.locations.positions[view.run.driver_id] = position._replace(measured_at=NOON.timestamp() - 30)
    city.board.rides = [pooled(1, 1_000, 4_500)]
    await city.tick()
    assert city.board.proposed == []


async def test_a_run_nearby_is_joined_however_many_there_are_in_other_cities(city: City) -> None:
    view = driving(city, 1, here=0, to=5_000)
    elsewhere = [
        RunView(replace(view.run, id=UUID(int=10_000 + number), driver_id=UUID(int=20_000 + number)), view.rides)
        for number in range(MAX_RUNS)
    ]
    city.board.under_way |= {run.run.driver_id for run in elsewhere}
    city.board.runs = [*elsewhere, view]
    city.board.rides = [pooled(1, 1_000, 4_500)]
    await city.tick()
    assert [proposal.driver_id for proposal in city.board.proposed] == [view.run.driver_id]
