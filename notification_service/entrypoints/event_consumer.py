"""Events of the other services, taken in."""

from __future__ import annotations

from chassis.runtime import Wakeup
from chassis.streams import IncomingEvent
from notification_service.entrypoints.facts import FACT_TYPES, fact_from
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.remember_locale import RememberLocale
from ridesharing.identity.v1 import events_pb2 as identity

STREAMS = ("events:matching", "events:payment", "events:identity")
EVENT_TYPES = (*FACT_TYPES, identity.AccountCreated, identity.AccountUpdated)


class EventHandler:
    """Hands each event to its use case and wakes the delivery worker."""

    def __init__(self, owe_messages: OweMessages, remember_locale: RememberLocale, deliveries_wakeup: Wakeup) -> None:
        self._owe_messages = owe_messages
        self._remember_locale = remember_locale
        self._deliveries_wakeup = deliveries_wakeup

    async def __call__(self, event: IncomingEvent) -> None:
        """Take one event in; its effect and its id are one transaction."""
        match event.message:
            case identity.AccountCreated() | identity.AccountUpdated() as account:
                await self._remember_locale(event.id, event.aggregate_id, account.locale)
            case message:
                if await self._owe_messages(event.id, fact_from(message, event.aggregate_version)):
                    self._deliveries_wakeup.wake()
