"""Owe somebody an SMS, or a mail, with a one-time code, and a call where the SMS does not arrive."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from notification_service.domain.channels import Channel
from notification_service.domain.facts import CodeFact, Happening
from notification_service.domain.matrix import Audience
from notification_service.domain.messages import messages_for
from notification_service.use_cases.outside_ports import Templates
from notification_service.use_cases.ports import OwedCode, Store
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.ids import IdSource

Seal = Callable[[str, UUID], str]
"""Seals words for a notification, so that only who speaks them can read them."""


def code_key(caller: str, request_id: str) -> str:
    """Return the key that a code is owed by once."""
    return f"otp:{caller}:{request_id}"


class SendOneTimeCode:
    """Stores the message; the delivery worker sends it. The code and its target are wiped when it is sent or over.

    Whether a call is to follow is known seconds after the SMS was sent, so its words wait sealed.
    """

    def __init__(
        self, store: Store, templates: Templates, clock: Clock, new_id: IdSource, seal: Seal | None = None
    ) -> None:
        """Make it; `seal` is for the words of calls, None where no provider makes calls."""
        self._store = store
        self._templates = templates
        self._clock = clock
        self._new_id = new_id
        self._seal = seal

    async def __call__(
        self,
        *,
        caller: str,
        request_id: str,
        code: str,
        locale: str,
        expires_at: datetime,
        phone_number: str = "",
        mail_address: str = "",
        may_call: bool = False,
    ) -> UUID:
        """Return the notification's id; the same key returns the same id and owes nothing more.

        `may_call` says that the caller has counted what a call costs; without it, or a provider, none is owed.

        Raises:
            InvalidInput: `code_expired` when it could not arrive in time; `invalid_argument` where there is not exactly
                one of a number and an address.
            Conflict: `idempotency_key_reused` when the key came before with other contents.
        """
        now = self._clock.now()
        if bool(phone_number) == bool(mail_address):
            violation = FieldViolation("phone_number", "must be set, or else mail_address")
            raise InvalidInput("invalid_argument", "a code goes to a number or to an address", violations=[violation])
        if expires_at <= now:
            raise InvalidInput("code_expired", "the code has expired already")
        fact = CodeFact(Happening.ONE_TIME_CODE, code, expires_at)
        audience = Audience.PHONE if phone_number else Audience.MAILBOX
        [message] = [message for message in messages_for(fact) if message.audience is audience]
        target = phone_number or mail_address
        seal = self._seal if may_call else None
        legs = [leg for leg in message.legs if leg.channel is not Channel.VOICE or seal is not None]
        spoken = [leg.channel for leg in legs]
        rendered = self._templates.render(message.template, spoken, locale or "en", message.context)
        notification_id, contents = self._new_id(), dict(rendered.contents)
        if seal is not None and (said := contents.get(Channel.VOICE)) is not None:
            contents[Channel.VOICE] = replace(said, body=seal(said.body, notification_id))
        # Only the hash is kept beyond the delivery: it tells a replay from a changed request.
        fingerprint = hashlib.sha256("\x1f".join((target, code, locale)).encode()).digest()
        owed = OwedCode(
            notification_id=notification_id,
            dedupe_key=code_key(caller, request_id),
            fingerprint=fingerprint,
            legs=legs,
            target=target,
            contents=contents,
            locale=rendered.language,
            template_version=rendered.template_version,
            created_at=now,
            expires_at=expires_at,
        )
        async with self._store.transaction() as transaction:
            return await transaction.owe_code(owed)
