"""Read the inbox of an account."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from notification_service.domain.inbox_item import InboxItem
from notification_service.use_cases.page_tokens import read_token, write_token
from notification_service.use_cases.ports import Store

DEFAULT_PAGE_SIZE = 50


class ListNotifications:
    """Pages through the inbox, newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, account_id: UUID, page_size: int, page_token: str) -> tuple[Sequence[InboxItem], str]:
        """Return a page and the token of the next, empty on the last; InvalidInput `invalid_page_token`."""
        size = page_size or DEFAULT_PAGE_SIZE
        items = await self._store.inbox(account_id, size + 1, read_token(page_token))
        page = items[:size]
        return page, write_token(page[-1].created_at, page[-1].notification_id) if len(items) > size else ""
