"""Keep where webhooks are posted, and look after those that did not arrive."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from notification_service.domain.webhooks import TOPICS, Endpoint
from notification_service.use_cases.page_tokens import read_token, write_token
from notification_service.use_cases.webhook_ports import Poster, WebhookStore, WebhookStory
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput, NotFound
from shared_kernel.ids import IdSource

_SECRET_BYTES = 24
_DEFAULT_PAGE_SIZE = 50


class KeepWebhooks:
    """Adds, lists and removes endpoints; lists and replays what was owed to them. For operators."""

    def __init__(
        self, store: WebhookStore, poster: Poster, clock: Clock, new_id: IdSource, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._store = store
        self._poster = poster
        self._clock = clock
        self._new_id = new_id
        self._random_bytes = random_bytes

    async def add(self, url: str, topics: Sequence[str], *, created_by: str = "", request_id: str = "") -> Endpoint:
        """Keep an endpoint with a fresh secret; for a day the same request of the same caller returns the same one.

        Without a `request_id` each call keeps one.

        Raises:
            InvalidInput: `url_not_allowed`, `unknown_topic`.
            Conflict: `too_many_endpoints`, `idempotency_key_reused`.
            Unavailable: `secret_unavailable`.
        """
        if refusal := self._poster.refusal(url):
            raise InvalidInput(
                "url_not_allowed", "webhooks cannot be posted there", violations=[FieldViolation("url", refusal)]
            )
        unknown = sorted(set(topics) - TOPICS)
        if unknown:
            raise InvalidInput(
                "unknown_topic",
                "webhooks do not tell of this",
                violations=[FieldViolation("topics", f"{unknown[0]} must be one of {', '.join(sorted(TOPICS))}")],
            )
        secret = "whsec_" + base64.b64encode(self._random_bytes(_SECRET_BYTES)).decode()
        endpoint = Endpoint(self._new_id(), url, frozenset(topics), secret, self._clock.now())
        return await self._store.add(endpoint, created_by, request_id)

    async def all(self) -> Sequence[Endpoint]:
        """Return the endpoints, in the order of their making."""
        return await self._store.endpoints()

    async def remove(self, endpoint_id: UUID) -> None:
        """Forget an endpoint and all that is owed to it; NotFound `endpoint_not_found`."""
        if not await self._store.remove(endpoint_id):
            raise NotFound("endpoint_not_found", "there is no such endpoint")

    async def stories(self, endpoint_id: UUID, page_size: int, page_token: str) -> tuple[Sequence[WebhookStory], str]:
        """Return a page of what an endpoint was owed, newest first; InvalidInput `invalid_page_token`."""
        size = page_size or _DEFAULT_PAGE_SIZE
        found = await self._store.stories(endpoint_id, size + 1, read_token(page_token))
        page = found[:size]
        return page, write_token(page[-1].created_at, page[-1].webhook_id) if len(found) > size else ""

    async def replay(self, webhook_id: UUID) -> WebhookStory:
        """Owe one again from the beginning, also one that was taken; NotFound `webhook_not_found`."""
        story = await self._store.replay(webhook_id, self._clock.now())
        if story is None:
            raise NotFound("webhook_not_found", "there is no such webhook")
        return story

    async def replay_failed(self, endpoint_id: UUID, since: datetime) -> int:
        """Owe all again that an endpoint did not take since a time; return how many."""
        return await self._store.replay_failed(endpoint_id, since, self._clock.now())
