"""Sign in by an external provider, and link its identities to an account."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from identity_service.domain.accounts import Account
from identity_service.domain.erasures import being_erased
from identity_service.domain.external_identities import (
    MOST_IDENTITIES,
    ExternalIdentity,
    IdToken,
    linked_elsewhere,
    no_such_identity,
    not_linked,
    token_invalid,
    too_many_identities,
)
from identity_service.domain.phone_numbers import check_phone_number, last_digits
from identity_service.domain.roles import STAFF_ROLES, not_granted
from identity_service.domain.sign_ins import SignInRole
from identity_service.domain.texts import clean_locale, clean_text
from identity_service.use_cases.begin_sign_in import BeginSignIn, SignedIn
from identity_service.use_cases.people_ports import IdTokenVerifier
from identity_service.use_cases.ports import Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource

_LOCALE = "en"


class Federate:
    """Trades a provider's ID token for a sign-in. A token counts once: the database knows its digest."""

    def __init__(
        self,
        store: Store,
        verifier: IdTokenVerifier,
        begin: BeginSignIn,
        clock: Clock,
        new_id: IdSource,
        *,
        fictional_numbers_allowed: bool,
    ) -> None:
        self._store = store
        self._verifier = verifier
        self._begin = begin
        self._clock = clock
        self._new_id = new_id
        self._fictional_numbers_allowed = fictional_numbers_allowed

    async def sign_in(self, id_token: str, nonce: str, role: SignInRole, device_id: str, locale: str = "") -> SignedIn:
        """Sign a device in.

        Raises:
            Unauthenticated: `id_token_invalid`.
            PermissionRefused: `identity_not_linked`, `role_not_granted`, `account_being_erased`.
            InvalidInput: `phone_not_supported`, `invalid_argument`.
            Unavailable: `identity_provider_unavailable`.
        """
        device, language = clean_text("device_id", device_id), clean_locale("locale", locale or _LOCALE)
        # The provider's keys may have to be fetched: before the transaction.
        token = await self._verifier.verify(id_token, nonce)
        now = self._clock.now()
        async with self._store.transaction() as transaction:
            await self._spend(transaction, token)
            account, new_account = await self._account(transaction, token, language)
            if role in STAFF_ROLES and not await transaction.roles.has(account.account_id, role, lock=True):
                raise not_granted()
            return await self._begin(
                transaction, account, new_account=new_account, role=role, device_id=device, now=now
            )

    async def link(self, account_id: UUID, id_token: str, nonce: str) -> ExternalIdentity:
        """Let an identity stand for the caller; one that does already stays as it is.

        Raises:
            Unauthenticated: `id_token_invalid`.
            Conflict: `identity_taken`, `too_many_identities`.
            PermissionRefused: `account_being_erased`.
            Unavailable: `identity_provider_unavailable`.
        """
        token = await self._verifier.verify(id_token, nonce)
        async with self._store.transaction() as transaction:
            await self._spend(transaction, token)
            has_room = await self._has_room(transaction, account_id)
            # After the account's lock, under which erasures begin.
            if await transaction.erasures.find(account_id) is not None:
                raise being_erased()
            if not has_room and await transaction.identities.find(token.issuer, token.subject) is None:
                raise too_many_identities()
            return await self._linked(transaction, account_id, token)

    async def of(self, account_id: UUID) -> Sequence[ExternalIdentity]:
        """Return an account's identities, the oldest first."""
        async with self._store.transaction() as transaction:
            return await transaction.identities.of(account_id)

    async def unlink(self, account_id: UUID, identity_id: UUID) -> None:
        """Let an identity stand for nobody. Raises NotFound `identity_not_found`."""
        async with self._store.transaction() as transaction:
            if not await transaction.identities.remove(account_id, identity_id):
                raise no_such_identity()

    async def _spend(self, transaction: Transaction, token: IdToken) -> None:
        if not await transaction.identities.spend(token.digest, token.expires_at):
            raise token_invalid("it was used before")

    async def _account(self, transaction: Transaction, token: IdToken, locale: str) -> tuple[Account, bool]:
        linked = await transaction.identities.find(token.issuer, token.subject)
        if linked is not None:
            account = await transaction.accounts.find(linked.account_id)
            if account is not None:
                return account, False
        if not token.phone_number:
            raise not_linked()
        number = check_phone_number(token.phone_number, fictional_allowed=self._fictional_numbers_allowed)
        fresh = Account(self._new_id(), "", last_digits(number), locale, self._clock.now())
        account, is_new = await transaction.accounts.find_or_add(fresh, number)
        # The number vouches for who has as many identities as one may have.
        if is_new or await self._has_room(transaction, account.account_id):
            await self._linked(transaction, account.account_id, token)
        return account, is_new

    async def _has_room(self, transaction: Transaction, account_id: UUID) -> bool:
        # The account's lock makes links queue, so that they are counted one by one.
        await transaction.accounts.find(account_id, lock=True)
        return len(await transaction.identities.of(account_id)) < MOST_IDENTITIES

    async def _linked(self, transaction: Transaction, account_id: UUID, token: IdToken) -> ExternalIdentity:
        fresh = ExternalIdentity(self._new_id(), account_id, token.issuer, token.subject, self._clock.now())
        standing = await transaction.identities.add(fresh)
        if standing.account_id != account_id:
            raise linked_elsewhere()
        return standing
