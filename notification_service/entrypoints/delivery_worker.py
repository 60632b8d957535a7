"""The worker of a channel: woken when something is owed, with a slow poll behind it."""

from __future__ import annotations

from chassis.runtime import Wakeup
from notification_service.use_cases.deliver_due import DeliverDue

POLL_SECONDS = 1.0


async def deliver_forever(deliver_due: DeliverDue, wakeup: Wakeup) -> None:
    """Send batch after batch while something is due, then wait to be woken or for the poll."""
    while True:
        while await deliver_due():
            continue
        await wakeup.wait(POLL_SECONDS)
