"""Tell what was owed to a person and what came of it, and which deliveries were given up."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from notification_service.domain.provider_health import ProviderHealth
from notification_service.domain.timeline import FailedDelivery, RideMessage, TimelineEntry
from notification_service.use_cases.page_tokens import read_token, write_token
from notification_service.use_cases.ports import Deliveries, Timelines

DEFAULT_PAGE_SIZE = 50
MOST_OF_A_RIDE = 200


class ReadTimeline:
    """Pages for operators, newest first."""

    def __init__(self, timelines: Timelines, deliveries: Deliveries) -> None:
        self._timelines = timelines
        self._deliveries = deliveries

    async def of_person(self, account_id: UUID, page_size: int, page_token: str) -> tuple[Sequence[TimelineEntry], str]:
        """Return a page of what a person was owed; InvalidInput `invalid_page_token`."""
        size = page_size or DEFAULT_PAGE_SIZE
        entries = await self._timelines.of_person(account_id, size + 1, read_token(page_token))
        page = entries[:size]
        more = len(entries) > size
        return page, write_token(page[-1].item.created_at, page[-1].item.notification_id) if more else ""

    async def of_ride(self, ride_id: UUID) -> tuple[Sequence[RideMessage], bool]:
        """Return what was owed for a ride, oldest first, and whether there was more."""
        found = await self._timelines.of_ride(ride_id, MOST_OF_A_RIDE + 1)
        return found[:MOST_OF_A_RIDE], len(found) > MOST_OF_A_RIDE

    async def failed(self, page_size: int, page_token: str) -> tuple[Sequence[FailedDelivery], str]:
        """Return a page of deliveries that were given up; InvalidInput `invalid_page_token`."""
        size = page_size or DEFAULT_PAGE_SIZE
        found = await self._timelines.failed(size + 1, read_token(page_token))
        page = found[:size]
        last = page[-1].story if page else None
        if len(found) <= size or last is None or last.finished_at is None:
            return page, ""
        return page, write_token(last.finished_at, last.delivery_id)

    async def providers(self) -> Sequence[ProviderHealth]:
        """Return how the providers stood at their last change."""
        return await self._deliveries.health()
