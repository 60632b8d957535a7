"""When the worker of webhooks looks, as soon as something is stirred here, and each second behind that; the worker that
keeps secrets sealed with the key of today, and the one that measures what waits."""

from __future__ import annotations

import asyncio
import logging

from prometheus_client import Gauge

from chassis.runtime import Wakeup
from notification_service.use_cases.webhook_ports import WebhookStore
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError

LOOK_SECONDS = 1.0
SEAL_SECONDS = 300.0
_log = logging.getLogger(__name__)
OLDEST_DUE_SECONDS = Gauge(
    "notification_webhook_oldest_due_seconds", "How long the webhook that waits the longest has been due"
)


class WebhookAlarm:
    """Knows whether anybody wants webhooks at all, as of the last look: most installations never post one."""

    def __init__(self, store: WebhookStore) -> None:
        self._store = store
        self._wakeup = Wakeup()
        self._wanted = True
        """Until it is known."""

    def wanted(self) -> bool:
        """Tell whether there is an endpoint that is posted to."""
        return self._wanted

    def stir(self) -> None:
        """Look at once."""
        self._wanted = True
        self._wakeup.wake()

    async def wait(self) -> None:
        """Wait until it is time to look for something to post, for as long as nobody wants anything."""
        while True:
            await self._wakeup.wait(LOOK_SECONDS)
            self._wanted = any(not endpoint.disabled_because for endpoint in await self._store.endpoints())
            if self._wanted:
                return


async def keep_sealed(store: WebhookStore) -> None:
    """Seal for ever what a version before left in plain, or a key before sealed."""
    while True:
        try:
            if done := await store.seal_again():
                _log.info("secrets of endpoints were sealed with the key of today", extra={"count": done})
        except DomainError as error:
            _log.warning("secrets of endpoints could not be sealed yet", extra={"reason": error.reason})
        await asyncio.sleep(SEAL_SECONDS)


async def watch_webhooks_forever(store: WebhookStore, clock: Clock, period_seconds: float = 10.0) -> None:
    """Measure how far the posting lags behind what is owed."""
    while True:
        try:
            now = clock.now()
            oldest = await store.oldest_due_at(now)
        except DomainError:
            _log.debug("how long webhooks wait is not known", exc_info=True)
        else:
            OLDEST_DUE_SECONDS.set(0.0 if oldest is None else (now - oldest).total_seconds())
        await asyncio.sleep(period_seconds)
