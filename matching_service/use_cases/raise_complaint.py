"""Complain of a ride, and read what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.complaint import (
    Complaint,
    ComplaintReason,
    ComplaintState,
    complain,
    complaint_not_found,
)
from matching_service.use_cases.complaint_ports import ComplaintReader, ComplaintStore
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.steps import ride_not_found
from matching_service.use_cases.store_ports import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


@dataclass(frozen=True, slots=True)
class RaiseComplaint:
    """RaiseComplaint: by the rider of a ride that is over."""

    store: ComplaintStore
    reader: ComplaintReader
    clock: Clock
    new_id: IdSource

    async def __call__(
        self, request_id: str, rider_id: UUID, ride_id: UUID, reason: ComplaintReason, words: str
    ) -> Complaint:
        """Return the complaint, or for a repeated request the one that it raised, as it stands now.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `ride_not_over`, `complaint_window_over`, `too_many_complaints`, `complaint_open` (another one of
                the ride is not decided yet).
        """
        request = RequestKey(rider_id, "RaiseComplaint", request_id, (str(ride_id), reason.value, words))
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            if answer is None:
                ride = await tx.lock_ride(ride_id, rider_id=rider_id)
                if ride is None:
                    raise ride_not_found()
                number = await tx.complaints.count(ride_id) + 1
                raised = complain(self.new_id(), ride, number, reason, words, self.clock.now())
                await tx.complaints.add(raised)
                await tx.complete(raised.id.bytes)
                return raised
        return await _read(self.reader, UUID(bytes=answer))


@dataclass(frozen=True, slots=True)
class ComplaintPage:
    """Complaints, newest first; `next_before` names the last one when there are more."""

    complaints: list[Complaint]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class ReadComplaints:
    """ListComplaints, GetComplaint and SearchComplaints."""

    reader: ComplaintReader
    rides: RideReader

    async def of_ride(self, ride_id: UUID, rider_id: UUID) -> list[Complaint]:
        """Return a rider's complaints of a ride, newest first. Raises NotFound `ride_not_found`."""
        if await self.rides.ride(ride_id, rider_id=rider_id) is None:
            raise ride_not_found()
        return await self.reader.of_ride(ride_id, rider_id)

    async def get(self, complaint_id: UUID) -> Complaint:
        """Return a complaint. Raises NotFound `complaint_not_found`."""
        return await _read(self.reader, complaint_id)

    async def page(self, size: int, before: UUID | None, state: ComplaintState | None) -> ComplaintPage:
        """Return a page of at most `size` complaints, of one state or all, after the one named."""
        found = await self.reader.page(size + 1, before, state)
        return ComplaintPage(found[:size], found[size - 1].id if len(found) > size else None)


async def _read(reader: ComplaintReader, complaint_id: UUID) -> Complaint:
    complaint = await reader.get(complaint_id)
    if complaint is None:
        raise complaint_not_found()
    return complaint
