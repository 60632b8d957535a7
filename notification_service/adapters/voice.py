"""Calls over an HTTP interface in Twilio's style (Calls resource of its REST API, 2010-04-01; TwiML's Say)."""

from __future__ import annotations

from html import escape

import httpx

from notification_service.adapters.twilio import TwilioResource
from notification_service.domain.sending import Outgoing, SendResult, Target

RINGS_SECONDS = 30
LONGEST_SECONDS = 60
"""A call is paid for by the minute: it ends within the one that was counted."""
_VOICES = {"en": "en-US", "es": "es-MX", "fr": "fr-FR"}
"""The language of TwiML's Say by that of the words; any other is read as it is written."""


class VoiceSender:
    """Has a provider call somebody and say the words."""

    def __init__(
        self, client: httpx.AsyncClient, account: str, sender: str, *, provider: str = "voice", status_url: str = ""
    ) -> None:
        """Take a client whose base URL and credentials are the provider's, and the number to call from.

        `status_url` is where the provider is to post, signed, how a call ended; empty: it posts nothing.
        """
        self._calls = TwilioResource(client, account, "Calls", "voice")
        self._sender = sender
        self._form = {"From": sender, "Timeout": str(RINGS_SECONDS), "TimeLimit": str(LONGEST_SECONDS)}
        self._form |= {"StatusCallback": status_url} if status_url else {}
        self._provider = provider

    @property
    def provider(self) -> str:
        """Its name in the settings."""
        return self._provider

    def takes(self, target: Target) -> bool:
        """Every phone number."""
        del target
        return True

    async def send(self, message: Outgoing, target: Target) -> SendResult:
        """Begin one call. Reasons: `voice_throttled`, `_unavailable`, `_unanswered`, `_refused_<code>`.

        Accepted says that the provider will call, not that anybody took it up: that comes by a receipt. A list of calls
        does not tell what they said; one of ours since the message was owed is taken for it.
        """
        form = {**self._form, "Twiml": spoken(message.content.body, message.locale)}
        return await self._calls.create(message, target.address, form, lambda call: call.get("from") == self._sender)


def spoken(words: str, language: str) -> str:
    """Return the TwiML that says some words in a language."""
    voice = _VOICES.get(language, language)
    return f'<Response><Say language="{escape(voice)}">{escape(words, quote=False)}</Say></Response>'
