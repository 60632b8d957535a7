"""The store of messages, deliveries and people, as the use cases need it.

What is beyond the store stands in `outside_ports`; campaigns, suppressions and webhooks have ports of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from notification_service.domain.channels import Channel, Leg, Priority
from notification_service.domain.delivery import Attempt, DeliveryEvent, DeliveryState, DueDelivery
from notification_service.domain.device import Device
from notification_service.domain.inbox_item import InboxItem
from notification_service.domain.lanes import Lane
from notification_service.domain.messages import Message
from notification_service.domain.planning import Planned, Reader
from notification_service.domain.preferences import QuietHours, Subject
from notification_service.domain.provider_health import ProviderHealth
from notification_service.domain.safety import Sos, TrustedContact
from notification_service.domain.sending import Content
from notification_service.domain.timeline import FailedDelivery, RideMessage, TimelineEntry
from notification_service.domain.webhooks import WebhookEvent
from shared_kernel.origins import NOWHERE, Origin


@dataclass(frozen=True, slots=True)
class OwedMessage:
    """A message with its words, ready to be stored with its deliveries."""

    notification_id: UUID
    dedupe_key: str
    message: Message
    contents: Mapping[Channel, Content]
    locale: str
    template_version: str
    live_type: str
    live_data: str
    created_at: datetime
    expires_at: datetime
    planned: Sequence[Planned] = ()
    """By which deliveries about its ride go in order; 0 where there is no such order."""
    marketing_on: date | None = None
    owner: UUID | None = None
    """Whose it is where it goes to others: who called for help."""
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class OwedCode:
    """An SMS or a mail with a one-time code, ready to be stored with its deliveries; the words of a call are sealed."""

    notification_id: UUID
    dedupe_key: str
    fingerprint: bytes
    legs: Sequence[Leg]
    target: str
    contents: Mapping[Channel, Content]
    locale: str
    template_version: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """How many deliveries of a channel stand in a state."""

    channel: Channel
    state: DeliveryState
    count: int


@dataclass(frozen=True, slots=True)
class Owing:
    """What was stored: the deliveries that are the caller's to send, and the lanes that have something to look for."""

    claimed: Sequence[DueDelivery] = ()
    lanes: frozenset[tuple[Channel, Priority]] = frozenset()


