"""Give messages for live streams to the lanes of this process as they are owed, past the queue.

What an app waits for would else lie in the queue until a worker asks for it. A row that is handed over is claimed by
the statement that stores it: whatever becomes of this process, another worker finds it when the lease is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from notification_service.domain.channels import Channel
from notification_service.domain.delivery import DeliveryState, DueDelivery
from notification_service.use_cases.deliver_due import DeliverDue
from notification_service.use_cases.ports import OwedMessage


class HandOver:
    """The lanes of the live streams, as far as they have room."""

    def __init__(self, lanes: Sequence[DeliverDue]) -> None:
        self._lanes = {
            each.lane.priority: each
            for each in lanes
            if each.lane.channel is Channel.STREAM and each.lane.per_second is None
        }

    def claims(self, messages: Sequence[OwedMessage], now: datetime) -> list[OwedMessage]:
        """Mark the deliveries that may be handed over: of one ride and reader the first, as many as there is room for.

        Whether nothing else of the ride is on its way is judged by the statement that stores them.
        """
        room = {priority: lane.room() for priority, lane in self._lanes.items()}
        seen: set[tuple[UUID | None, UUID | None]] = set()
        marked: list[OwedMessage] = []
        for owed in messages:
            message = owed.message
            lane, key = self._lanes.get(message.priority), (message.ride_id, message.account_id)
            waits = message.ride_version > 0 and key in seen
            if lane is None or waits or room[message.priority] <= 0:
                marked.append(owed)
                continue
            seen.add(key)
            claimed_until = now + lane.lane.lease
            planned = [
                replace(each, claimed_until=claimed_until)
                if each.channel is Channel.STREAM and each.state is DeliveryState.PENDING
                else each
                for each in owed.planned
            ]
            room[message.priority] -= planned != list(owed.planned)
            marked.append(replace(owed, planned=planned))
        return marked

    def give(self, deliveries: Sequence[DueDelivery]) -> None:
        """Hand claimed deliveries over, once their transaction is committed."""
        for delivery in deliveries:
            self._lanes[delivery.message.priority].take(delivery)
