"""The delivery worker put together: a lane for each channel and priority, a breaker for each provider."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence

from prometheus_client import Gauge

from chassis.runtime import Workers
from chassis.telemetry import follow_out
from notification_service.domain.channels import Channel
from notification_service.domain.lanes import Lane, all_lanes
from notification_service.domain.provider_health import LONGEST_PAUSE_SECONDS, Breaker, BreakerState, ProviderHealth
from notification_service.entrypoints.delivery_worker import Alarms
from notification_service.use_cases.deliver_due import DeliverDue
from notification_service.use_cases.outside_ports import Addresses, Sender
from notification_service.use_cases.ports import Deliveries
from notification_service.use_cases.send_by_providers import SendByProviders
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError

_log = logging.getLogger(__name__)
PROVIDER_OPEN = Gauge("notification_provider_open", "1 while a provider is left alone", ["provider"])
_OWN_REDIS_PAUSE_SECONDS = 2.0
"""Our own Redis comes back within seconds, and there is no other."""


def make_workers(
    senders: Mapping[Channel, Sequence[Sender]],
    deliveries: Deliveries,
    addresses: Addresses,
    clock: Clock,
    jitter: random.Random,
) -> list[DeliverDue]:
    """Make the worker of each lane; the lanes of a channel share its providers and what is known of their health."""
    notes = HealthNotes(deliveries)
    for sender in (sender for ways_out in senders.values() for sender in ways_out):
        PROVIDER_OPEN.labels(sender.provider).set(0)

    def way(channel: Channel) -> SendByProviders:
        longest = _OWN_REDIS_PAUSE_SECONDS if channel is Channel.STREAM else LONGEST_PAUSE_SECONDS
        return SendByProviders(
            senders.get(channel, ()),
            lambda provider: Breaker(provider, jitter, longest),
            clock,
            notes.note,
            follow_out,
        )

    ways = {channel: way(channel) for channel in Channel}
    return [DeliverDue(lane, deliveries, ways[lane.channel], addresses, clock, jitter) for lane in all_lanes()]


def add_workers(workers: Workers, delivering: Sequence[DeliverDue], alarms: Alarms) -> None:
    """Register the lanes' workers and the look for what has come due."""
    for deliver_due in delivering:
        workers.add(f"deliveries {deliver_due.lane.name}", _runner(deliver_due, alarms))
    workers.add("due lanes", alarms.watch)


def lanes_of(delivering: Sequence[DeliverDue]) -> list[Lane]:
    """Return their lanes."""
    return [deliver_due.lane for deliver_due in delivering]


def _runner(deliver_due: DeliverDue, alarms: Alarms) -> Callable[[], Awaitable[object]]:
    return lambda: deliver_due.run(lambda: alarms.wait(deliver_due.lane))


class HealthNotes:
    """Writes down the changes of providers' health, beside the deliveries: they never wait for it."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, health: ProviderHealth) -> None:
        """Keep a change for operators: in the log, the metrics and the store."""
        _log.warning(
            "a provider is left alone" if health.state is BreakerState.OPEN else "a provider is used again",
            extra={"provider": health.provider, "failures": health.failures, "reason": health.error},
        )
        PROVIDER_OPEN.labels(health.provider).set(int(health.state is BreakerState.OPEN))
        task = asyncio.create_task(self._write(health))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write(self, health: ProviderHealth) -> None:
        try:
            await self._deliveries.note_health(health)
        except DomainError as failure:
            _log.info("a provider's health was not kept", extra={"reason": failure.reason})
