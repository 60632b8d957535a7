"""What is owed to bare numbers, of people who need no account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from notification_service.domain.channels import Channel
from notification_service.domain.delivery import DeliveryState
from notification_service.domain.messages import Message
from notification_service.domain.planning import Planned
from notification_service.use_cases.outside_ports import Rendered
from notification_service.use_cases.ports import OwedMessage
from shared_kernel.origins import NOWHERE, Origin


def owed_to_numbers(
    notification_id: UUID,
    dedupe_key: str,
    message: Message,
    rendered: Rendered,
    phone_numbers: Sequence[str],
    owner: UUID,
    now: datetime,
    origin: Origin = NOWHERE,
) -> OwedMessage:
    """Return a message with an SMS to each number; it stands in the timeline of its owner, who has it sent.

    One that is past its time is for the lane to drop, which leaves nothing of the numbers.
    """
    return OwedMessage(
        notification_id=notification_id,
        dedupe_key=dedupe_key,
        message=message,
        contents=rendered.contents,
        locale=rendered.language,
        template_version=rendered.template_version,
        live_type="",
        live_data="",
        created_at=now,
        expires_at=message.ends_at(origin.happened_at, now),
        planned=[Planned(Channel.SMS, number, DeliveryState.PENDING, now) for number in phone_numbers],
        owner=owner,
        origin=origin,
    )
