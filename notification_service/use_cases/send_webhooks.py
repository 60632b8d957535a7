"""Post what is owed to endpoints, signed by the scheme of Standard Webhooks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any
from uuid import UUID

from notification_service.domain.webhooks import LEASE, DueWebhook, after_posting
from notification_service.use_cases.webhook_ports import Poster, WebhookStore
from shared_kernel.clock import Clock
from shared_kernel.ids import to_public_id
from shared_kernel.origins import Follow, follow_nothing

_log = logging.getLogger(__name__)


class SendWebhooks:
    """The worker. At least once: `webhook-id` tells receivers what they have."""

    def __init__(
        self,
        store: WebhookStore,
        poster: Poster,
        clock: Clock,
        jitter: random.Random,
        follow: Follow = follow_nothing,
    ) -> None:
        self._store = store
        self._poster = poster
        self._clock = clock
        self._jitter = jitter
        self._follow = follow
        self._busy: Counter[UUID] = Counter()
        self._under_way: set[asyncio.Task[None]] = set()
        self._stirred = asyncio.Event()
        """An endpoint has room for one more, or it is time to look."""

    async def __call__(self) -> int:
        """Post what may be claimed now and see it through; return how many that were."""
        claimed = await self._begin()
        if self._under_way:
            await asyncio.gather(*self._under_way)
        return claimed

    async def run(self, wait: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Post for ever; `wait` returns when it is time to look."""
        waiting = self._wait(wait)
        self._stirred.set()
        try:
            while True:
                await self._stirred.wait()
                self._stirred.clear()
                if waiting.done():
                    await waiting
                    waiting = self._wait(wait)
                await self._begin()
        finally:
            for task in (waiting, *self._under_way):
                task.cancel()

    def _wait(self, wait: Callable[[], Coroutine[Any, Any, object]]) -> asyncio.Task[object]:
        waiting = asyncio.create_task(wait())
        waiting.add_done_callback(lambda _: self._stirred.set())
        return waiting

    async def _begin(self) -> int:
        due = await self._store.claim(list(self._busy.items()), self._clock.now(), LEASE)
        for webhook in due:
            self._busy[webhook.endpoint.endpoint_id] += 1
            task = asyncio.create_task(self._post(webhook))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(due)

    async def _post(self, webhook: DueWebhook) -> None:
        try:
            now, body = self._clock.now(), webhook.payload.encode()
            headers = signed(to_public_id("whk", webhook.webhook_id), now, body, webhook.endpoint.secret)
            with self._follow(webhook.trace, "post webhook"):
                posted = await self._poster.post(webhook.endpoint.url, headers, body)
            outcome = after_posting(webhook, posted, self._clock.now(), self._jitter)
            if outcome.error:
                extra = {"webhook_id": str(webhook.webhook_id), "reason": outcome.error, "attempts": webhook.attempts}
                _log.warning("a webhook was not taken", extra=extra)
            await self._store.record(webhook, outcome, self._clock.now())
        except Exception:
            # It is found again when its lease is over.
            _log.exception("a webhook was not seen through", extra={"webhook_id": str(webhook.webhook_id)})
        finally:
            endpoint_id = webhook.endpoint.endpoint_id
            self._busy[endpoint_id] -= 1
            if not self._busy[endpoint_id]:
                del self._busy[endpoint_id]
            self._stirred.set()


def signed(message_id: str, at: datetime, body: bytes, secret: str) -> dict[str, str]:
    """Return the headers of a webhook (Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`, in base64)."""
    seconds = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"{message_id}.{seconds}.".encode() + body, hashlib.sha256)).decode()
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{signature}",
    }
