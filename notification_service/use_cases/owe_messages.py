"""Take in a fact: store what is owed because of it, once, in one transaction."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from notification_service.domain.facts import Fact
from notification_service.domain.messages import Message, messages_for
from notification_service.domain.sending import Content
from notification_service.use_cases.ports import OwedMessage, Store, Templates
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource, to_public_id


class OweMessages:
    """Turns a fact into messages with words and stores them with their deliveries."""

    def __init__(self, store: Store, templates: Templates, clock: Clock, new_id: IdSource) -> None:
        self._store = store
        self._templates = templates
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, event_id: UUID, fact: Fact) -> int:
        """Store what is owed for an event; return how many messages, zero if the event was taken in before."""
        messages = messages_for(fact)
        now = self._clock.now()
        async with self._store.transaction() as transaction:
            if not await transaction.first_time(event_id):
                return 0
            locales = await transaction.locales([message.account_id for message in messages if message.template])
            owed = [self._write(event_id, message, locales.get(message.account_id, "en"), now) for message in messages]
            await transaction.owe(owed)
        return len(owed)

    def _write(self, event_id: UUID, message: Message, locale: str, now: datetime) -> OwedMessage:
        text = Content()
        if message.template:
            text = self._templates.render(message.template, locale, message.context)
        notification_id = self._new_id()
        live_type, live_data = message.live_type, dict(message.live_data)
        if message.template:
            notice = {
                "id": to_public_id("ntf", notification_id),
                "topic": message.topic.value,
                "title": text.title,
                "body": text.body,
                "ride_id": to_public_id("ride", message.ride_id) if message.ride_id else None,
                "created_at": now.isoformat().replace("+00:00", "Z"),
            }
            # A change that is also told in words is one live event: an app shows the state and the words together.
            if live_type:
                live_data["notification"] = notice
            else:
                live_type, live_data = "notification", notice
        expires_at = now + message.life
        return OwedMessage(
            notification_id=notification_id,
            dedupe_key=f"{event_id}:{message.account_id}",
            message=message,
            inbox=text,
            contents={},
            locale=locale,
            live_type=live_type,
            live_data=json.dumps(live_data, ensure_ascii=False, separators=(",", ":")),
            created_at=now,
            expires_at=min(expires_at, message.expires_at or expires_at),
        )
