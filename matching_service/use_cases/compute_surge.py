"""Compute the surge of all cities, in one process at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from matching_service.domain.city import CityPolicy
from matching_service.domain.locations import FRESH_SECONDS, ShiftKey, closed_since
from matching_service.domain.positions import Positions
from matching_service.domain.surge import CellCounts, SurgePolicy, next_surges
from matching_service.use_cases.city_ports import Cities
from matching_service.use_cases.control_surge import lay_newest
from matching_service.use_cases.dispatch_ports import BusyDrivers, OnShift
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.surge_ports import Cells, DemandReader, SurgeBoard, SurgeControls
from shared_kernel.clock import Clock
from shared_kernel.geo import GeoPoint

LOOK_BACK_SECONDS = 900
"""The forecast: requests go on as they came in this time."""
LEAD_SECONDS = 15.0
"""A process that dies leaves the lead to another after this."""
KEEP_PERIODS = 10
"""A city's surge is gone when it was not computed anew for so many periods."""


@dataclass(slots=True)
class ComputeSurge:
    """A sweep: called every second or so, it computes each city whose period is over, if this process leads."""

    cities: Cities
    demand: DemandReader
    controls: SurgeControls
    locations: LiveLocations
    busy: BusyDrivers
    on_shift: OnShift
    board: SurgeBoard
    cells: Cells
    clock: Clock
    holder: str
    _due: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def __call__(self, limit: int) -> int:
        """Compute the cities that are due, at most `limit`; return how many were."""
        policies = [city for city in (await self.cities.in_force()).policies if city.surge is not None]
        if not policies or not await self.board.lead(self.holder, LEAD_SECONDS):
            return 0
        now = self.clock.now()
        due = [city for city in policies if self._is_due(city, now)][:limit]
        idle = await self._idle(now) if due else []
        for city in due:
            if city.surge is not None:
                await self._compute(city, city.surge, idle, now)
                self._due[city.city] = now
        return len(due)

    def _is_due(self, city: CityPolicy, now: datetime) -> bool:
        last = self._due.get(city.city)
        return last is None or city.surge is None or (now - last).total_seconds() >= city.surge.period_seconds

    async def _compute(self, city: CityPolicy, policy: SurgePolicy, idle: list[GeoPoint], now: datetime) -> None:
        demand = await self.demand.demand(city.city, now, LOOK_BACK_SECONDS, policy.horizon_seconds)
        control = await self.controls.control_of(city.city)
        _, _, cells = await self.board.read(city.city)
        if not control.frozen:
            forecast_share = policy.horizon_seconds / LOOK_BACK_SECONDS
            forecast = self._counted(demand.recent_requests, forecast_share)
            drivers = self._counted(
                [*(point for point in idle if city.service_area.contains(point)), *demand.soon_idle]
            )
            requests = self._counted(demand.open_requests)
            requests.update(forecast)
            cells = next_surges(policy, cells, CellCounts(requests, drivers), self.cells.neighbors)
        await self.board.write(city.city, cells, control, now, policy.period_seconds * KEEP_PERIODS)
        # One that was set meanwhile was just overwritten with the one before.
        await lay_newest(self.controls, self.board, city.city, control)

    async def _idle(self, now: datetime) -> list[GeoPoint]:
        snapshot, busy, closed = await asyncio.gather(
            self.locations.snapshot(),
            self.busy.busy(),
            self.on_shift.closed_shifts(closed_since(now)),
        )
        return await asyncio.to_thread(_idle_points, snapshot, busy, closed, now.timestamp() - FRESH_SECONDS)

    def _counted(self, points: Iterable[GeoPoint], weight: float = 1.0) -> Counter[str]:
        counts: Counter[str] = Counter()
        for point in points:
            counts[self.cells.cell_of(point)] += weight  # pyright: ignore[reportArgumentType] (fractions count too)
        return counts


def _idle_points(
    snapshot: Positions, busy: frozenset[UUID], closed: frozenset[ShiftKey], fresh_since: float
) -> list[GeoPoint]:
    return [snapshot[place].point for place in snapshot.free(fresh_since, busy, closed)]
