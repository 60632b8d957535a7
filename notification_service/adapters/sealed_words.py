"""Words that wait sealed until they are spoken: who reads the database, or a backup of it, reads no code."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from uuid import UUID

from chassis.seals import CannotOpenError, KeyRing, Sealed
from notification_service.domain.sending import Outgoing, Refused, SendResult, Target
from notification_service.use_cases.outside_ports import Sender


class WordSeals:
    """Seals the words of a notification, as `<key>:<base64>`, and opens them again."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def seal(self, words: str, notification_id: UUID) -> str:
        """Seal words; they open for this notification alone."""
        sealed = self._keys.seal(words, notification_id.bytes)
        return f"{sealed.key_id}:{base64.b64encode(sealed.content).decode()}"

    def open(self, text: str, notification_id: UUID) -> str:
        """Open what was sealed. Raises CannotOpenError."""
        key_id, _, content = text.partition(":")
        try:
            sealed = Sealed(key_id, base64.b64decode(content, validate=True))
        except binascii.Error:
            raise CannotOpenError("this is not sealed") from None
        return self._keys.open(sealed, notification_id.bytes)


class OpeningSender:
    """A way out whose words come sealed: opened as they are handed over, and nowhere else."""

    def __init__(self, sender: Sender, seals: WordSeals) -> None:
        self._sender = sender
        self._seals = seals

    @property
    def provider(self) -> str:
        """Its name in the settings."""
        return self._sender.provider

    def takes(self, target: Target) -> bool:
        """Tell whether it can reach such a target at all."""
        return self._sender.takes(target)

    async def send(self, message: Outgoing, target: Target) -> SendResult:
        """Hand a message over in clear; Refused `words_unreadable` where they open with no key of ours."""
        try:
            body = self._seals.open(message.content.body, message.notification_id)
        except CannotOpenError:
            return Refused("words_unreadable")
        return await self._sender.send(replace(message, content=replace(message.content, body=body)), target)
