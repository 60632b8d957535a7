"""Call for help: write to a person's trusted contacts before everything else, and tell the operators."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from notification_service.domain.facts import Happening, SafetyFact
from notification_service.domain.messages import messages_for
from notification_service.domain.safety import Sos
from notification_service.use_cases.outside_ports import Names, Templates
from notification_service.use_cases.owe_numbers import owed_to_numbers
from notification_service.use_cases.page_tokens import read_token, write_token
from notification_service.use_cases.ports import OwedMessage, SafetyStore
from shared_kernel.clock import Clock
from shared_kernel.errors import DomainError
from shared_kernel.ids import IdSource

_log = logging.getLogger(__name__)
DEFAULT_PAGE_SIZE = 50


class RaiseSos:
    """Owes the SMS in the transaction of the call. Whose ride it is is not asked first: help does not wait for it."""

    def __init__(self, store: SafetyStore, templates: Templates, names: Names, clock: Clock, new_id: IdSource) -> None:
        self._store = store
        self._templates = templates
        self._names = names
        self._clock = clock
        self._new_id = new_id

    async def __call__(
        self, account_id: UUID, request_id: str, ride_id: UUID | None, latitude: float, longitude: float
    ) -> Sos:
        """Return the call; the same key returns the same one and writes to nobody again."""
        known = await self._store.sos_of(account_id, request_id)
        if known is not None:
            return known
        contacts = await self._store.contacts(account_id)
        call = Sos(self._new_id(), account_id, ride_id, latitude, longitude, len(contacts), self._clock.now())
        owed = await self._write(call, [contact.phone_number for contact in contacts]) if contacts else None
        return await self._store.raise_sos(call, request_id, owed)

    async def _write(self, call: Sos, phone_numbers: Sequence[str]) -> OwedMessage:
        name, locale = await self._caller(call.account_id)
        fact = SafetyFact(
            Happening.SOS_RAISED, call.sos_id, call.ride_id or call.sos_id, call.account_id, name, None, call.link
        )
        [row] = messages_for(fact)
        message = replace(row, ride_id=call.ride_id)
        rendered = self._templates.render(message.template, message.spoken, locale, message.context)
        key, owner = f"sos:{call.sos_id}", call.account_id
        return owed_to_numbers(self._new_id(), key, message, rendered, phone_numbers, owner, call.raised_at)

    async def _caller(self, account_id: UUID) -> tuple[str, str]:
        """Return the caller's name and language; an outage of who knows them does not hold the call up."""
        try:
            return await self._names.name(account_id)
        except DomainError as failure:
            _log.warning("a call for help goes out without a name", extra={"reason": failure.reason})
            return "", "en"


class ListSos:
    """Pages through the calls for help, for operators."""

    def __init__(self, store: SafetyStore) -> None:
        self._store = store

    async def __call__(self, page_size: int, page_token: str) -> tuple[Sequence[Sos], str]:
        """Return a page, newest first; InvalidInput `invalid_page_token`."""
        size = page_size or DEFAULT_PAGE_SIZE
        found = await self._store.calls(size + 1, read_token(page_token))
        page = found[:size]
        return page, write_token(page[-1].raised_at, page[-1].sos_id) if len(found) > size else ""
