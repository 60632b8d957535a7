"""Read a driver's standing."""

from __future__ import annotations

from uuid import UUID

from identity_service.domain.drivers import Driver
from identity_service.use_cases.ports import Store
from shared_kernel.errors import NotFound


class ReadDriver:
    """Returns a driver: to a driver only the own standing, to others any."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, driver_id: UUID, *, owner: UUID | None) -> Driver:
        """Return the driver; with an owner, somebody else's is as unknown as none.

        Raises:
            NotFound: `driver_not_found`.
        """
        async with self._store.transaction() as transaction:
            driver = await transaction.drivers.find(driver_id, owner=owner)
        if driver is None:
            raise NotFound("driver_not_found", "there is no such driver")
        return driver
