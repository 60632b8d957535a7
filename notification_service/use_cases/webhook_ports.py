"""What webhooks need from others, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from notification_service.domain.webhooks import DueWebhook, Endpoint, Posted, WebhookOutcome, WebhookState


@dataclass(frozen=True, slots=True)
class WebhookStory:
    """One webhook as an operator sees it."""

    webhook_id: UUID
    endpoint_id: UUID
    topic: str
    state: WebhookState
    attempts: int
    status: int
    error: str
    created_at: datetime
    next_attempt_at: datetime
    finished_at: datetime | None
    payload: str


class WebhookStore(Protocol):
    """Endpoints, and what is owed to them."""

    async def add(self, endpoint: Endpoint, created_by: str, request_id: str) -> Endpoint:
        """Keep an endpoint and return it; where this request of theirs made one in the last day, that one.

        An empty `request_id` is no key: each call keeps one.

        Raises:
            Conflict: `too_many_endpoints`, `idempotency_key_reused`.
            Unavailable: `secret_unavailable`, the key that sealed the first one's secret is not here.
        """
        ...

    async def endpoints(self) -> Sequence[Endpoint]:
        """Return all endpoints, without their secrets, in the order of their making."""
        ...

    async def seal_again(self) -> int:
        """Seal the secrets that are not sealed with the key of today; return how many were."""
        ...

    async def remove(self, endpoint_id: UUID) -> bool:
        """Forget an endpoint and all that is owed to it; False where there is none."""
        ...

    async def claim(self, busy: Sequence[tuple[UUID, int]], now: datetime, lease: timedelta) -> Sequence[DueWebhook]:
        """Claim what is due for the time of a lease, of each endpoint a few; `busy` says how many are under way."""
        ...

    async def oldest_due_at(self, now: datetime) -> datetime | None:
        """Return since when the one that has waited the longest is due; None where nothing is."""
        ...

    async def record(self, webhook: DueWebhook, outcome: WebhookOutcome, now: datetime) -> None: ...

    async def stories(
        self, endpoint_id: UUID, limit: int, before: tuple[datetime, UUID] | None
    ) -> Sequence[WebhookStory]: ...

    async def replay(self, webhook_id: UUID, now: datetime) -> WebhookStory | None:
        """Owe one again from the beginning; None where there is none."""
        ...

    async def replay_failed(self, endpoint_id: UUID, since: datetime, now: datetime) -> int: ...


class Poster(Protocol):
    """Posts to addresses outside the house."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        """Post once, to public addresses alone; what goes wrong is told, not raised. It takes a bounded time."""
        ...

    def refusal(self, url: str) -> str:
        """Tell why an address can never be posted to; empty where it may."""
        ...
