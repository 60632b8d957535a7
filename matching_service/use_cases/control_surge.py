"""Operators look at a city's surge, freeze it, and cap it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.surge import SurgeControl
from matching_service.use_cases.city_ports import Cities
from matching_service.use_cases.store_ports import RequestKey, Store
from matching_service.use_cases.surge_ports import (
    Cells,
    SurgeBoard,
    SurgeCell,
    SurgeControls,
    SurgeControlSet,
    SurgePicture,
)
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound

_MOST_TRIES = 5
"""Operators who set controls faster than that are waited for by the next computation."""


@dataclass(frozen=True, slots=True)
class ReadSurge:
    """ReadSurge: the cells with a multiplier above one, the highest first."""

    cities: Cities
    controls: SurgeControls
    board: SurgeBoard
    cells: Cells

    async def __call__(self, city: str, limit: int) -> SurgePicture:
        """Return a city's surge, at most so many cells. Raises NotFound `city_not_found`."""
        if (await self.cities.in_force()).named(city) is None:
            raise _no_such_city(city)
        control = await self.controls.control_of(city)
        computed_at, _, found = await self.board.read(city)
        ordered = sorted(found.items(), key=lambda item: (-item[1].permille, item[0]))
        cells = [
            SurgeCell(cell, self.cells.center(cell), control.applied(surge.permille), round(surge.mean_permille))
            for cell, surge in ordered[:limit]
        ]
        return SurgePicture(computed_at, control, cells)


@dataclass(frozen=True, slots=True)
class ControlSurge:
    """SetSurgeControl: what is set holds at once, until another is set. Quotes that were made keep their price."""

    cities: Cities
    store: Store
    controls: SurgeControls
    board: SurgeBoard
    clock: Clock

    async def __call__(
        self, request_id: str, operator_id: UUID, city: str, control: SurgeControl, note: str
    ) -> SurgeControl:
        """Set a city's control. Raises NotFound `city_not_found`."""
        if (await self.cities.in_force()).named(city) is None:
            raise _no_such_city(city)
        fields = (city, str(control.frozen), str(control.cap_permille), note)
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(operator_id, "SetSurgeControl", request_id, fields))
            if answer is None:
                now = self.clock.now()
                await tx.add_surge_control(SurgeControlSet(city, control, operator_id, now, note))
                await tx.complete(b"set")
        # After the commit: the next computation lays it anew, should the board not answer now.
        await lay_newest(self.controls, self.board, city, laid=None)
        return control


async def lay_newest(controls: SurgeControls, board: SurgeBoard, city: str, laid: SurgeControl | None) -> None:
    """Let the control that was set last hold; `laid` is what the caller has put onto the board.

    Operators and the computation write the board without a word to each other, and what one read before another's
    commit may be laid after it. So whoever lays one looks once more: the last to lay sees what was set last.
    """
    for _ in range(_MOST_TRIES):
        newest = await controls.control_of(city)
        if newest == laid:
            return
        await board.lay(city, newest)
        laid = newest


def _no_such_city(city: str) -> NotFound:
    return NotFound("city_not_found", f"there is no city {city!r}")
