"""Many legs as the tables that an OSRM server is asked for, and places as it writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matching_service.domain.eta import Leg
from shared_kernel.geo import Located

MAX_PLACES = 100
"""Of one table: what OSRM allows unless its operator sets more (--max-table-size)."""

Degrees = tuple[float, float]
"""Latitude and longitude."""


class Table:
    """One question: its places, which of them are sources and destinations, and whose legs its cells are."""

    def __init__(self) -> None:
        self.cells: list[tuple[int, int, int]] = []
        """Leg, row among the sources, column among the destinations."""
        self._rows: dict[Degrees, int] = {}
        self._columns: dict[Degrees, int] = {}

    def takes(self, leg: Leg) -> bool:
        """Tell whether there is room for a leg."""
        origin, destination = map(degrees, leg)
        new = (origin not in self._rows) + (destination not in self._columns)
        return len(self._rows) + len(self._columns) + new <= MAX_PLACES

    def add(self, index: int, leg: Leg) -> None:
        """Take a leg in."""
        origin, destination = map(degrees, leg)
        row = self._rows.setdefault(origin, len(self._rows))
        column = self._columns.setdefault(destination, len(self._columns))
        self.cells.append((index, row, column))

    @property
    def places(self) -> list[Degrees]:
        """All places: where legs begin, then where they end."""
        return [*self._rows, *self._columns]

    @property
    def sources(self) -> str:
        """Which places legs begin at, as OSRM writes it."""
        return ";".join(str(index) for index in range(len(self._rows)))

    @property
    def destinations(self) -> str:
        """Which places legs end at."""
        return ";".join(str(len(self._rows) + index) for index in range(len(self._columns)))


def as_tables(legs: Sequence[Leg]) -> list[Table]:
    """Put legs into tables, those to the same place together: a table is filled before the next is begun."""
    tables: list[Table] = []
    for index in sorted(range(len(legs)), key=lambda index: [*map(degrees, reversed(legs[index]))]):
        if not tables or not tables[-1].takes(legs[index]):
            tables.append(Table())
        tables[-1].add(index, legs[index])
    return tables


def degrees(place: Located) -> Degrees:
    """Return where a place is."""
    return place.latitude, place.longitude


def written(places: Iterable[Degrees]) -> str:
    """Write places as OSRM reads them."""
    return ";".join(f"{longitude:.6f},{latitude:.6f}" for latitude, longitude in places)
