"""Send trusted contacts the link of a ride that its rider shares with them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from notification_service.domain.channels import Channel, Priority
from notification_service.domain.facts import Happening, SafetyFact, SharedTrip
from notification_service.domain.messages import messages_for
from notification_service.domain.planning import Reader
from notification_service.use_cases.outside_ports import Templates
from notification_service.use_cases.owe_numbers import owed_to_numbers
from notification_service.use_cases.ports import SafetyStore, Store
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource
from shared_kernel.origins import NOWHERE, Origin


class TellContacts:
    """Owes the SMS, once an event; who is no contact of the rider's is sent nothing."""

    def __init__(
        self,
        store: Store,
        safety: SafetyStore,
        templates: Templates,
        clock: Clock,
        new_id: IdSource,
        share_url: str,
        open_token: Callable[[bytes, UUID], str],
    ) -> None:
        """Make it; `share_url` is where links are followed, and ends where their secret begins.

        `open_token` opens the secret of a ride's link.
        """
        self._store = store
        self._safety = safety
        self._templates = templates
        self._clock = clock
        self._new_id = new_id
        self._share_url = share_url
        self._open_token = open_token

    async def __call__(
        self, event_id: UUID, trip: SharedTrip, origin: Origin = NOWHERE
    ) -> frozenset[tuple[Channel, Priority]]:
        """Owe what an event asks for; return the lanes in whose queues something is due because of it."""
        contacts = await self._safety.contacts(trip.rider_id)
        numbers = [contact.phone_number for contact in contacts if contact.contact_id in trip.contact_ids]
        link = f"{self._share_url}{trip.token or self._open_token(trip.sealed_token, trip.ride_id)}"
        fact = SafetyFact(
            Happening.TRIP_SHARED, event_id, trip.ride_id, trip.rider_id, trip.rider_name, trip.driver, link
        )
        [message] = messages_for(fact)
        async with self._store.transaction() as transaction:
            if not await transaction.first_time(event_id) or not numbers:
                return frozenset()
            readers = await transaction.readers([trip.rider_id])
            # Contacts have no account, so their language is not known: the rider's is the best guess.
            locale = readers.get(trip.rider_id, Reader()).locale
            rendered = self._templates.render(message.template, message.spoken, locale, message.context)
            key, owner, now = f"share:{event_id}", trip.rider_id, self._clock.now()
            owed = owed_to_numbers(self._new_id(), key, message, rendered, numbers, owner, now, origin)
            return (await transaction.owe([owed])).lanes
