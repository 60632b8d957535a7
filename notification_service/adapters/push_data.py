"""What a push carries beside its words, for the app: which notification it is and what it is about."""

from __future__ import annotations

from notification_service.domain.sending import Outgoing
from shared_kernel.ids import to_public_id

_MOST_LIVE_BYTES = 2_500
"""Both FCM and APNs take 4 kB in all; a longer live event is read by REST."""


def push_data(message: Outgoing) -> dict[str, str]:
    """Return the data: the notification's public id (to show it once and to acknowledge it), topic and live event."""
    data = {"notification_id": to_public_id("ntf", message.notification_id), "topic": message.topic}
    if message.live_type and len(message.live_data.encode()) <= _MOST_LIVE_BYTES:
        data |= {"type": message.live_type, "data": message.live_data}
    return data
