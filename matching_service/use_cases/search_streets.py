"""Further candidates, by the streets, for the rides that drivers near them as the crow flies are slow to reach.

Where a river, a railway or a wide block lies between, the sixteen nearest may all stand on the wrong side, while
somebody a little farther away drives straight there (docs/decisions/0047-the-streets-name-candidates-too.md).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence, Set
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter
from typing import NamedTuple

from matching_service.domain.candidates import Limits, Pair, Seeker, all_at, is_able, is_on_the_way, pickup_cap_seconds
from matching_service.domain.eta import Search
from matching_service.domain.locations import DriverPosition
from matching_service.use_cases.dispatch_picture import Picture
from matching_service.use_cases.eta_ports import QuickestDrivers

SEARCHES = 32
"""So many rides of a pass are searched for, those with the longest ways first."""
WORTH_SECONDS = 30.0
"""Who is reached sooner than this is not searched for: there is little to gain."""
FOUND = 64
"""So many drivers a search names, quickest first; of those who may have the ride, as many as candidates are weighed."""


class Doubt(NamedTuple):
    """A ride whose quickest candidate takes this long; `known`: its candidates' places."""

    seeker: int
    seconds: float
    known: Set[int]


@dataclass(frozen=True, slots=True)
class SearchStreets:
    """Adds candidates; deterministic for the same answers of its port."""

    quickest: QuickestDrivers

    async def __call__(
        self,
        picture: Picture,
        pairs: Sequence[Pair],
        etas: Sequence[int],
        driver_places: Sequence[int],
        limits: Limits,
    ) -> list[Pair]:
        """Return pairs beyond those given, each with a free driver who is quicker than all candidates of the ride.

        Args:
            picture: of the tick.
            pairs: the candidates by places in the picture, seeker by seeker.
            etas: the seconds to the pickup of each.
            driver_places: who may be named, ascending.
            limits: of the pass.
        """
        free = driver_places[: bisect_left(driver_places, picture.free)]
        doubts = doubts_of(picture, pairs, etas)
        if not doubts or len(free) <= limits.candidates:
            return []
        searches = [Search(picture.seekers[doubt.seeker].pickup, doubt.seconds) for doubt in doubts]
        found = await self.quickest.quickest(searches, all_at(picture.drivers, free), FOUND)
        further: list[Pair] = []
        for doubt, places in zip(doubts, found, strict=True):
            seeker = picture.seekers[doubt.seeker]
            named = [free[place] for place in places if free[place] not in doubt.known]
            able = [place for place in named if _may_have(seeker, picture.drivers[place], limits)]
            further += [Pair(doubt.seeker, place) for place in able[: limits.candidates]]
        return further


def doubts_of(picture: Picture, pairs: Sequence[Pair], etas: Sequence[int]) -> list[Doubt]:
    """Return the rides without a driver that are worth a search, the longest ways first."""
    free, least_seconds = picture.free, dict[int, int]()
    for (place, driver), eta in zip(pairs, etas, strict=True):
        if driver < free and eta < least_seconds.get(place, eta + 1):
            least_seconds[place] = eta
    slow = [
        (place, min(seconds, pickup_cap_seconds(picture.seekers[place])))
        for place, seconds in least_seconds.items()
        if seconds > WORTH_SECONDS and picture.seekers[place].bound is None
    ]
    longest = dict(nlargest(SEARCHES, slow, key=itemgetter(1)))
    known: dict[int, set[int]] = {place: set() for place in longest}
    for place, driver in pairs:
        if place in known:
            known[place].add(driver)
    return [Doubt(place, seconds, known[place]) for place, seconds in longest.items()]


def _may_have(seeker: Seeker, driver: DriverPosition, limits: Limits) -> bool:
    if driver.driver_id in seeker.excluded_driver_ids:
        return False
    return is_able(seeker, driver, limits) and is_on_the_way(seeker, driver, limits)
