"""Which cities' rides are to be matched now: each at its own tick."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from matching_service.domain.dispatch_policy import DispatchPolicy
from matching_service.domain.tick_pace import Supply, seconds_to_next_tick
from matching_service.use_cases.city_ports import Cities

TOGETHER_SECONDS = 0.1
"""Cities whose ticks are no further apart are matched at once: one look at the stores serves them all."""
IDLE_SECONDS = 1.0
"""To the next look where no city's tick is known."""
_NOBODY = Supply(0, 0)


class PaceTicks:
    """Of one matcher; it remembers when each city is due. A city that is new to it is due at once."""

    def __init__(self, cities: Cities, monotonic: Callable[[], float]) -> None:
        self._cities = cities
        self._monotonic = monotonic
        self._policies: Mapping[str, DispatchPolicy] = {}
        self._due_at: dict[str, float] = {}
        self._hurried = False

    async def due(self) -> frozenset[str]:
        """Return the keys of the cities that are due. Raises Unavailable while no policies are known."""
        atlas, now = await self._cities.in_force(), self._monotonic()
        self._policies = {policy.city: policy.dispatch for policy in atlas.policies}
        known = {} if self._hurried else self._due_at
        self._hurried = False
        self._due_at = {city: known.get(city, now) for city in self._policies}
        return frozenset(city for city, due_at in self._due_at.items() if due_at <= now + TOGETHER_SECONDS)

    def ticked(self, cities: Collection[str], began: float, supplies: Mapping[str, Supply]) -> None:
        """Note a tick of some cities that began then, by the clock of this, and what it saw of those with rides."""
        for city in cities:
            if city in self._policies:
                seconds = seconds_to_next_tick(self._policies[city], supplies.get(city, _NOBODY))
                self._due_at[city] = began + seconds

    def hurry(self) -> None:
        """Have all cities due at the next look, also where a tick is under way."""
        self._hurried = True

    def rest_seconds(self) -> float:
        """Return how long it is until a city is due."""
        if self._hurried:
            return 0.0
        if not self._due_at:
            return IDLE_SECONDS
        return max(0.0, min(self._due_at.values()) - self._monotonic())
