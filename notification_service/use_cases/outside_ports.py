"""What the use cases need from beyond the store: names and addresses of people, words, and ways out of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from notification_service.domain.channels import Channel
from notification_service.domain.sending import Content, Outgoing, SendResult, Target
from notification_service.domain.words import Words


class Names(Protocol):
    """What people are called, known to identity alone."""

    async def name(self, account_id: UUID) -> tuple[str, str]:
        """Return a person's name and language. Raises a DomainError in an outage."""
        ...


class Addresses(Protocol):
    """Where people are reached, known to identity alone."""

    async def address(self, account_id: UUID, channel: Channel) -> str | None:
        """Return a person's number or mail address; None where there is none. Raises a DomainError in an outage."""
        ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """The words of a message by channel, the language they are in, and the version of their template."""

    contents: Mapping[Channel, Content]
    language: str
    template_version: str


class Templates(Protocol):
    """Words in a person's language."""

    def version(self, template: str) -> str:
        """Return what tells the words of a template from those it had in other releases."""
        ...

    def render(self, template: str, channels: Sequence[Channel], locale: str, words: Words) -> Rendered:
        """Fill in a template for some channels; a language that is not had falls back to its base, then to English."""
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
