"""How many candidates a ride gets, and how long the solver has."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from matching_service.domain.assignment import PairCost
from matching_service.domain.candidates import Limits, Pair, Seeker
from matching_service.domain.city import TravelPolicy, VehicleClass
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.locations import DriverPosition
from matching_service.domain.positions import Positions
from matching_service.use_cases.dispatch_choice import (
    CANDIDATES,
    CROWD,
    FEW_CANDIDATES,
    PLENTY,
    SOLVER_BUDGET_SECONDS,
    WIDE_CANDIDATES,
    Choose,
)
from matching_service.use_cases.dispatch_picture import Picture
from shared_kernel.geo import GeoPoint

HERE = GeoPoint(37.77, -122.42)
ECONOMY = VehicleClass.ECONOMY


class NobodyNear:
    """A Matcher that finds nobody and notes how many were asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def candidates(self, seekers: Sequence[Seeker], drivers: Positions, limits: Limits) -> list[Pair]:
        self.asked.append(limits.candidates)
        return []

    async def solve(
        self, costs: Sequence[PairCost], unserved: Sequence[float], budget_seconds: float
    ) -> list[int] | None:
        raise AssertionError("without candidates there is nothing to solve")


def picture_of(rides: int, drivers: int) -> Picture:
    seekers = [Seeker(UUID(int=number), HERE, frozenset({ECONOMY}), frozenset(), 0.0) for number in range(rides)]
    positions = [DriverPosition(UUID(int=number), *(37.77, -122.42), 0.0, 1, ECONOMY, 0) for number in range(drivers)]
    return Picture(waiting=rides, seekers=seekers, drivers=Positions(positions), free=drivers)


@pytest.mark.parametrize(
    ("rides", "drivers", "first"),
    [
        (CROWD, PLENTY * CROWD, FEW_CANDIDATES),
        (CROWD - 1, PLENTY * CROWD, CANDIDATES),
        (CROWD, PLENTY * CROWD - 1, CANDIDATES),
        (1, 100, CANDIDATES),
    ],
)
async def test_a_crowd_among_plenty_of_drivers_is_weighed_with_fewer_of_them(
    rides: int, drivers: int, first: int
) -> None:
    matcher = NobodyNear()
    await Choose(CrowFliesEta(TravelPolicy(1.2, 36.0)), matcher, lambda: 0.0)(picture_of(rides, drivers))
    assert matcher.asked == [first, WIDE_CANDIDATES]


class SlowToWeigh:
    """A Matcher whose candidates take ten seconds and whose solver takes a fifth of one, and chooses nobody."""

    def __init__(self) -> None:
        self.now = 0.0
        self.given: list[float] = []

    async def candidates(self, seekers: Sequence[Seeker], drivers: Positions, limits: Limits) -> list[Pair]:
        self.now += 10.0
        return [Pair(0, 0)]

    async def solve(
        self, costs: Sequence[PairCost], unserved: Sequence[float], budget_seconds: float
    ) -> list[int] | None:
        self.given.append(budget_seconds)
        self.now += 0.2
        return []


async def test_the_solver_has_its_time_however_long_weighing_took_and_the_second_pass_what_is_left() -> None:
    matcher = SlowToWeigh()
    await Choose(CrowFliesEta(TravelPolicy(1.2, 36.0)), matcher, lambda: matcher.now)(picture_of(1, 100))
    assert matcher.given == [pytest.approx(SOLVER_BUDGET_SECONDS), pytest.approx(SOLVER_BUDGET_SECONDS - 0.2)]
