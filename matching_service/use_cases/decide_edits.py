"""The rider, then where it must be the driver, says yes to an edit."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.edit import EditState, RideEdit, edit_closed, edit_not_found
from matching_service.domain.ride_route import refuse_unless_fits
from matching_service.use_cases.advance_edits import AdvanceEdits
from matching_service.use_cases.apply_edit import agree_to_edit, close_edit
from matching_service.use_cases.edit_policies import EditPolicies
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.steps import ride_not_found, ride_of_driver
from matching_service.use_cases.store_ports import RequestKey, Store, Transaction
from shared_kernel.clock import Clock

HOLD_SECONDS = 2.5
"""How long the caller waits for the outcome of the raised hold; the sweep goes on after that."""


@dataclass(frozen=True, slots=True)
class AcceptRideEdit:
    """AcceptRideEdit: applied at once, or after the driver's yes and the raised hold."""

    store: Store
    reader: RideReader
    policies: EditPolicies
    advance: AdvanceEdits
    clock: Clock
    hold_seconds: float = HOLD_SECONDS

    async def __call__(
        self, request_id: str, actor_id: UUID, ride_id: UUID, edit_id: UUID, *, rider_id: UUID | None
    ) -> RideEdit:
        """Return the edit: APPLIED, AWAITING_DRIVER, HOLD_PENDING, or REFUSED where the hold could not be raised.

        Raises:
            NotFound: `ride_not_found`, `edit_not_found`.
            Conflict: `edit_closed`, `edit_expired`, `edit_outdated`, `edit_under_way`, `not_editable`, `pickup_fixed`,
                `not_scheduled` (the ride has begun: it has no other time any more), `schedule_overlap`.
        """
        policy = await self.policies.of(ride_id)
        request = RequestKey(actor_id, "AcceptRideEdit", request_id, (str(ride_id), str(edit_id)))
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            ride = await tx.lock_ride(ride_id, rider_id=rider_id)
            if ride is None:
                raise ride_not_found()
            edit = await _locked(tx, ride_id, edit_id)
            if answer is not None:
                return edit
            now = self.clock.now()
            refuse_unless_fits(ride, edit.plan)
            good = edit.accepted(ride.route_version, now)
            edit = (await agree_to_edit(tx, ride, good, policy, now)).edit
            await tx.complete(edit.id.bytes)
        return await _with_hold(self.advance, self.reader, edit, self.hold_seconds)


@dataclass(frozen=True, slots=True)
class AnswerRideEdit:
    """AnswerRideEdit: the driver agrees to a much longer trip, or does not, and then it stays as it was."""

    store: Store
    reader: RideReader
    policies: EditPolicies
    advance: AdvanceEdits
    clock: Clock
    hold_seconds: float = HOLD_SECONDS

    async def __call__(
        self, request_id: str, driver_id: UUID, ride_id: UUID, edit_id: UUID, *, agreed: bool
    ) -> RideEdit:
        """Return the edit after it.

        Raises:
            NotFound: `ride_not_found`, `edit_not_found`.
            Conflict: `edit_closed`.
        """
        policy = await self.policies.of(ride_id)
        fields = (str(ride_id), str(edit_id), str(agreed))
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "AnswerRideEdit", request_id, fields))
            ride = await ride_of_driver(tx, ride_id, driver_id)
            edit = await _locked(tx, ride_id, edit_id)
            if answer is not None:
                return edit
            now = self.clock.now()
            if edit.state is not EditState.AWAITING_DRIVER:
                raise edit_closed(edit)
            if agreed:
                edit = (await agree_to_edit(tx, ride, edit.agreed(driver_id), policy, now)).edit
            else:
                edit = (await close_edit(tx, ride, edit.refused("driver_declined", now), now)).edit
            await tx.complete(edit.id.bytes)
        return await _with_hold(self.advance, self.reader, edit, self.hold_seconds)


@dataclass(frozen=True, slots=True)
class ReadRideEdit:
    """GetRideEdit: for the rider and the driver of the ride, and for operators."""

    reader: RideReader

    async def __call__(
        self, ride_id: UUID, edit_id: UUID, *, rider_id: UUID | None = None, driver_id: UUID | None = None
    ) -> RideEdit:
        """Return an edit. Raises NotFound `ride_not_found`, `edit_not_found`."""
        if await self.reader.ride(ride_id, rider_id=rider_id, driver_id=driver_id) is None:
            raise ride_not_found()
        edit = await self.reader.edit(ride_id, edit_id)
        if edit is None:
            raise edit_not_found()
        return edit


async def _locked(tx: Transaction, ride_id: UUID, edit_id: UUID) -> RideEdit:
    edit = await tx.lock_edit(ride_id, edit_id)
    if edit is None:
        raise edit_not_found()
    return edit


async def _with_hold(advance: AdvanceEdits, reader: RideReader, edit: RideEdit, seconds: float) -> RideEdit:
    if edit.state is not EditState.HOLD_PENDING:
        return edit
    await advance.raise_now(edit, seconds)
    return await reader.edit(edit.ride_id, edit.id) or edit
