"""Events of the other services, taken in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from chassis.personal_data import PersonalData
from chassis.streams import IncomingEvent
from notification_service.domain.channels import Channel, Priority
from notification_service.entrypoints.campaign_worker import SeeAudience
from notification_service.entrypoints.delivery_worker import Alarms
from notification_service.entrypoints.facts import FACT_TYPES, fact_from
from notification_service.entrypoints.matching_facts import shared_trip
from notification_service.use_cases.close_code import CloseCode
from notification_service.use_cases.end_sign_in import EndSignIn
from notification_service.use_cases.forget_bounces import ForgetBounces
from notification_service.use_cases.owe_messages import OweMessages
from notification_service.use_cases.remember_locale import RememberLocale
from notification_service.use_cases.tell_contacts import TellContacts
from ridesharing.identity.v1 import events_pb2 as identity
from ridesharing.matching.v1 import events_pb2 as matching
from shared_kernel.origins import Origin

STREAMS = ("events:matching", "events:payment", "events:identity")
_ACCOUNTS = (identity.AccountCreated, identity.AccountUpdated)
_BY_ITSELF = (
    *_ACCOUNTS,
    identity.AccountErased,
    identity.MailAddressChanged,
    identity.OneTimeCodeClosed,
    identity.SessionEnded,
    matching.RideShared,
)
"""Those that are taken in one by one."""
_IDENTITY = "identity"
"""Who hands codes over, and tells what became of them."""
EVENT_TYPES = (*FACT_TYPES, *_BY_ITSELF)


class EventHandler:
    """Hands events to their use cases and wakes the workers of what is owed by them."""

    def __init__(
        self,
        owe_messages: OweMessages,
        tell_contacts: TellContacts,
        remember_locale: RememberLocale,
        forget_bounces: ForgetBounces,
        close_code: CloseCode,
        end_sign_in: EndSignIn,
        see_audience: SeeAudience,
        personal_data: PersonalData,
        alarms: Alarms,
    ) -> None:
        self._owe_messages = owe_messages
        self._tell_contacts = tell_contacts
        self._remember_locale = remember_locale
        self._forget_bounces = forget_bounces
        self._close_code = close_code
        self._end_sign_in = end_sign_in
        self._see_audience = see_audience
        self._personal_data = personal_data
        self._alarms = alarms

    async def __call__(self, event: IncomingEvent) -> None:
        """Take one event in; its effect and its id are one transaction."""
        await self.take([event])

    async def take(self, events: Sequence[IncomingEvent]) -> None:
        """Take events in together: what people are told of is one transaction, so that a thousand a second are."""
        await self._see_audience(events)
        told = [event for event in events if not isinstance(event.message, _BY_ITSELF)]
        for event in events:
            if isinstance(event.message, _ACCOUNTS):
                await self._remember_locale(event.id, event.aggregate_id, event.message.locale)
            elif isinstance(event.message, identity.AccountErased):
                # Erased before, by a call; of what came in or was parked since, nothing may stay.
                await self._personal_data.erase(event.aggregate_id, str(event.id))
            elif isinstance(event.message, identity.MailAddressChanged):
                await self._forget_bounces(event.id, event.aggregate_id)
            elif isinstance(event.message, identity.OneTimeCodeClosed):
                await self._close_code(event.id, _IDENTITY, event.message.request_id)
            elif isinstance(event.message, identity.SessionEnded):
                await self._end(event.id, event.message)
            elif isinstance(event.message, matching.RideShared):
                self._wake(await self._tell_contacts(event.id, shared_trip(event.message), _origin(event)))
        if told:
            facts = [
                (event.id, fact)
                for event in told
                if (fact := fact_from(event.message, event.aggregate_version)) is not None
            ]
            origins = {event.id: _origin(event) for event in told}
            self._wake(await self._owe_messages.all_of(facts, origins))

    async def _end(self, event_id: UUID, ended: identity.SessionEnded) -> None:
        replaced_by = UUID(ended.replaced_by_session_id) if ended.replaced_by_session_id else None
        await self._end_sign_in(event_id, UUID(ended.account_id), UUID(ended.session_id), replaced_by)

    def _wake(self, lanes: Iterable[tuple[Channel, Priority]]) -> None:
        for channel, priority in lanes:
            self._alarms.wake(channel, priority)


def _origin(event: IncomingEvent) -> Origin:
    return Origin(event.traceparent, event.occurred_at)
