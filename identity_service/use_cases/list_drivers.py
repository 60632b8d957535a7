"""Page through drivers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from identity_service.domain.drivers import DriverStatus
from identity_service.use_cases.ports import DriverPage, Store

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100


class ListDrivers:
    """Returns drivers for operators, newest application first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self, *, status: DriverStatus | None, after: tuple[datetime, UUID] | None, page_size: int
    ) -> DriverPage:
        """Return a page; a size of 0 stands for 50, and 100 is the most."""
        size = min(page_size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
        async with self._store.transaction() as transaction:
            return await transaction.drivers.page(status, after, size)
