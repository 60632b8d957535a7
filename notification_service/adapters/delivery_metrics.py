"""How deliveries end, and how long after what they tell, measured where their ends are written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import Counter, Histogram

from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import Attempt, DeliveryState

DELIVERIES = Counter(
    "notification_deliveries_total",
    "Attempts at deliveries: pending ones are tried again, the others have ended",
    ["channel", "outcome"],
)
DELIVERY_SECONDS = Histogram(
    "notification_delivery_seconds",
    "From what a message tells to its being taken by a provider",
    ["channel", "priority"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
_ENDS = {
    (channel, state): DELIVERIES.labels(channel.value, state.value) for channel in Channel for state in DeliveryState
}
_SECONDS = {
    (channel, priority): DELIVERY_SECONDS.labels(channel.value, priority.name.lower())
    for channel in Channel
    for priority in Priority
}


def observe(attempts: Sequence[Attempt], now: datetime) -> None:
    """Measure attempts that were written down."""
    for attempt in attempts:
        message, state = attempt.due.message, attempt.outcome.state
        _ENDS[message.channel, state].inc()
        if state is DeliveryState.SENT and message.origin.happened_at is not None:
            seconds = max(0.0, (now - message.origin.happened_at).total_seconds())
            _SECONDS[message.channel, message.priority].observe(seconds)
