"""Read the inbox of an account."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from notification_service.domain.inbox_item import InboxItem
from notification_service.use_cases.ports import Store
from shared_kernel.errors import FieldViolation, InvalidInput

DEFAULT_PAGE_SIZE = 50


class ListNotifications:
    """Pages through the inbox, newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, account_id: UUID, page_size: int, page_token: str) -> tuple[Sequence[InboxItem], str]:
        """Return a page and the token of the next, empty on the last; InvalidInput `invalid_page_token`."""
        size = page_size or DEFAULT_PAGE_SIZE
        items = await self._store.inbox(account_id, size + 1, _read_token(page_token))
        page = items[:size]
        return page, _write_token(page[-1]) if len(items) > size else ""


def _write_token(item: InboxItem) -> str:
    return base64.urlsafe_b64encode(f"{item.created_at.isoformat()}|{item.notification_id}".encode()).decode()


def _read_token(token: str) -> tuple[datetime, UUID] | None:
    if not token:
        return None
    try:
        moment, _, identity = base64.urlsafe_b64decode(token).decode().partition("|")
        before = datetime.fromisoformat(moment)
        if before.tzinfo is None:
            raise ValueError("a page begins at a moment with its zone")
        return before, UUID(identity)
    except (ValueError, binascii.Error):
        raise InvalidInput(
            "invalid_page_token",
            "the page token is not one of ours",
            violations=[FieldViolation("page_token", "must be the next_page_token of an earlier page")],
        ) from None
