"""SMS over an HTTP interface in Twilio's style (Messages resource of its REST API, 2010-04-01)."""

from __future__ import annotations

import httpx

from notification_service.adapters.http_answers import attempt, body_of, common_failure
from notification_service.domain.sending import (
    Accepted,
    Outgoing,
    Refused,
    SendResult,
    Target,
    Unavailable,
    Unregistered,
)

_UNSUBSCRIBED = 21610
"""Twilio's code for a recipient who answered STOP."""


class SmsSender:
    """Hands an SMS to the provider.

    The interface knows no key of ours, so that an SMS whose answer is lost may come twice when it is sent again.
    """

    def __init__(
        self, client: httpx.AsyncClient, account: str, sender: str, *, provider: str = "sms", status_url: str = ""
    ) -> None:
        """Take a client whose base URL and credentials are the provider's, and the number or name to send from.

        `status_url` is where the provider is to post its signed receipts; empty: it posts none.
        """
        self._client = client
        self._path = f"/2010-04-01/Accounts/{account}/Messages.json"
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
        form = {**self._form, "To": target.address, "Body": message.content.body}
        answer = await attempt("sms", lambda: self._client.post(self._path, data=form))
        return _read("sms", answer) if isinstance(answer, httpx.Response) else answer


def _read(channel: str, answer: httpx.Response) -> SendResult:
    if failure := common_failure(channel, answer):
        return failure
    body = body_of(answer)
    if answer.is_success:
        return Accepted(str(body.get("sid", "")))
    if answer.status_code in {401, 403, 404}:
        # Whom the provider does not know is our setting's fault, not the message's: another provider may take it.
        return Unavailable(f"{channel}_credentials_refused_{answer.status_code}")
    if body.get("code") == _UNSUBSCRIBED:
        return Unregistered(f"{channel}_unsubscribed")
    return Refused(f"{channel}_refused_{body.get('code', answer.status_code)}")
