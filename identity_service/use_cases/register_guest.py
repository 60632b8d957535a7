"""Take in somebody who books by telephone."""

from __future__ import annotations

from identity_service.domain.accounts import Account
from identity_service.domain.actors import ActingStaff
from identity_service.domain.audit import Act
from identity_service.domain.erasures import being_erased
from identity_service.domain.events import AccountCreated
from identity_service.domain.phone_numbers import check_phone_number, last_digits
from identity_service.domain.texts import clean_locale, clean_text
from identity_service.use_cases.look_at_people import Person, person_of
from identity_service.use_cases.ports import Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource

_LOCALE = "en"


class RegisterGuest:
    """Makes the account of a number before its owner ever signed in; it is theirs when they do."""

    def __init__(self, store: Store, clock: Clock, new_id: IdSource, *, fictional_numbers_allowed: bool) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._fictional_numbers_allowed = fictional_numbers_allowed

    async def __call__(
        self, staff: ActingStaff, phone_number: str, display_name: str, locale: str = ""
    ) -> tuple[Person, bool]:
        """Return the person, masked, and whether the account was made now. A name that stands is kept.

        Raises:
            InvalidInput: `phone_not_supported`, `invalid_argument`.
            PermissionRefused: `account_being_erased`.
        """
        number = check_phone_number(phone_number, fictional_allowed=self._fictional_numbers_allowed)
        name, language = clean_text("display_name", display_name), clean_locale("locale", locale or _LOCALE)
        fresh = Account(self._new_id(), name, last_digits(number), language, self._clock.now())
        async with self._store.transaction() as transaction:
            account, is_new = await transaction.accounts.find_or_add(fresh, number)
            if await transaction.erasures.find(account.account_id) is not None:
                raise being_erased()
            if is_new:
                await transaction.record(AccountCreated(account.account_id, account.version, account.locale))
                await transaction.audit.append(Act(staff, "guest_registered", "account", str(account.account_id)))
            elif not account.display_name:
                account = await _named(transaction, account, name)
            return await person_of(transaction, account), is_new


async def _named(transaction: Transaction, account: Account, name: str) -> Account:
    locked = await transaction.accounts.find(account.account_id, lock=True) or account
    if locked.display_name:
        return locked
    named = locked.changed(display_name=name)
    await transaction.accounts.save(named)
    return named
