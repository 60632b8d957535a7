"""Take in a fact: store what is owed because of it, once, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from notification_service.domain.channels import Channel, Priority
from notification_service.domain.facts import Fact
from notification_service.domain.messages import Message, messages_for
from notification_service.domain.planning import Reader, plan
from notification_service.domain.preferences import local_day_zone
from notification_service.use_cases.ports import OwedMessage, Rendered, Store, Templates, Transaction
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource, to_public_id

_STRANGER = Reader()


class OweMessages:
    """Turns a fact into messages with words and stores them with their deliveries."""

    def __init__(self, store: Store, templates: Templates, clock: Clock, new_id: IdSource) -> None:
        self._store = store
        self._templates = templates
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, event_id: UUID, fact: Fact) -> int:
        """Store what is owed for an event; return how many messages, zero if the event was taken in before."""
        return len(await self.all_of([(event_id, fact)]))

    async def all_of(self, events: Sequence[tuple[UUID, Fact]]) -> Sequence[OwedMessage]:
        """Store what is owed for several events, in one transaction; those taken in before owe nothing more."""
        now = self._clock.now()
        async with self._store.transaction() as transaction:
            new = await transaction.first_times([event_id for event_id, _ in events])
            # What goes to bare numbers is owed by the use case that knows them.
            messages = [
                (event_id, message, message.account_id)
                for event_id, fact in events
                if event_id in new
                for message in messages_for(fact)
                if message.account_id is not None
            ]
            if not messages:
                return []
            readers = await transaction.readers(sorted({account_id for _, _, account_id in messages}))
            marketing = await self._marketing(transaction, messages, readers, now)
            owed: list[OwedMessage] = []
            for event_id, message, account_id in messages:
                reader = readers.get(account_id, _STRANGER)
                written = self._write(event_id, message, reader.locale, now)
                owed.append(_planned(written, account_id, reader, marketing))
            await transaction.owe(owed)
        return owed

    async def _marketing(
        self,
        transaction: Transaction,
        messages: Sequence[tuple[UUID, Message, UUID]],
        readers: Mapping[UUID, Reader],
        now: datetime,
    ) -> dict[UUID, date | None]:
        """Return the day that each reader's one marketing message counts for; None for who had theirs."""
        days = {
            account_id: now.astimezone(local_day_zone(readers.get(account_id, _STRANGER).quiet_hours)).date()
            for _, message, account_id in messages
            if message.priority is Priority.MARKETING
        }
        if not days:
            return {}
        had = await transaction.marketed(list(days.items()))
        return {account_id: None if (account_id, day) in had else day for account_id, day in days.items()}

    def _write(self, event_id: UUID, message: Message, locale: str, now: datetime) -> OwedMessage:
        rendered = Rendered({}, locale, "")
        if message.template:
            rendered = self._templates.render(message.template, message.spoken, locale, message.context)
        notification_id = self._new_id()
        live_type, live_data = message.live_type, dict(message.live_data)
        if (text := rendered.contents.get(Channel.INBOX)) is not None:
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
            contents=rendered.contents,
            locale=rendered.language,
            template_version=rendered.template_version,
            live_type=live_type,
            live_data=json.dumps(live_data, ensure_ascii=False, separators=(",", ":")),
            created_at=now,
            expires_at=min(expires_at, message.expires_at or expires_at),
        )


def _planned(owed: OwedMessage, account_id: UUID, reader: Reader, marketing: dict[UUID, date | None]) -> OwedMessage:
    """Add the deliveries to a message; its reader's one marketing message of the day is spent by it."""
    message = owed.message
    is_marketing = message.priority is Priority.MARKETING
    day = marketing.pop(account_id, None) if is_marketing else None
    return replace(
        owed,
        planned=plan(
            message.legs,
            account_id,
            message.priority,
            reader,
            owed.created_at,
            owed.expires_at,
            over_budget=is_marketing and day is None,
        ),
        marketing_on=day,
    )
