"""A way out of notification_service, in memory: it keeps what it was handed, and fails as it is told."""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from notification_service.domain.delivery import DeliveryFailed, DueDelivery


class Fault(StrEnum):
    """What goes wrong with one message."""

    UNAVAILABLE = "unavailable"
    """Nobody takes it."""
    THROTTLED = "throttled"
    """It is not taken now; the answer says when to come again."""
    HANGS = "hangs"
    """It is not taken, and no answer comes."""
    LOST_ANSWER = "lost_answer"
    """It is taken, and no answer comes."""
    REFUSED = "refused"
    """It will never be taken."""


class FakeSender:
    """A channel that takes all messages but those a fault strikes."""

    def __init__(self, channel: str, *, retry_after_seconds: float | None = None) -> None:
        """Fail with a channel's reasons (`<channel>_unavailable`); answers of failure say when to come again."""
        self._channel = channel
        self._retry_after_seconds = retry_after_seconds
        self._faults: deque[Fault] = deque()
        self.sent: list[DueDelivery] = []

    def fail(self, fault: Fault, times: int = 1) -> None:
        """Let the next messages go wrong, after those that are to go wrong already."""
        self._faults.extend([fault] * times)

    async def send(self, delivery: DueDelivery) -> None:
        fault = self._faults.popleft() if self._faults else None
        if fault in (None, Fault.LOST_ANSWER):
            self.sent.append(delivery)
        match fault:
            case None:
                return
            case Fault.UNAVAILABLE:
                raise DeliveryFailed(f"{self._channel}_unavailable", retry_after_seconds=self._retry_after_seconds)
            case Fault.THROTTLED:
                raise DeliveryFailed(f"{self._channel}_throttled", retry_after_seconds=self._retry_after_seconds)
            case Fault.HANGS | Fault.LOST_ANSWER:
                raise DeliveryFailed(f"{self._channel}_unavailable")
            case Fault.REFUSED:
                raise DeliveryFailed(f"{self._channel}_refused_400", permanent=True)
