"""Take in a fact: store what is owed because of it, once, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

from notification_service.domain.channels import Channel, Priority
from notification_service.domain.delivery import DeliveryState
from notification_service.domain.facts import Fact
from notification_service.domain.messages import Message, messages_for
from notification_service.domain.planning import Planned, Reader, plan
from notification_service.domain.preferences import local_day_zone
from notification_service.domain.webhooks import webhook_of
from notification_service.use_cases.hand_over import HandOver
from notification_service.use_cases.outside_ports import Rendered, Templates
from notification_service.use_cases.ports import OwedMessage, Owing, Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource, to_public_id
from shared_kernel.origins import NOWHERE, Origin

_STRANGER = Reader()


class OweMessages:
    """Turns a fact into messages with words and stores them with their deliveries.

    With a `hand_over`, live streams are sent from here; without one, all that is owed waits in the queue. Where no
    webhooks are wanted, none are looked for; `webhooks_are_owed` is told once some are stored.
    """

    def __init__(
        self,
        store: Store,
        templates: Templates,
        clock: Clock,
        new_id: IdSource,
        hand_over: HandOver | None = None,
        webhooks_are_wanted: Callable[[], bool] = lambda: True,
        webhooks_are_owed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._templates = templates
        self._clock = clock
        self._new_id = new_id
        self._hand_over = hand_over
        self._are_wanted = webhooks_are_wanted
        self._are_owed = webhooks_are_owed

    async def __call__(self, event_id: UUID, fact: Fact) -> int:
        """Store what is owed for an event; return how many messages, zero if the event was taken in before."""
        return len((await self._all_of([(event_id, fact)]))[0])

    async def all_of(
        self, events: Sequence[tuple[UUID, Fact]], origins: Mapping[UUID, Origin] = MappingProxyType({})
    ) -> frozenset[tuple[Channel, Priority]]:
        """Store what is owed for several events, in one transaction; those taken in before owe nothing more.

        `origins` are the events', by their ids. Returns the lanes in whose queues something is due because of it.
        """
        return (await self._all_of(events, origins))[1].lanes

    async def _all_of(
        self, events: Sequence[tuple[UUID, Fact]], origins: Mapping[UUID, Origin] = MappingProxyType({})
    ) -> tuple[Sequence[OwedMessage], Owing]:
        now = self._clock.now()
        # What goes to bare numbers is owed by the use case that knows them.
        told = [
            (event_id, message, message.account_id)
            for event_id, fact in events
            for message in messages_for(fact)
            if message.account_id is not None
        ]
        rides = {message.ride_id for _, message, _ in told if message.ride_version > 0}
        async with self._store.transaction() as transaction:
            new = await transaction.first_times(
                [event_id for event_id, _ in events], [ride_id for ride_id in rides if ride_id is not None]
            )
            are_owed = await self._owe_webhooks(transaction, [each for each in events if each[0] in new], origins, now)
            owed, owing = await self._owe(transaction, [each for each in told if each[0] in new], origins, now)
        if are_owed:
            self._are_owed()
        if self._hand_over is not None:
            self._hand_over.give(owing.claimed)
        return owed, owing

    async def _owe(
        self,
        transaction: Transaction,
        messages: Sequence[tuple[UUID, Message, UUID]],
        origins: Mapping[UUID, Origin],
        now: datetime,
    ) -> tuple[Sequence[OwedMessage], Owing]:
        if not messages:
            return [], Owing()
        readers = await transaction.readers(sorted({account_id for _, _, account_id in messages}))
        marketing = await self._marketing(transaction, messages, readers, now)
        owed: list[OwedMessage] = []
        for event_id, message, account_id in messages:
            reader = readers.get(account_id, _STRANGER)
            origin = origins.get(event_id, NOWHERE)
            expires_at = message.ends_at(origin.happened_at, now)
            planned, day = _plan(message, account_id, reader, marketing, now, expires_at)
            owed.append(
                replace(
                    self._write(event_id, message, _spoken(message, planned), reader.locale, now, expires_at),
                    planned=planned,
                    marketing_on=day,
                    origin=origin,
                )
            )
        if self._hand_over is not None:
            owed = self._hand_over.claims(owed, now)
        return owed, await transaction.owe(owed)

    async def _owe_webhooks(
        self,
        transaction: Transaction,
        events: Sequence[tuple[UUID, Fact]],
        origins: Mapping[UUID, Origin],
        now: datetime,
    ) -> bool:
        wanted = [
            replace(hook, trace=origins.get(event_id, NOWHERE).trace)
            for event_id, fact in events
            if self._are_wanted() and (hook := webhook_of(event_id, fact, now)) is not None
        ]
        if wanted:
            await transaction.owe_webhooks(wanted, now)
        return bool(wanted)

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

    def _write(
        self,
        event_id: UUID,
        message: Message,
        channels: Sequence[Channel],
        locale: str,
        now: datetime,
        expires_at: datetime,
    ) -> OwedMessage:
        rendered = Rendered({}, locale, "")
        if message.template:
            rendered = self._templates.render(message.template, channels, locale, message.context)
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
            expires_at=expires_at,
        )


def _plan(
    message: Message,
    account_id: UUID,
    reader: Reader,
    marketing: dict[UUID, date | None],
    now: datetime,
    expires_at: datetime,
) -> tuple[Sequence[Planned], date | None]:
    """Plan a message's deliveries; its reader's one marketing message of the day is spent by it."""
    is_marketing = message.priority is Priority.MARKETING
    day = marketing.pop(account_id, None) if is_marketing else None
    over_budget = is_marketing and day is None
    return plan(message.legs, account_id, message.priority, reader, now, expires_at, over_budget=over_budget), day


def _spoken(message: Message, planned: Sequence[Planned]) -> list[Channel]:
    """Return the channels that words are needed for: none are written for what is dropped before it is sent."""
    kept = {each.channel for each in planned if each.state is not DeliveryState.DROPPED}
    return [channel for channel in message.spoken if channel in kept]
