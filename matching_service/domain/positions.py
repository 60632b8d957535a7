"""Where many drivers are at one moment: a table that is asked of all of them at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition, ShiftKey


class Positions:
    """One position a driver, each at a place from 0 on.

    A city at its fullest has tens of thousands, of whom a tick looks closely at a few: a store may answer what is asked
    of all (`adapters.packed_positions` does) without making an object for each. What the answers are stands here.
    """

    def __init__(self, positions: Sequence[DriverPosition] = ()) -> None:
        self._positions = positions
        self._place_by_driver: dict[UUID, int] | None = None

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, place: int) -> DriverPosition:
        return self._positions[place]

    def __iter__(self) -> Iterator[DriverPosition]:
        return map(self.__getitem__, range(len(self)))

    def at(self, places: Sequence[int]) -> Positions:
        """Return those at some places, in that order."""
        return Positions([self[place] for place in places])

    def place_of(self, driver_id: UUID) -> int | None:
        """Return the place of a driver; None for one who is not here."""
        if self._place_by_driver is None:
            self._place_by_driver = {position.driver_id: place for place, position in enumerate(self)}
        return self._place_by_driver.get(driver_id)

    def of(self, driver_id: UUID) -> DriverPosition | None:
        """Return a driver's position; None for one who is not here."""
        place = self.place_of(driver_id)
        return None if place is None else self[place]

    def count_stale(self, fresh_since: float) -> int:
        """Return how many were measured before a moment, in Unix seconds."""
        return sum(position.measured_at < fresh_since for position in self)

    def free(self, fresh_since: float, busy: Collection[UUID], closed: Collection[ShiftKey]) -> list[int]:
        """Return the places, ascending, of those who may be asked.

        Args:
            fresh_since: Unix seconds; who was silent for longer is passed over.
            busy: drivers who cannot take a ride now.
            closed: shifts that take no new ride, of which positions may still be here.
        """
        return [
            place
            for place, position in enumerate(self)
            if position.measured_at >= fresh_since
            and position.driver_id not in busy
            and position.shift_key not in closed
        ]

    def of_classes(self, classes: Collection[VehicleClass]) -> list[int]:
        """Return the places, ascending, of those who drive a vehicle of one of some classes."""
        return [place for place, position in enumerate(self) if position.vehicle_class in classes]

    def degrees(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return the latitudes and the longitudes of all, by place."""
        return [position.latitude for position in self], [position.longitude for position in self]
