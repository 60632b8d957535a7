"""SMS over an HTTP interface in Twilio's style (Messages resource of its REST API, 2010-04-01)."""

from __future__ import annotations

import httpx

from notification_service.adapters.twilio import TwilioResource
from notification_service.domain.sending import Outgoing, SendResult, Target


class SmsSender:
    """Hands an SMS to the provider."""

    def __init__(
        self, client: httpx.AsyncClient, account: str, sender: str, *, provider: str = "sms", status_url: str = ""
    ) -> None:
        """Take a client whose base URL and credentials are the provider's, and the number or name to send from.

        `status_url` is where the provider is to post its signed receipts; empty: it posts none.
        """
        self._messages = TwilioResource(client, account, "Messages", "sms")
        self._form = {"From": sender} | ({"StatusCallback": status_url} if status_url else {})
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
        """Send one SMS. Reasons: `sms_throttled`, `_unavailable`, `_unanswered`, `_unsubscribed`, `_refused_<code>`."""
        body = message.content.body
        form = {**self._form, "Body": body}
        return await self._messages.create(message, target.address, form, lambda sent: sent.get("body") == body)
