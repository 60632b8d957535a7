"""The open shifts, for operators: who is online, on a break, silent, and on which ride."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.use_cases.reader_ports import OpenShiftRecord, ShiftFilter, ShiftReader


@dataclass(frozen=True, slots=True)
class ShiftPage:
    """Open shifts, newest first; `next_before` names the last one when there are more."""

    shifts: list[OpenShiftRecord]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class ListShifts:
    """The use case."""

    shifts: ShiftReader

    async def __call__(self, size: int, before: UUID | None, which: ShiftFilter) -> ShiftPage:
        """Return a page of at most `size` open shifts after the one named."""
        found = await self.shifts.open_shifts(size + 1, before, which)
        return ShiftPage(found[:size], found[size - 1].shift.id if len(found) > size else None)
