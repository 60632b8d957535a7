"""A driver goes online."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.events import ShiftStarted
from matching_service.domain.ride_kind import Capability
from matching_service.domain.shift import EndReason, Shift
from matching_service.use_cases.going_offline import keep_shift, retrying, take_offline
from matching_service.use_cases.service_ports import Accounts, DriverRecord
from matching_service.use_cases.store_ports import RequestKey, Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource


@dataclass(frozen=True, slots=True)
class StartShift:
    """StartShift: only for approved drivers; name and vehicle are copied from identity_service for the shift."""

    store: Store
    accounts: Accounts
    clock: Clock
    new_id: IdSource

    async def __call__(
        self, request_id: str, driver_id: UUID, capabilities: frozenset[Capability] = frozenset()
    ) -> Shift:
        """Return the open shift. One open with the same vehicle class is kept, and every wish
        to stop is taken back: the end after the ride, the last ride, the break.

        What the driver is able to do is as declared with the latest call.

        Raises:
            Conflict: `not_approved`, or `shift_open` with another vehicle class.
            Unavailable: identity_service does not answer; the shift may be open: ask again with the same key.
        """
        driver = await self._approved(driver_id)
        shift = await self._online(request_id, driver, capabilities)
        # An approval that was taken away meanwhile found no shift to end: it is looked at once more.
        await self._approved(driver_id)
        return shift

    async def _approved(self, driver_id: UUID) -> DriverRecord:
        driver = await self.accounts.driver(driver_id)
        if driver is None or not driver.approved:
            # Also at the first look: the second one of the try before may have come to nothing.
            await retrying(lambda: self._take_back(driver_id))
            raise Conflict("not_approved", "the driver is not approved")
        return driver

    async def _take_back(self, driver_id: UUID) -> None:
        async with self.store.transaction() as tx:
            await take_offline(tx, driver_id, self.clock, EndReason.NOT_APPROVED)

    async def _online(self, request_id: str, driver: DriverRecord, capabilities: frozenset[Capability]) -> Shift:
        driver_id = driver.facts.driver_id
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "StartShift", request_id, tuple(sorted(capabilities))))
            shift = await tx.lock_shift(driver_id)
            if answer is not None:
                shift = shift or await tx.last_shift(driver_id)
                if shift is not None:
                    return shift
            shift = await (
                self._open(tx, driver, capabilities) if shift is None else self._stay(tx, shift, driver, capabilities)
            )
            if answer is None:
                await tx.complete(shift.id.bytes)
            return shift

    async def _open(self, tx: Transaction, driver: DriverRecord, capabilities: frozenset[Capability]) -> Shift:
        now = self.clock.now()
        shift = Shift(self.new_id(), driver.facts, driver.vehicle_class, now, capabilities=capabilities)
        await tx.add_shift(shift)
        await tx.tell(ShiftStarted(shift, now))
        return shift

    async def _stay(
        self, tx: Transaction, shift: Shift, driver: DriverRecord, capabilities: frozenset[Capability]
    ) -> Shift:
        if shift.vehicle_class is not driver.vehicle_class:
            raise Conflict("shift_open", "end the shift with the other vehicle first")
        return await keep_shift(tx, shift, shift.staying(self.clock.now()).declaring(capabilities), self.clock)
