"""The Positions of a store: rows of bytes as they lie there, and an object only of who is looked at closely."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np

from matching_service.adapters.location_layout import CODE_BY_CLASS, LAYOUT, unpack_from
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition, ShiftKey
from matching_service.domain.positions import Positions

_ROW = np.dtype(
    [
        ("sequence", ">u8"),
        ("tag", ">u4"),
        ("millis", ">i8"),
        ("latitude", ">i4"),
        ("longitude", ">i4"),
        ("code", "u1"),
        ("driver", "V16"),
    ]
)
"""`LAYOUT` for numpy."""


class PackedPositions(Positions):
    """Answers as Positions does; see the contract's test."""

    def __init__(self, packed: bytes) -> None:
        """Take rows that `pack` wrote, one after another, of different drivers."""
        super().__init__()
        self._packed = packed
        self._rows: Any = np.frombuffer(packed, _ROW)
        self._made: dict[int, DriverPosition] = {}

    @classmethod
    def of_values(cls, values: Sequence[bytes]) -> PackedPositions:
        """Take what `pack` wrote, of a driver who stands in two cells the newer position.

        What is not as `pack` writes it is left out: the next ping replaces it.
        """
        packed = b"".join(values)
        if len(packed) != LAYOUT.size * len(values):
            packed = b"".join(value for value in values if len(value) == LAYOUT.size)
        positions = cls(packed)
        if len(positions._place_by_packed_id) == len(positions):
            return positions
        oldest_first = positions._rows["millis"].argsort(kind="stable")
        drivers = positions._rows["driver"][oldest_first].tolist()
        newest = dict(zip(drivers, oldest_first.tolist(), strict=True))
        return positions.at(sorted(newest.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> DriverPosition:
        made = self._made.get(place)
        if made is None:
            made = self._made[place] = unpack_from(self._packed, place)
        return made

    def at(self, places: Sequence[int]) -> PackedPositions:
        return PackedPositions(self._rows[np.asarray(places, np.intp)].tobytes())

    def place_of(self, driver_id: UUID) -> int | None:
        return self._place_by_packed_id.get(driver_id.bytes)

    def count_stale(self, fresh_since: float) -> int:
        return int((self._measured_at() < fresh_since).sum())

    def free(self, fresh_since: float, busy: Collection[UUID], closed: Collection[ShiftKey]) -> list[int]:
        free = self._measured_at() >= fresh_since
        for driver_id in busy:
            place = self.place_of(driver_id)
            if place is not None:
                free[place] = False
        for driver_id, tag in closed:
            place = self.place_of(driver_id)
            if place is not None and self._rows["tag"][place] == tag:
                free[place] = False
        return np.flatnonzero(free).tolist()

    def of_classes(self, classes: Collection[VehicleClass]) -> list[int]:
        codes = [CODE_BY_CLASS[vehicle_class] for vehicle_class in classes]
        return np.flatnonzero(np.isin(self._rows["code"], codes)).tolist()

    def degrees(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return the latitudes and the longitudes of all, by place, in arrays."""
        return self._rows["latitude"] / 1e7, self._rows["longitude"] / 1e7

    def _measured_at(self) -> Any:
        return self._rows["millis"] / 1000

    @cached_property
    def _place_by_packed_id(self) -> dict[bytes, int]:
        return dict(zip(self._rows["driver"].tolist(), range(len(self)), strict=True))
