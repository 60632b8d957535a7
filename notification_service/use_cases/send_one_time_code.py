"""Owe somebody an SMS with a one-time code."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from notification_service.domain.facts import CodeFact, Happening
from notification_service.domain.messages import messages_for
from notification_service.use_cases.ports import OwedCode, Store, Templates
from shared_kernel.clock import Clock
from shared_kernel.errors import InvalidInput
from shared_kernel.ids import IdSource


class SendOneTimeCode:
    """Stores the SMS; the delivery worker sends it. The code and number are wiped when it is sent or over."""

    def __init__(self, store: Store, templates: Templates, clock: Clock, new_id: IdSource) -> None:
        self._store = store
        self._templates = templates
        self._clock = clock
        self._new_id = new_id

    async def __call__(
        self, *, caller: str, request_id: str, phone_number: str, code: str, locale: str, expires_at: datetime
    ) -> UUID:
        """Return the notification's id; the same key returns the same id and owes nothing more.

        Raises:
            InvalidInput: `code_expired` when it could not arrive in time.
            Conflict: `idempotency_key_reused` when the key came before with other contents.
        """
        now = self._clock.now()
        if expires_at <= now:
            raise InvalidInput("code_expired", "the code has expired already")
        # Both are owed in words: the call follows where the SMS does not get through.
        fact = CodeFact(Happening.ONE_TIME_CODE, code, expires_at)
        [message] = messages_for(fact)
        rendered = self._templates.render(message.template, message.spoken, locale or "en", message.context)
        # Only the hash is kept beyond the delivery: it tells a replay from a changed request.
        fingerprint = hashlib.sha256("\x1f".join((phone_number, code, locale)).encode()).digest()
        owed = OwedCode(
            notification_id=self._new_id(),
            dedupe_key=f"otp:{caller}:{request_id}",
            fingerprint=fingerprint,
            phone_number=phone_number,
            contents=rendered.contents,
            locale=rendered.language,
            template_version=rendered.template_version,
            created_at=now,
            expires_at=expires_at,
        )
        async with self._store.transaction() as transaction:
            return await transaction.owe_code(owed)
