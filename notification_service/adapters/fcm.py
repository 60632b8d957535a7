"""Push to Android and web by Firebase Cloud Messaging's HTTP v1 interface.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages; errors are those of its ErrorCode table.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from notification_service.adapters.http_answers import attempt, body_of, common_failure
from notification_service.adapters.provider_tokens import GoogleTokens
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
from shared_kernel.clock import Clock

_LONGEST_TTL = timedelta(days=28)
"""FCM keeps a message no longer."""


class FcmSender:
    """Hands a push to FCM. It knows no key of ours: one that is sent again replaces the first on the device."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        tokens: GoogleTokens,
        project: str,
        clock: Clock,
        *,
        provider: str = "fcm",
        platforms: frozenset[str] = frozenset({"android", "web"}),
    ) -> None:
        """Take a client whose base URL is FCM's, who makes its access tokens, and the Firebase project."""
        self._client = client
        self._tokens = tokens
        self._path = f"/v1/projects/{project}/messages:send"
        self._clock = clock
        self._provider = provider
        self._platforms = platforms

    @property
    def provider(self) -> str:
        """Its name in the settings."""
        return self._provider

    def takes(self, target: Target) -> bool:
        """Devices of its platforms."""
        return target.platform in self._platforms

    async def send(self, message: Outgoing, target: Target) -> SendResult:
        """Send one push. Reasons: `fcm_throttled`, `_unavailable`, `_unanswered`, `_unregistered`, `_refused_…`."""
        token = await self._tokens.get()
        if not isinstance(token, str):
            return token
        body = {"message": self._message(message, target)}
        headers = {"Authorization": f"Bearer {token}"}
        answer = await attempt("fcm", lambda: self._client.post(self._path, json=body, headers=headers))
        return self._read(answer) if isinstance(answer, httpx.Response) else answer

    def _message(self, message: Outgoing, target: Target) -> dict[str, Any]:
        life = max(timedelta(), min(message.expires_at - self._clock.now(), _LONGEST_TTL))
        android: dict[str, Any] = {
            "ttl": f"{int(life.total_seconds())}s",
            "priority": "NORMAL" if message.priority is Priority.MARKETING else "HIGH",
        }
        # What a device shows under a tag is replaced by the next of it: later news, or the same that came twice.
        tag = message.collapse_key or str(message.notification_id)
        android["notification"] = {"tag": tag}
        if message.collapse_key:
            # A device that is off gets the newest.
            android["collapse_key"] = message.collapse_key
        return {
            "token": target.address,
            "notification": {"title": message.content.title, "body": message.content.body},
            "data": push_data(message),
            "android": android,
            "webpush": {"headers": {"TTL": str(int(life.total_seconds()))}, "notification": {"tag": tag}},
        }

    def _read(self, answer: httpx.Response) -> SendResult:
        if failure := common_failure("fcm", answer):
            return failure
        body = body_of(answer)
        if answer.is_success:
            return Accepted(str(body.get("name", "")))
        code = _error_code(body)
        match answer.status_code, code:
            case _, "UNREGISTERED":
                return Unregistered("fcm_unregistered")
            case _, "QUOTA_EXCEEDED":
                return Throttled("fcm_throttled")
            case ((401 | 403), _):
                # A token of another sender (403) is the setting's fault too: this project does not reach that device.
                self._tokens.forget()
                return Unavailable(f"fcm_credentials_refused_{answer.status_code}")
            case _:
                return Refused(f"fcm_refused_{code.lower() or answer.status_code}")


def _error_code(body: dict[str, Any]) -> str:
    error = body.get("error")
    if not isinstance(error, dict):
        return ""
    details: Any = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and "errorCode" in detail:
            return str(detail["errorCode"])
    return str(error.get("status", ""))
