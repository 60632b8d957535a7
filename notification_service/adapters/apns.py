"""Push to iOS by the Apple Push Notification service: HTTP/2, token authentication.

https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx

from notification_service.adapters.http_answers import attempt, body_of, common_failure
from notification_service.adapters.provider_tokens import AppleTokens
from notification_service.adapters.push_data import push_data
from notification_service.domain.channels import Priority
from notification_service.domain.sending import (
    Accepted,
    Outgoing,
    Refused,
    SendResult,
    Target,
    Throttled,
    Unavailable,
    Unregistered,
)

_LONGEST_COLLAPSE_BYTES = 64
# Reasons that say that the device's token is dead, whatever the status.
_DEAD = frozenset({"Unregistered", "ExpiredToken", "BadDeviceToken"})
# Those that say that we are not known, or not allowed: another provider may take the message.
_OURS = frozenset({"ExpiredProviderToken", "InvalidProviderToken", "MissingProviderToken", "TopicDisallowed"})


class ApnsSender:
    """Hands a push to APNs, under the notification's own id, by which Apple tells what became of it."""

    def __init__(self, client: httpx.AsyncClient, tokens: AppleTokens, topic: str, *, provider: str = "apns") -> None:
        """Take an HTTP/2 client whose base URL is APNs', who makes its tokens, and the app's bundle id."""
        self._client = client
        self._tokens = tokens
        self._topic = topic
        self._provider = provider

    @property
    def provider(self) -> str:
        """Its name in the settings."""
        return self._provider

    def takes(self, target: Target) -> bool:
        """Apple's devices."""
        return target.platform == "ios"

    async def send(self, message: Outgoing, target: Target) -> SendResult:
        """Send one push. Reasons: `apns_throttled`, `_unavailable`, `_unanswered`, `_unregistered…`, `_refused_…`."""
        urgent = message.priority is not Priority.MARKETING
        headers = {
            "authorization": f"bearer {self._tokens.get()}",
            "apns-id": str(message.notification_id),
            "apns-topic": self._topic,
            "apns-push-type": "alert",
            "apns-priority": "10" if urgent else "5",
            "apns-expiration": str(int(message.expires_at.timestamp())),
            # What a device shows is replaced by the next with its id: later news, or the same that came twice.
            "apns-collapse-id": (message.collapse_key or str(message.notification_id))[:_LONGEST_COLLAPSE_BYTES],
        }
        # A device's token stands in the path: what is none must not become another path.
        if not (target.address.isascii() and target.address.isalnum()):
            return Unregistered("apns_unregistered_bad_token")
        content = json.dumps(_payload(message, urgent=urgent), ensure_ascii=False, separators=(",", ":")).encode()
        path = f"/3/device/{target.address}"
        answer = await attempt("apns", lambda: self._client.post(path, content=content, headers=headers))
        return _read(answer) if isinstance(answer, httpx.Response) else answer


def _payload(message: Outgoing, *, urgent: bool) -> dict[str, Any]:
    alert = {"title": message.content.title, "body": message.content.body}
    aps: dict[str, Any] = {"alert": alert, "sound": "default"}
    if urgent:
        aps["interruption-level"] = "time-sensitive"
    if message.collapse_key:
        aps["thread-id"] = message.collapse_key
    return {"aps": aps, **push_data(message)}


def _read(answer: httpx.Response) -> SendResult:
    if failure := common_failure("apns", answer):
        # Of one device's token; the other reason with this status is told of ours (Apple, "Handling error responses").
        of_device = body_of(answer).get("reason") == "TooManyRequests"
        return replace(failure, of_target=of_device) if isinstance(failure, Throttled) else failure
    if answer.is_success:
        return Accepted(answer.headers.get("apns-id", ""))
    reason = str(body_of(answer).get("reason", ""))
    if reason in _DEAD or answer.status_code == 410:
        return Unregistered(f"apns_unregistered_{reason.lower()}")
    if reason in _OURS:
        return Unavailable(f"apns_credentials_refused_{reason.lower()}")
    return Refused(f"apns_refused_{reason.lower() or answer.status_code}")
