"""What SMS and calls have in common at a provider in Twilio's style (REST API, 2010-04-01).

The interface knows no key of ours. Before something is sent again whose answer may have been lost, the provider's list
of what it sent to the number is read: what stands there is not sent twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from notification_service.adapters.http_answers import attempt, body_of, common_failure
from notification_service.domain.sending import Accepted, Outgoing, Refused, SendResult, Unavailable, Unregistered

_UNSUBSCRIBED = 21610
"""Twilio's code for a recipient who answered STOP."""
_LOOK_BACK_COUNT = 20
_CLOCKS_APART = timedelta(seconds=5)
"""The provider's clock and ours; its times have whole seconds."""


class TwilioResource:
    """One resource of an account: its messages, or its calls."""

    def __init__(self, client: httpx.AsyncClient, account: str, name: str, channel: str) -> None:
        """Take a client whose base URL and credentials are the provider's.

        `name` is the resource's (`Messages`, `Calls`), `channel` what its failures are called by (`sms`, `voice`).
        """
        self._client = client
        self._path = f"/2010-04-01/Accounts/{account}/{name}.json"
        self._listed = name.lower()
        self._channel = channel

    async def create(
        self, message: Outgoing, to: str, form: Mapping[str, str], is_ours: Callable[[Mapping[str, Any]], bool]
    ) -> SendResult:
        """Hand one over, unless an earlier attempt has; `is_ours` tells of a listed one whether it may be that."""
        if message.attempt > 1 and message.owed_at is not None:
            known = await self._taken_before(to, message.owed_at, is_ours)
            if known is not None:
                return known
        answer = await attempt(self._channel, lambda: self._client.post(self._path, data={**form, "To": to}))
        return self._read(answer) if isinstance(answer, httpx.Response) else answer

    async def _taken_before(
        self, to: str, owed_at: datetime, is_ours: Callable[[Mapping[str, Any]], bool]
    ) -> SendResult | None:
        """Look for what an earlier attempt sent; None where it is to be sent, a failure where nobody tells."""
        query = {"To": to, "PageSize": str(_LOOK_BACK_COUNT)}
        answer = await attempt(self._channel, lambda: self._client.get(self._path, params=query))
        if not isinstance(answer, httpx.Response):
            return answer
        if failure := common_failure(self._channel, answer):
            return failure
        # Who may not read the list is refused here: then it is sent, as without the list.
        sent = body_of(answer).get(self._listed) if answer.is_success else None
        for each in sent if isinstance(sent, list) else ():
            if isinstance(each, dict) and is_ours(each) and _is_since(each, owed_at):
                return Accepted(str(each.get("sid", "")))
        return None

    def _read(self, answer: httpx.Response) -> SendResult:
        channel = self._channel
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


def _is_since(sent: dict[str, Any], owed_at: datetime) -> bool:
    """Tell whether a listed one was made after ours was owed: the same may have been right before, too."""
    try:
        made_at = parsedate_to_datetime(str(sent.get("date_created", "")))
    except ValueError:
        return False
    return made_at.tzinfo is not None and made_at >= owed_at - _CLOCKS_APART
