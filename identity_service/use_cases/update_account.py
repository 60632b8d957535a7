"""Change one's own name or language."""

from __future__ import annotations

from uuid import UUID

from identity_service.domain.accounts import Account
from identity_service.domain.events import AccountUpdated
from identity_service.use_cases.answers import dump, load_account
from identity_service.use_cases.ports import Request, Store
from shared_kernel.errors import NotFound


class UpdateAccount:
    """Changes what is given and leaves the rest."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self, account_id: UUID, request_id: str, *, display_name: str | None, locale: str | None
    ) -> Account:
        """Return the account after the change.

        Raises:
            NotFound: `account_not_found`.
            InvalidInput: `invalid_argument`.
            Conflict: `idempotency_key_reused`.
        """
        request = Request(str(account_id), "UpdateAccount", request_id, (display_name, locale))
        async with self._store.transaction() as transaction:
            kept = await transaction.requests.claim(request)
            if kept is not None:
                return load_account(kept)
            account = await transaction.accounts.find(account_id, lock=True)
            if account is None:
                raise NotFound("account_not_found", "there is no such account")
            changed = account.changed(display_name=display_name, locale=locale)
            if changed is not account:
                await transaction.accounts.save(changed)
                await transaction.record(AccountUpdated(account_id, changed.version, changed.locale))
            await transaction.requests.keep(request, dump(changed))
        return changed