class Transaction(Protocol):
    """One transaction on the service's store."""

    async def first_time(self, event_id: UUID) -> bool:
        """Note an event; False if it was taken in before."""
        ...

    async def lift_suppression(self, account_id: UUID, channel: Channel) -> None:
        """Forget that a person's address of a channel is dead."""
        ...

    async def set_locale(self, account_id: UUID, locale: str) -> None: ...

    async def end_sign_in(self, account_id: UUID, sign_in_id: UUID, replaced_by: UUID | None, now: datetime) -> None:
        """Note that a sign-in ended; drop its devices, or hand them on to the live one in its place."""
        ...

    async def first_times(self, event_ids: Sequence[UUID], ride_ids: Sequence[UUID]) -> set[UUID]:
        """Note events; return those that were not taken in before. Who owes news of the same rides takes turns."""
        ...

    async def readers(self, account_ids: Sequence[UUID]) -> Mapping[UUID, Reader]:
        """Return what is known of people, as far as it decides how they are reached."""
        ...

    async def marketed(self, days: Sequence[tuple[UUID, date]]) -> set[tuple[UUID, date]]:
        """Return which people had a marketing message on which of these days of theirs; others wait to plan one for
        them until the transaction ends."""
        ...

    async def owe_webhooks(self, events: Sequence[WebhookEvent], now: datetime) -> None:
        """Store what is owed to the endpoints that want these events; of one known by its key nothing."""
        ...

    async def acknowledge(self, account_id: UUID, notification_id: UUID, now: datetime) -> datetime | None:
        """Note that a notification was seen, once; drop what was to follow otherwise. None if it is not theirs."""
        ...

    async def acknowledge_all(self, pairs: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
        """Note the same of several: accounts, each with a notification; what is not theirs is passed over."""
        ...

    async def owe(self, messages: Sequence[OwedMessage]) -> Owing:
        """Store messages and their deliveries; one with a known dedupe key is left as it was."""
        ...

    async def owe_code(self, code: OwedCode) -> UUID:
        """Store a code's message, and call off the calls with older codes to its target; for a known dedupe key return
        the first one's id (Conflict where contents differ)."""
        ...

    async def close_code(self, dedupe_key: str, now: datetime) -> None:
        """Note that a code is not needed any more: nobody is called to hear it."""
        ...

    async def mark_read(self, account_id: UUID, notification_id: UUID, now: datetime) -> InboxItem | None: ...


class Store(Protocol):
    """The service's store."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction: committed when the block ends, rolled back when it raises."""
        ...

    async def inbox(
        self, account_id: UUID, limit: int, before: tuple[datetime, UUID] | None
    ) -> Sequence[InboxItem]: ...

    async def counts_since(self, since: datetime) -> tuple[Sequence[DeliveryCount], int]: ...


class Deliveries(Protocol):
    """The queue of deliveries."""

    async def claim(self, lane: Lane, now: datetime, lease: timedelta, limit: int) -> Sequence[DueDelivery]:
        """Claim what is due in a lane for the time of a lease; of one ride and target only the earliest, so that the
        news of a ride come in their order."""
        ...

    async def due_lanes(self, lanes: Sequence[Lane], now: datetime) -> set[tuple[Channel, Priority]]:
        """Tell in which lanes something is due."""
        ...

    async def record(self, attempts: Sequence[Attempt], now: datetime) -> bool:
        """Write down what became of claimed deliveries, and what follows for dead tokens and addresses; tell whether
        later news of their rides waited for them."""
        ...

    async def note_health(self, health: ProviderHealth) -> None: ...

    async def health(self) -> Sequence[ProviderHealth]: ...


class People(Protocol):
    """What people have told of how they want to be reached."""

    async def register_device(
        self, account_id: UUID, platform: str, app: str, token: str, now: datetime, sign_in_id: UUID | None
    ) -> Device:
        """Register a device, or note that it was seen; take its token from whoever else had it.

        Conflict `session_ended` where its sign-in ended, though its access token still counts.
        """
        ...

    async def devices(self, account_id: UUID) -> Sequence[Device]: ...

    async def remove_device(self, account_id: UUID, device_id: UUID, now: datetime) -> bool:
        """Forget a device of an account's own; False where it never was."""
        ...

    async def wishes(self, account_id: UUID) -> tuple[frozenset[tuple[Subject, Channel]], QuietHours | None]:
        """Return what is not wanted, and the quiet hours."""
        ...

    async def set_preference(
        self, account_id: UUID, subject: Subject, channel: Channel, now: datetime, *, wanted: bool
    ) -> None: ...

    async def set_quiet_hours(self, account_id: UUID, hours: QuietHours | None) -> None: ...


class Timelines(Protocol):
    """What became of messages."""

    async def of_person(
        self, account_id: UUID, limit: int, before: tuple[datetime, UUID] | None
    ) -> Sequence[TimelineEntry]: ...

    async def of_ride(self, ride_id: UUID, limit: int) -> Sequence[RideMessage]: ...

    async def failed(self, limit: int, before: tuple[datetime, UUID] | None) -> Sequence[FailedDelivery]: ...

    async def delivery(self, delivery_id: UUID) -> FailedDelivery | None: ...

    async def replay(self, delivery_id: UUID, now: datetime) -> str:
        """Make a failed delivery pending again; return why not, or nothing."""
        ...

    async def take_receipt(
        self, providers: Sequence[str], provider_message_id: str, event: DeliveryEvent, *, dead: bool
    ) -> bool | None:
        """Keep a receipt of some provider's, once; `dead` suppresses the address. False where nothing is new, None
        where no message has this id.

        An SMS with a code that was delivered calls off the call that would follow; one that was not brings it forward.
        """
        ...


class SafetyStore(Protocol):
    """Trusted contacts and calls for help."""

    async def add_contact(self, account_id: UUID, name: str, phone_number: str, now: datetime) -> TrustedContact:
        """Keep a contact, or rename the one with this number; Conflict `too_many_contacts`."""
        ...

    async def contacts(self, account_id: UUID) -> Sequence[TrustedContact]: ...

    async def remove_contact(self, account_id: UUID, contact_id: UUID) -> bool:
        """Forget a contact of a person's own; False where there is none."""
        ...

    async def sos_of(self, account_id: UUID, request_id: str) -> Sos | None: ...

    async def raise_sos(self, call: Sos, request_id: str, owed: OwedMessage | None) -> Sos:
        """Store a call with its messages; of two with one key the first is returned, and the other owes nothing."""
        ...

    async def calls(self, limit: int, before: tuple[datetime, UUID] | None) -> Sequence[Sos]: ...
