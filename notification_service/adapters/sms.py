"""SMS over an HTTP interface in Twilio's style (Messages resource of its REST API, 2010-04-01)."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

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
_LOOK_BACK_MESSAGES = 20
_CLOCKS_APART = timedelta(seconds=5)
"""The provider's clock and ours; its times have whole seconds."""


class SmsSender:
    """Hands an SMS to the provider.

    The interface knows no key of ours. Before one is sent again whose answer may have been lost, the provider's list of
    what it sent to the number is read: what stands there is not sent twice.
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
        if message.attempt > 1 and message.owed_at is not None:
            known = await self._taken_before(message, target, message.owed_at)
            if known is not None:
                return known
        form = {**self._form, "To": target.address, "Body": message.content.body}
        answer = await attempt("sms", lambda: self._client.post(self._path, data=form))
        return _read("sms", answer) if isinstance(answer, httpx.Response) else answer

    async def _taken_before(self, message: Outgoing, target: Target, owed_at: datetime) -> SendResult | None:
        """Look for the SMS of an earlier attempt; None where it is to be sent, a failure where nobody tells."""
        query = {"To": target.address, "PageSize": str(_LOOK_BACK_MESSAGES)}
        answer = await attempt("sms", lambda: self._client.get(self._path, params=query))
        if not isinstance(answer, httpx.Response):
            return answer
        if failure := common_failure("sms", answer):
            return failure
        # Who may not read the list is refused here: then it is sent, as without the list.
        sent = body_of(answer).get("messages") if answer.is_success else None
        for each in sent if isinstance(sent, list) else ():
            if isinstance(each, dict) and each.get("body") == message.content.body and _is_since(each, owed_at):
                return Accepted(str(each.get("sid", "")))
        return None


def _is_since(sent: dict[str, Any], owed_at: datetime) -> bool:
    """Tell whether a listed SMS was made after ours was owed: the same words may have been right before, too."""
    try:
        made_at = parsedate_to_datetime(str(sent.get("date_created", "")))
    except ValueError:
        return False
    return made_at.tzinfo is not None and made_at >= owed_at - _CLOCKS_APART


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
