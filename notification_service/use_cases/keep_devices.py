"""Keep where a person's apps can be pushed to."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from notification_service.domain.device import Device
from notification_service.use_cases.ports import People
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound


class KeepDevices:
    """Registers, lists and removes the caller's own devices."""

    def __init__(self, people: People, clock: Clock) -> None:
        self._people = people
        self._clock = clock

    async def register(
        self, account_id: UUID, platform: str, app: str, token: str, sign_in_id: UUID | None = None
    ) -> Device:
        """Register a device, or note that it was seen; whoever had this token has it no longer.

        It goes when the sign-in ends; without one (a token made for local work) it stays until it is removed.

        Raises:
            Conflict: `session_ended`, the device was signed out.
        """
        return await self._people.register_device(account_id, platform, app, token, self._clock.now(), sign_in_id)

    async def all_of(self, account_id: UUID) -> Sequence[Device]:
        """Return the caller's devices, the one seen last first."""
        return await self._people.devices(account_id)

    async def remove(self, account_id: UUID, device_id: UUID) -> None:
        """Forget a device of the caller's; one that was removed before stays so.

        Raises:
            NotFound: `device_not_found`, also of somebody else's.
        """
        if not await self._people.remove_device(account_id, device_id, self._clock.now()):
            raise NotFound("device_not_found", "there is no such device")
