"""Send what is due in one lane: claim, drop what is moot, hand over, write down what became of it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from notification_service.domain.channels import Channel
from notification_service.domain.delivery import (
    Attempt,
    DeliveryState,
    DueDelivery,
    Outcome,
    after_sending,
    instead_of_sending,
    put_off,
)
from notification_service.domain.lanes import Budget, Lane
from notification_service.domain.sending import Accepted, Target, Unknown
from notification_service.use_cases.outside_ports import Addresses
from notification_service.use_cases.ports import Deliveries
from notification_service.use_cases.send_by_providers import SendByProviders
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)
_END_SECONDS = 2.0
_BY_ACCOUNT = frozenset({Channel.SMS, Channel.VOICE, Channel.EMAIL})


class DeliverDue:
    """The worker of a lane; each lane has its own, so that a slow provider or a long queue delays nobody else's.

    At least once: a worker that dies after sending sends again after the lease. What was sent is written down as soon
    as it is known, in whatever groups come together while the last ones are being written.
    """

    def __init__(
        self,
        lane: Lane,
        deliveries: Deliveries,
        send: SendByProviders,
        addresses: Addresses,
        clock: Clock,
        jitter: random.Random,
    ) -> None:
        self.lane = lane
        self._deliveries = deliveries
        self._send = send
        self._addresses = addresses
        self._clock = clock
        self._jitter = jitter
        self._budget = Budget(lane.per_second)
        self._under_way: set[asyncio.Task[Attempt]] = set()
        self._over: list[asyncio.Task[Attempt]] = []
        self._stirred = asyncio.Event()
        """Something came to its end, or may be due."""

    async def __call__(self) -> int:
        """Send what may be claimed now and see it through; return how many that were."""
        claimed, _ = await self._claim()
        while self._under_way or self._over:
            await self._stirred.wait()
            self._stirred.clear()
            await self._record()
        return claimed

    async def run(self, wait: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Send for ever; `wait` returns when something may be due."""
        waiting = self._wait(wait)
        may_be_more = True
        self._stirred.set()
        try:
            while True:
                if may_be_more:
                    _, may_be_more = await self._claim()
                await self._stirred.wait()
                self._stirred.clear()
                if waiting.done():
                    waiting = self._wait(wait)
                    may_be_more = True
                # What followed the sent ones in their ride's order may go now, and there is room for more.
                may_be_more |= await self._record()
        finally:
            waiting.cancel()
            await self._end()

    def room(self) -> int:
        """Return how many claimed deliveries may be handed over; none while the providers are left alone."""
        free_at = self._send.free_at()
        if free_at is not None and free_at > self._clock.now():
            return 0
        return self.lane.concurrency - len(self._under_way) - len(self._over)

    def take(self, delivery: DueDelivery) -> None:
        """Send a delivery that was claimed by who owed it."""
        task = asyncio.create_task(self._attempt(delivery))
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _wait(self, wait: Callable[[], Coroutine[Any, Any, object]]) -> asyncio.Task[object]:
        waiting = asyncio.create_task(wait())
        waiting.add_done_callback(lambda _: self._stirred.set())
        return waiting

    def _ended(self, task: asyncio.Task[Attempt]) -> None:
        self._under_way.discard(task)
        self._over.append(task)
        self._stirred.set()

    async def _claim(self) -> tuple[int, bool]:
        """Begin what is due; return how many, and whether more may be due."""
        room = self._budget.take(self.room(), self._clock.now())
        if room <= 0:
            return 0, False
        due = await self._deliveries.claim(self.lane, self._clock.now(), self.lane.lease, room)
        self._budget.give_back(room - len(due))
        for delivery in due:
            self.take(delivery)
        return len(due), len(due) == room

    async def _record(self) -> bool:
        """Write down what came to its end; tell whether more may be due because of it."""
        if not self._over:
            return False
        was_full = self.room() <= 0
        over, self._over = self._over, []
        try:
            followed = await self._write(_results(over))
        except BaseException:
            # Kept until it can be written: what went is not to be sent again.
            self._over[:0] = over
            raise
        return followed or was_full

    async def _write(self, attempts: Sequence[Attempt]) -> bool:
        """Write attempts down together. Where they cannot be, and not for an outage, each goes by itself: what is wrong
        with one holds no other up, and that one is found again when its lease is over."""
        try:
            return await self._deliveries.record(attempts, self._clock.now())
        except DomainError:
            raise
        except Exception as error:
            if len(attempts) <= 1:
                _log.error("an attempt could not be written down", exc_info=error)
                return False
        return any([await self._write([attempt]) for attempt in attempts])

    async def _end(self) -> None:
        """Let what is on its way come to its end and write it down, so that a restart sends nothing twice."""
        if self._under_way:
            _, late = await asyncio.wait(set(self._under_way), timeout=_END_SECONDS)
            for task in late:
                task.cancel()
        await self._record()

    async def _attempt(self, delivery: DueDelivery) -> Attempt:
        instead = instead_of_sending(delivery, self._clock.now())
        if instead is not None:
            return Attempt(delivery, instead, delivery.last_provider)
        try:
            target = await self._target(delivery)
        except DomainError as failure:
            unknown = Unknown(failure.reason)
            return Attempt(delivery, after_sending(delivery, unknown, self._clock.now(), self._jitter))
        if target is None:
            return Attempt(delivery, Outcome(DeliveryState.DROPPED, error="no_address"))
        answer = await self._send(delivery.message, target, self.lane.patience_seconds, delivery.last_provider)
        if answer.result is None:
            until = answer.free_at or self._clock.now()
            return Attempt(delivery, put_off(delivery, until, self._jitter), delivery.last_provider)
        outcome = after_sending(delivery, answer.result, self._clock.now(), self._jitter)
        accepted = isinstance(answer.result, Accepted)
        if not accepted:
            _log.warning(
                "a delivery failed",
                extra={
                    "delivery_id": str(delivery.delivery_id),
                    "channel": self.lane.channel.value,
                    "provider": answer.provider,
                    "reason": outcome.error,
                    "attempts": delivery.attempts,
                    "state": outcome.state.value,
                },
            )
        # Of our own stream's thousands a second the row itself tells enough.
        quiet = accepted and self.lane.channel is Channel.STREAM
        return Attempt(
            delivery,
            outcome,
            answer.provider,
            answer.result.provider_message_id if isinstance(answer.result, Accepted) else "",
            () if quiet else answer.events,
        )

    async def _target(self, delivery: DueDelivery) -> Target | None:
        """Return where it goes; None where the person has no such address. Numbers are asked for, not kept here."""
        by_account = self.lane.channel in _BY_ACCOUNT and delivery.account_id is not None
        if not by_account or delivery.target.address != str(delivery.account_id):
            return delivery.target
        address = await self._addresses.address(delivery.account_id, self.lane.channel)  # pyright: ignore[reportArgumentType] (judged above)
        return None if address is None else Target(address)


def _results(over: Sequence[asyncio.Task[Attempt]]) -> list[Attempt]:
    """Return what attempts came to; one that broke is found again when its lease is over."""
    results: list[Attempt] = []
    for task in over:
        if task.cancelled():
            continue
        if error := task.exception():
            _log.error("an attempt broke", exc_info=error)
        else:
            results.append(task.result())
    return results
