"""Send what is due on one channel: claim, drop what has outlived itself, hand over, write down what became of it."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import timedelta

from notification_service.domain.channels import Channel
from notification_service.domain.delivery import DeliveryState, DueDelivery, Outcome, after_sending
from notification_service.domain.sending import Accepted
from notification_service.use_cases.ports import Sender, Store
from shared_kernel.clock import Clock

_log = logging.getLogger(__name__)
BATCH = 200
LEASE = timedelta(seconds=30)
"""Longer than any sender's time-out: a claim that runs out belongs to a worker that died."""


class DeliverDue:
    """One round of a channel's worker; each channel has its own, so that a slow provider delays nobody else's.

    At least once: a worker that dies after sending sends again after the lease.
    """

    def __init__(
        self,
        store: Store,
        channel: Channel,
        sender: Sender,
        clock: Clock,
        jitter: random.Random,
    ) -> None:
        self._store = store
        self._channel = channel
        self._sender = sender
        self._clock = clock
        self._jitter = jitter

    async def __call__(self) -> int:
        """Send one batch; return how many deliveries were claimed."""
        due = await self._store.claim_due(self._channel, self._clock.now(), LEASE, BATCH)
        if due:
            outcomes = await asyncio.gather(*(self._attempt(delivery) for delivery in due))
            await self._store.record(list(zip(due, outcomes, strict=True)), self._clock.now())
        return len(due)

    async def _attempt(self, delivery: DueDelivery) -> Outcome:
        if self._clock.now() >= delivery.message.expires_at:
            return Outcome(DeliveryState.DROPPED, error="expired")
        result = await self._sender.send(delivery.message, delivery.target)
        outcome = after_sending(delivery, result, self._clock.now(), self._jitter)
        if not isinstance(result, Accepted):
            _log.warning(
                "a delivery failed",
                extra={
                    "delivery_id": str(delivery.delivery_id),
                    "channel": self._channel.value,
                    "provider": self._sender.provider,
                    "reason": result.reason,
                    "attempts": delivery.attempts,
                    "state": outcome.state.value,
                },
            )
        return outcome
