"""All that the service needs from others, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from notification_service.domain.channels import Channel
from notification_service.domain.delivery import DeliveryState, DueDelivery, Outcome
from notification_service.domain.inbox_item import InboxItem
from notification_service.domain.messages import Message
from notification_service.domain.sending import Content, Outgoing, SendResult, Target
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class OwedMessage:
    """A message with its words, ready to be stored with its deliveries."""

    notification_id: UUID
    dedupe_key: str
    message: Message
    inbox: Content
    contents: Mapping[Channel, Content]
    locale: str
    live_type: str
    live_data: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OwedCode:
    """An SMS with a one-time code, ready to be stored with its delivery."""

    notification_id: UUID
    dedupe_key: str
    fingerprint: bytes
    phone_number: str
    content: Content
    locale: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """How many deliveries of a channel stand in a state."""

    channel: Channel
    state: DeliveryState
    count: int


class Transaction(Protocol):
    """One transaction on the service's store."""

    async def first_time(self, event_id: UUID) -> bool:
        """Note an event; False if it was taken in before."""
        ...

    async def set_locale(self, account_id: UUID, locale: str) -> None: ...

    async def locales(self, account_ids: Sequence[UUID]) -> Mapping[UUID, str]: ...

    async def owe(self, messages: Sequence[OwedMessage]) -> None:
        """Store messages and their deliveries; one with a known dedupe key is left as it was."""
        ...

    async def owe_code(self, code: OwedCode) -> UUID:
        """Store a code's SMS; for a known dedupe key return the first one's id (Conflict if the contents differ)."""
        ...

    async def mark_read(self, account_id: UUID, notification_id: UUID, now: datetime) -> InboxItem | None: ...


class Store(Protocol):
    """The service's store."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction: committed when the block ends, rolled back when it raises."""
        ...

    async def claim_due(self, channel: Channel, now: datetime, lease: timedelta, limit: int) -> Sequence[DueDelivery]:
        """Claim a channel's due deliveries for the time of a lease, the most urgent first; of one ride and account
        only the earliest, so that the news of a ride come in their order."""
        ...

    async def record(self, outcomes: Sequence[tuple[DueDelivery, Outcome]], now: datetime) -> None:
        """Write down what became of claimed deliveries; the words and number of a finished SMS are wiped."""
        ...

    async def inbox(
        self, account_id: UUID, limit: int, before: tuple[datetime, UUID] | None
    ) -> Sequence[InboxItem]: ...

    async def counts_since(self, since: datetime) -> tuple[Sequence[DeliveryCount], int]: ...


class Templates(Protocol):
    """Words in a person's language."""

    def render(self, template: str, locale: str, context: Mapping[str, str | int | Money]) -> Content:
        """Fill in a template; a language that is not had falls back to its base, then to English."""
        ...


class Sender(Protocol):
    """A way out of the house: one provider of one channel."""

    @property
    def provider(self) -> str:
        """Its name in the settings, by which its health is kept and its receipts come."""
        ...

    def takes(self, target: Target) -> bool:
        """Tell whether it can reach such a target at all; a push provider cannot reach every platform."""
        ...

    async def send(self, message: Outgoing, target: Target) -> SendResult:
        """Hand a message over and tell what the provider said; does not raise for what a provider does.

        It takes a bounded time, shorter than a delivery's lease.
        """
        ...
