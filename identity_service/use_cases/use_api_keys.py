"""Let partners' programs in by API keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from identity_service.domain.actors import ActingStaff
from identity_service.domain.api_keys import SHOWN_LETTERS, ApiKey, check_scopes, key_invalid
from identity_service.domain.audit import Act
from identity_service.domain.sign_ins import ACCESS_LIFETIME_SECONDS
from identity_service.domain.texts import clean_text
from identity_service.use_cases.answers import dump_json, load_json
from identity_service.use_cases.ports import Request, Store, Transaction
from identity_service.use_cases.secret_ports import Ciphers, RandomSource
from identity_service.use_cases.staff_ports import PartnerTokens
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound
from shared_kernel.ids import IdSource

MOST_KEYS = 200


class UseApiKeys:
    """Makes keys, shows them without their secrets, ends them, and trades them for access tokens."""

    def __init__(
        self,
        store: Store,
        ciphers: Ciphers,
        random: RandomSource,
        tokens: PartnerTokens,
        clock: Clock,
        new_id: IdSource,
    ) -> None:
        self._store = store
        self._ciphers = ciphers
        self._random = random
        self._tokens = tokens
        self._clock = clock
        self._new_id = new_id

    async def create(
        self, staff: ActingStaff, request_id: str, name: str, scopes: Sequence[str], lifetime_days: int
    ) -> tuple[ApiKey, str]:
        """Make a key; return it, and it whole, which is kept for a day, sealed, for who repeats the request.

        Without a `request_id` each call makes a key, which is kept nowhere.

        Raises:
            InvalidInput: `unknown_scope`, `invalid_argument`.
            Conflict: `idempotency_key_reused`.
        """
        now, secret = self._clock.now(), f"jk_{self._random.refresh_token()}"
        key = ApiKey(
            self._new_id(),
            clean_text("name", name),
            secret[:SHOWN_LETTERS],
            check_scopes(scopes),
            staff.actor_id,
            now,
            now + timedelta(days=lifetime_days),
        )
        request = Request(staff.actor_id, "CreateApiKey", request_id, (key.name, " ".join(key.scopes), lifetime_days))
        async with self._store.transaction() as transaction:
            kept = await transaction.requests.claim(request) if request_id else None
            if kept is not None:
                return await self._made_before(transaction, kept)
            await transaction.api_keys.add(key, self._ciphers.refresh_digest(secret))
            details = {"name": key.name, "scopes": " ".join(key.scopes)}
            await transaction.audit.append(Act(staff, "api_key_created", "api_key", str(key.api_key_id), "", details))
            if request_id:
                sealed = self._ciphers.seal_api_key(key.api_key_id, secret)
                await transaction.requests.keep(
                    request, dump_json({"api_key_id": key.api_key_id, "sealed": sealed.hex()})
                )
        return key, secret

    async def _made_before(self, transaction: Transaction, kept: bytes) -> tuple[ApiKey, str]:
        fields = load_json(kept)
        api_key_id = UUID(fields["api_key_id"])
        known = await transaction.api_keys.find(api_key_id)
        if known is None:
            raise NotFound("api_key_not_found", "there is no such key")
        return known, self._ciphers.open_api_key(api_key_id, bytes.fromhex(fields["sealed"]))

    async def newest(self) -> Sequence[ApiKey]:
        """Return the keys, the newest first; at most two hundred."""
        async with self._store.transaction() as transaction:
            return await transaction.api_keys.newest(MOST_KEYS)

    async def revoke(self, staff: ActingStaff, api_key_id: UUID, reason: str) -> None:
        """End a key; one that has ended stays ended.

        Raises:
            NotFound: `api_key_not_found`.
            InvalidInput: `invalid_argument`.
        """
        why = clean_text("reason", reason)
        async with self._store.transaction() as transaction:
            key = await transaction.api_keys.find(api_key_id, lock=True)
            if key is None:
                raise NotFound("api_key_not_found", "there is no such key")
            if key.revoked_at is not None:
                return
            await transaction.api_keys.revoke(api_key_id, self._clock.now())
            await transaction.audit.append(Act(staff, "api_key_revoked", "api_key", str(api_key_id), why))

    async def exchange(self, secret: str) -> tuple[str, datetime, Sequence[str]]:
        """Return an access token for a key, when it ends, and what it may be used for.

        Raises:
            Unauthenticated: `api_key_invalid`.
        """
        now = self._clock.now()
        async with self._store.transaction() as transaction:
            key = await transaction.api_keys.by_digest(self._ciphers.refresh_digest(secret))
            if key is None or not key.counts(now):
                raise key_invalid()
            await transaction.api_keys.note_use(key.api_key_id, now)
        token = self._tokens.make_for_partner(key.api_key_id, key.scopes)
        return token, now + timedelta(seconds=ACCESS_LIFETIME_SECONDS), key.scopes
