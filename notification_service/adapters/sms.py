"""SMS over an HTTP interface in Twilio's style (Messages resource of its REST API, 2010-04-01)."""

from __future__ import annotations

import httpx

from notification_service.domain.delivery import DeliveryFailed, DueDelivery

_TOO_MANY = 429
_SERVER_ERRORS = 500
_LONGEST_RETRY_AFTER_SECONDS = 300.0


class SmsSender:
    """Hands an SMS to the provider.

    A request whose answer does not come may have been sent: it is tried again, so a code may arrive twice, never not at
    all.
    """

    def __init__(self, client: httpx.AsyncClient, account: str, sender: str) -> None:
        """Take a client whose base URL and credentials are the provider's, and the number or name to send from."""
        self._client = client
        self._path = f"/2010-04-01/Accounts/{account}/Messages.json"
        self._sender = sender

    async def send(self, delivery: DueDelivery) -> None:
        """Send one SMS; DeliveryFailed `sms_unavailable`, `sms_throttled`, or for good `sms_refused`."""
        form = {"To": delivery.target, "From": self._sender, "Body": delivery.body}
        try:
            answer = await self._client.post(self._path, data=form)
        except httpx.HTTPError as error:
            raise DeliveryFailed("sms_unavailable") from error
        if answer.status_code == _TOO_MANY:
            raise DeliveryFailed("sms_throttled", retry_after_seconds=_retry_after_seconds(answer))
        if answer.status_code >= _SERVER_ERRORS:
            raise DeliveryFailed("sms_unavailable", retry_after_seconds=_retry_after_seconds(answer))
        if not answer.is_success:
            raise DeliveryFailed(f"sms_refused_{answer.status_code}", permanent=True)


def _retry_after_seconds(answer: httpx.Response) -> float | None:
    value = answer.headers.get("retry-after", "")
    return min(float(value), _LONGEST_RETRY_AFTER_SECONDS) if value.isdecimal() else None
