"""What surge is computed from, and where it is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from matching_service.domain.surge import CellSurge, SurgeControl
from shared_kernel.geo import GeoPoint


@dataclass(frozen=True, slots=True)
class Demand:
    """Where riders of a city ask for rides, and where drivers will be free."""

    open_requests: list[GeoPoint]
    """Pickups of the rides that look for a driver."""
    recent_requests: list[GeoPoint]
    """Pickups of all rides asked for in the time that the forecast looks back; those for later are left out."""
    soon_idle: list[GeoPoint]
    """Drop-offs of the trips that should end within the horizon."""


@dataclass(frozen=True, slots=True)
class SurgeCell:
    """A cell as operators see it: its middle, and the multiplier that prices have now."""

    cell: str
    center: GeoPoint
    permille: int
    mean_permille: int


@dataclass(frozen=True, slots=True)
class SurgePicture:
    """A city's surge; `computed_at` is None where none is known."""

    computed_at: datetime | None
    control: SurgeControl
    cells: list[SurgeCell]


class DemandReader(Protocol):
    """Reads demand."""

    async def demand(self, city: str, now: datetime, back_seconds: int, horizon_seconds: int) -> Demand:
        """Return a city's demand now, with the requests of the last `back_seconds`."""
        ...


class SurgeControls(Protocol):
    """What operators laid on cities' surge; the newest of a city counts."""

    async def control_of(self, city: str) -> SurgeControl:
        """Return the control in force; one that does nothing where there is none."""
        ...


class Cells(Protocol):
    """The cells of the map."""

    def cell_of(self, point: GeoPoint) -> str:
        """Return the cell a place lies in."""
        ...

    def neighbors(self, cell: str) -> Collection[str]:
        """Return the cells that share an edge with it."""
        ...

    def center(self, cell: str) -> GeoPoint:
        """Return the middle of a cell."""
        ...


class SurgeBoard(Protocol):
    """Where multipliers stand for all processes: a copy that may be lost at any time, and then there is no surge."""

    async def lead(self, holder: str, seconds: float) -> bool:
        """Take or keep the lead of computing; False while another holds it."""
        ...

    async def read(self, city: str) -> tuple[datetime | None, SurgeControl, Mapping[str, CellSurge]]:
        """Return when a city's surge was computed, what is laid on it, and its cells."""
        ...

    async def write(
        self, city: str, cells: Mapping[str, CellSurge], control: SurgeControl, now: datetime, keep_seconds: float
    ) -> None:
        """Put a city's cells in place of those before; they are gone by themselves after so long."""
        ...

    async def lay(self, city: str, control: SurgeControl) -> None:
        """Let a control hold at once, until the next write."""
        ...


class SurgeReader(Protocol):
    """What prices need to know of surge."""

    async def permille_at(self, city: str, point: GeoPoint) -> int:
        """Return the multiplier at a place; 1000 where there is none, or none is known."""
        ...


@dataclass(frozen=True, slots=True)
class SurgeControlSet:
    """A control that an operator set, for the record."""

    city: str
    control: SurgeControl
    made_by: UUID
    made_at: datetime
    note: str
