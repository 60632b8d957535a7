"""One tick of dispatch over fakes and the real matcher."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching_service.adapters.scipy_assignment import ScipyMatcher
from matching_service.domain.assignment import PairCost
from matching_service.domain.candidates import Limits, Pair, Seeker
from matching_service.domain.city import VehicleClass
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.positions import Positions
from matching_service.domain.ride_kind import Capability
from matching_service.domain.terms import Funding
from matching_service.use_cases.dispatch_ports import Matcher, OfferOutcome, OpenShift, WaitingRide
from matching_service.use_cases.dispatch_tick import TickReport
from tests.fakes.matching_dispatch import (
    FakeReservations,
    FakeRideBoard,
)
from tests.fakes.matching_one_street import CITY, City, at, ride


async def test_an_order_goes_to_the_nearest_who_declared_what_it_needs(city: City) -> None:
    needs = frozenset({Capability.DELIVERY, Capability.AGE_CHECK})
    city.board.rides = [ride(1)._replace(needs=needs)]
    # More of them nearer than a seeker has candidates: they may not take the places of those who are able.
    near = [city.driver(number, number) for number in range(40)]
    city.shifts.declared = {driver_id: frozenset({Capability.DELIVERY}) for driver_id in near}
    able = city.driver(99, 900)
    city.shifts.declared[able] = needs
    await city.tick()
    assert city.offered() == {1: able}


async def test_the_nearest_driver_is_offered_the_ride_with_the_pickup_time(city: City) -> None:
    city.board.rides = [ride(1)]
    city.driver(1, 900)
    near = city.driver(2, 300)
    report = await city.tick()
    [offer] = city.board.proposed
    assert (offer.driver_id, offer.pickup_eta_seconds) == (near, 66)  # 300 m x 1.20 at 19.9 km/h: 65.1 s
    assert report.outcomes == {OfferOutcome.OFFERED: 1}
    assert city.reservations.held == set()


async def test_stale_busy_off_shift_and_other_classes_get_no_offer(city: City) -> None:
    city.board.rides = [ride(1), ride(2, 10)]
    city.driver(1, 5, age=15.1)
    city.driver(2, 5, VehicleClass.WHEELCHAIR)
    off_shift = city.driver(3, 5)
    city.shifts.end(off_shift)
    changed_vehicle = city.driver(4, 5)
    city.shifts.end(changed_vehicle)
    city.shifts.shifts[changed_vehicle] = OpenShift(UUID(int=6), VehicleClass.WHEELCHAIR)
    only = city.driver(5, 400, age=15)
    report = await city.tick()
    assert list(city.offered().values()) == [only]
    assert (report.stale_drivers, report.free_drivers, report.waiting) == (1, 2, 2)
    assert (await city.tick()).outcomes == {}  # the only one has an open offer now


async def test_an_excluded_driver_is_not_asked_again(city: City) -> None:
    declined = city.driver(1, 5)
    other = city.driver(2, 800)
    city.board.rides = [ride(1)._replace(excluded_driver_ids=frozenset({declined}))]
    await city.tick()
    assert city.offered() == {1: other}


async def test_a_driver_who_may_not_take_cash_is_passed_over_for_cash_rides_alone(city: City) -> None:
    city.board.rides = [ride(1, funding=Funding.CASH), ride(2, 10, funding=Funding.WALLET)]
    indebted = city.driver(1, 5)
    other = city.driver(2, 800)
    city.board.no_cash = {indebted}
    await city.tick()
    assert city.offered() == {1: other, 2: indebted}


@given(
    st.lists(st.tuples(st.integers(0, 2_700), st.sampled_from(Funding)), min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(0, 2_700), st.booleans()), min_size=1, max_size=40),
)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_cash_ride_is_ever_offered_to_a_blocked_driver(
    matcher: ScipyMatcher, rides: list[tuple[int, Funding]], fleet: list[tuple[int, bool]]
) -> None:
    city = City(matcher)
    city.board.rides = [ride(number, meters, funding=funding) for number, (meters, funding) in enumerate(rides)]
    drivers = [city.driver(number, meters) for number, (meters, _) in enumerate(fleet)]
    city.board.no_cash = {driver_id for driver_id, (_, blocked) in zip(drivers, fleet, strict=True) if blocked}
    report = await city.tick()
    for number, driver_id in city.offered().items():
        assert rides[number][1] is not Funding.CASH or driver_id not in city.board.no_cash
    # Nor does a block keep anybody from what they may have: no ride is left while a driver for it is.
    left = set(drivers) - set(city.offered().values())
    for number, (_, funding) in enumerate(rides):
        if number not in city.offered():
            assert not (left if funding is not Funding.CASH else left - city.board.no_cash)
    assert sum(report.outcomes.values()) == len(city.offered())


async def test_a_driver_beyond_the_cap_is_not_asked(city: City) -> None:
    reach = CrowFliesEta(CITY.travel).reach_meters(CITY.dispatch.first_pickup_eta_cap_seconds)
    city.board.rides = [ride(1)]
    city.driver(1, reach + 10)
    report = await city.tick()
    assert city.offered() == {}
    assert report.waiting == 1
    city.driver(2, reach - 10)
    await city.tick()
    assert city.offered() == {1: UUID(int=1_002)}


async def test_the_cap_grows_with_the_wait_up_to_the_most(city: City) -> None:
    eta = CrowFliesEta(CITY.travel)
    city.driver(1, eta.reach_meters(800) - 10)
    city.board.rides = [ride(1, waited=95)]  # 600 s + 2 x 95 s
    await city.tick()
    assert city.offered() == {}
    city.board.rides = [ride(1, waited=100)]
    await city.tick()
    assert city.offered() == {1: UUID(int=1_001)}
    city.board = FakeRideBoard([ride(1, waited=100_000)])
    city.locations.positions.clear()
    city.driver(2, eta.reach_meters(CITY.dispatch.pickup_eta_cap_seconds) + 10)
    await city.tick()
    assert city.offered() == {}


async def test_an_xl_may_serve_economy_but_not_the_other_way_round(city: City) -> None:
    city.board.rides = [ride(1, product="xl"), ride(2, 100)]
    city.driver(1, 0)
    xl = city.driver(2, 2_000, VehicleClass.XL)
    await city.tick()
    assert city.offered() == {1: xl, 2: UUID(int=1_001)}


async def test_a_returned_ride_comes_before_a_closer_new_one(city: City) -> None:
    city.board.rides = [ride(1), ride(2, 500)._replace(returned=True)]
    city.driver(1, 0)
    await city.tick()
    assert list(city.offered()) == [2]


async def test_the_second_pass_finds_drivers_behind_a_crowd(city: City) -> None:
    # 20 rides at one corner share the same 16 nearest drivers; 4 more drivers stand a little further off.
    city.board.rides = [ride(number) for number in range(20)]
    for number in range(20):
        city.driver(number, 100 + number)
    report = await city.tick()
    assert report.outcomes == {OfferOutcome.OFFERED: 20}
    assert report.candidates == 20 * 16 + 4 * 4


async def test_a_crowd_looks_as_far_together_as_it_is_large(city: City) -> None:
    # Everybody at one corner, where all have the same nearest drivers; there are as many drivers along the street.
    city.board.rides = [ride(number) for number in range(300)]
    for number in range(300):
        city.driver(number, 100 + number)
    report = await city.tick()
    # Each alone sees 16 and then 64, which would be 80 drivers for all of them.
    assert report.outcomes[OfferOutcome.OFFERED] > 270


async def test_a_driver_reserved_elsewhere_is_left_alone(city: City) -> None:
    city.board.rides = [ride(1)]
    taken = city.driver(1, 100)
    city.reservations = FakeReservations(kept_back=frozenset({taken}))
    report = await city.tick()
    assert (report.contended, city.board.proposed) == (1, [])


async def test_a_ride_of_a_product_no_longer_sold_is_passed_over(city: City) -> None:
    city.board.rides = [ride(1, product="limousine"), ride(2)]
    city.driver(1, 100)
    await city.tick()
    assert list(city.offered()) == [2]


async def test_without_waiting_rides_nothing_else_is_looked_at(city: City) -> None:
    city.driver(1, 100)
    assert await city.tick() == TickReport()
    assert city.locations.looks == 0


async def test_after_the_last_ride_drivers_are_looked_at_once_more_and_then_left_alone(city: City) -> None:
    city.driver(1, 100)
    city.board.rides = [ride(1)]
    tick = city.made()
    await tick({"": 1})
    city.board.rides = []
    city.board.offers = {}
    # A tick that expects rides does not wait for them before it looks at drivers; there were none, so the next waits.
    assert [(await tick({"": 1}), city.locations.looks) for _ in range(3)] == [(TickReport(), 2)] * 3


async def test_rides_of_one_city_do_not_have_the_drivers_looked_at_for_another(city: City) -> None:
    city.driver(1, 100)
    city.board.rides = [ride(1)._replace(city=CITY.city)]
    tick = city.made()
    await tick({"": 1}, [CITY.city])
    await tick({"": 1}, ["elsewhere"])
    assert city.locations.looks == 1


async def test_a_tick_that_follows_one_with_rides_looks_at_the_drivers_beside_them(city: City) -> None:
    city.driver(1, 100)
    city.driver(2, 200)
    city.board.rides = [ride(1)]
    tick = city.made()
    await tick({"": 1})
    city.board.rides.append(ride(2))
    looked = asyncio.Event()
    list_waiting, look = city.board.list_waiting, city.locations.snapshot_near

    async def list_once_looked(shards: Collection[str], limit: int, cities: Collection[str] = ()) -> list[WaitingRide]:
        await looked.wait()
        return await list_waiting(shards, limit, cities)

    async def tell_and_look(shards: Collection[str], reach_meters: float) -> Positions:
        looked.set()
        return await look(shards, reach_meters)

    city.board.list_waiting, city.locations.snapshot_near = list_once_looked, tell_and_look
    async with asyncio.timeout(5):
        await tick({"": 1})
    assert sorted(city.offered()) == [1, 2]


async def test_reservations_are_given_back_when_the_offers_fail(city: City) -> None:
    city.board.rides = [ride(1)]
    city.driver(1, 100)

    async def fail(proposals: object) -> list[OfferOutcome]:
        raise ConnectionError("gone")

    city.board.make_offers = fail
    with pytest.raises(ConnectionError):
        await city.tick()
    assert city.reservations.held == set()


class OutOfTime:
    """A matcher that has candidates and no time to choose among them."""

    def __init__(self, real: Matcher) -> None:
        self.real = real

    async def candidates(self, seekers: Sequence[Seeker], drivers: Positions, limits: Limits) -> list[Pair]:
        return await self.real.candidates(seekers, drivers, limits)

    async def solve(
        self, costs: Sequence[PairCost], unserved: Sequence[float], budget_seconds: float
    ) -> list[int] | None:
        return None


async def test_over_budget_the_choice_is_greedy_and_still_exclusive(city: City) -> None:
    city.matcher = OutOfTime(city.matcher)
    city.board.rides = [ride(number, 50 * number) for number in range(12)]
    for number in range(10):
        city.driver(number, 60 * number)
    report = await city.tick()
    assert report.greedy_passes == 1
    assert report.outcomes == {OfferOutcome.OFFERED: 10}
    assert len(set(city.offered().values())) == 10


async def test_rides_of_others_shards_are_left_to_their_owners_and_offers_carry_the_fence_of_their_own(
    city: City,
) -> None:
    city.board.rides = [ride(1)._replace(shard="mine"), ride(2)._replace(shard="other"), ride(3)._replace(shard="too")]
    for number in range(3):
        city.driver(number, 100 + number)
    await city.tick({"mine": 7, "too": 9})
    assert {proposal.ride_id.int: proposal.fence for proposal in city.board.proposed} == {1: 7, 3: 9}


async def test_the_same_inputs_give_the_same_offers(city: City) -> None:
    city.board.rides = [ride(number, 37 * number, waited=number) for number in range(30)]
    for number in range(40):
        city.driver(number, 29 * number)
    await city.tick()
    first, city.board = city.offered(), FakeRideBoard(city.board.rides)
    await city.tick()
    assert city.offered() == first
    assert len(first) == 30


async def test_a_driver_on_the_way_home_gets_the_ride_that_ends_there_and_no_other(city: City) -> None:
    away, towards = ride(1, 0), ride(2, 0)
    city.board.rides = [
        away._replace(dropoff=at(-4_000), requested_at=away.requested_at - timedelta(seconds=60)),
        towards._replace(dropoff=at(6_000)),
    ]
    driver_id = city.driver(1, 100)
    city.shifts.homes[driver_id] = at(7_000)
    await city.tick()
    assert city.offered() == {2: driver_id}
