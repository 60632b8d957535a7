"""Let staff find people without seeing more of them than they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from identity_service.domain.accounts import Account, Contact
from identity_service.domain.actors import ActingStaff
from identity_service.domain.audit import Act
from identity_service.domain.drivers import DriverStatus
from identity_service.domain.roles import STAFF_ROLES
from identity_service.domain.sign_ins import SignInRole
from identity_service.domain.texts import clean_text
from identity_service.use_cases.ports import Store, Transaction
from shared_kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Person:
    """An account as staff see it: masked."""

    account: Account
    driver_status: DriverStatus | None
    granted_roles: Sequence[SignInRole]


class LookAtPeople:
    """Finds people, and tells a phone number in clear against a reason that stays in the audit log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, phone_number: str) -> Person:
        """Return the person with a phone number. Raises NotFound `account_not_found`."""
        async with self._store.transaction() as transaction:
            return await person_of(transaction, await transaction.accounts.find_by_phone(phone_number))

    async def get(self, account_id: UUID) -> Person:
        """Return a person. Raises NotFound `account_not_found`."""
        async with self._store.transaction() as transaction:
            return await person_of(transaction, await transaction.accounts.find(account_id))

    async def unmask(self, staff: ActingStaff, account_id: UUID, reason: str) -> Contact:
        """Return a phone number and a mail address in clear.

        Raises:
            NotFound: `account_not_found`.
            InvalidInput: `invalid_argument`.
        """
        why = clean_text("reason", reason)
        async with self._store.transaction() as transaction:
            contact = await transaction.accounts.contact(account_id)
            if contact is None:
                raise _not_found()
            await transaction.audit.append(Act(staff, "phone_unmasked", "account", str(account_id), why))
        # After the commit: what is not in the log is not told.
        return contact


async def person_of(transaction: Transaction, account: Account | None) -> Person:
    """Return an account as staff see it. Raises NotFound `account_not_found` of none."""
    if account is None:
        raise _not_found()
    driver = await transaction.drivers.find(account.account_id)
    roles = [role for role in sorted(STAFF_ROLES) if await transaction.roles.has(account.account_id, role)]
    return Person(account, driver.status if driver else None, roles)


def _not_found() -> NotFound:
    return NotFound("account_not_found", "there is no such account")
