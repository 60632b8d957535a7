"""Accounts in Postgres; the phone number sealed, and found by its blind index."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.ciphers import OLD_FORM, PhoneVault
from identity_service.adapters.postgres_mail_addresses import USE as MAIL
from identity_service.adapters.postgres_person_keys import PostgresPersonKeys
from identity_service.adapters.tables import accounts, mail_addresses, person_keys
from identity_service.domain.accounts import Account, Contact

_COLUMNS = (
    accounts.c.account_id,
    accounts.c.display_name,
    accounts.c.phone_last_digits,
    accounts.c.locale,
    accounts.c.created_at,
    accounts.c.version,
)
# Asked for on every ride, and so written once: to write a statement anew costs as much as to have it answered.
_CONTACT = (
    select(
        accounts.c.phone_sealed,
        accounts.c.locale,
        accounts.c.display_name,
        mail_addresses.c.address_sealed,
        person_keys.c.wrapped_key,
    )
    .select_from(
        accounts.outerjoin(mail_addresses).outerjoin(person_keys, person_keys.c.account_id == accounts.c.account_id)
    )
    .where(accounts.c.account_id == bindparam("of_account", type_=accounts.c.account_id.type))
)


class PostgresAccounts:
    """Accounts as one transaction sees them."""

    def __init__(self, connection: AsyncConnection, vault: PhoneVault) -> None:
        self._connection = connection
        self._vault = vault
        self._keys = PostgresPersonKeys(connection, vault)

    async def find(self, account_id: UUID, *, lock: bool = False) -> Account | None:
        """Return an account, locked until the transaction ends if asked to."""
        query = select(*_COLUMNS).where(accounts.c.account_id == account_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return _account(row) if row else None

    async def find_by_phone(self, phone_number: str) -> Account | None:
        """Return the account of a number."""
        query = select(*_COLUMNS).where(accounts.c.phone_index == self._vault.index(phone_number))
        row = (await self._connection.execute(query)).first()
        return _account(row) if row else None

    async def find_or_add(self, account: Account, phone_number: str) -> tuple[Account, bool]:
        """Return the account of a number, added if there was none, and whether it was."""
        index = self._vault.index(phone_number)
        by_number = select(*_COLUMNS).where(accounts.c.phone_index == index)
        row = (await self._connection.execute(by_number)).first()
        if row is not None:
            return _account(row), False
        vault, wrapped = self._vault.new_key(account.account_id)
        # Insert first, and let the unique index choose among those who do so at once; the others wait for the winner.
        added = (
            insert(accounts)
            .values(
                account_id=account.account_id,
                phone_index=index,
                phone_sealed=vault.seal("phone", phone_number.encode()),
                phone_last_digits=account.phone_last_digits,
                display_name=account.display_name,
                locale=account.locale,
                created_at=account.created_at,
                version=account.version,
            )
            .on_conflict_do_nothing(index_elements=[accounts.c.phone_index])
            .returning(accounts.c.account_id)
        )
        if (await self._connection.execute(added)).first() is not None:
            await self._keys.add(account.account_id, wrapped, account.created_at)
            return account, True
        return _account((await self._connection.execute(by_number)).one()), False

    async def save(self, account: Account) -> None:
        """Write what can change."""
        await self._connection.execute(
            update(accounts)
            .where(accounts.c.account_id == account.account_id)
            .values(display_name=account.display_name, locale=account.locale, version=account.version)
        )

    async def contact(self, account_id: UUID) -> Contact | None:
        """Open the number of an account."""
        row = (await self._connection.execute(_CONTACT, {"of_account": account_id})).first()
        if row is None:
            return None
        if row.phone_sealed[0] == OLD_FORM:
            return Contact(self._vault.open_phone(account_id, row.phone_sealed), row.locale, row.display_name)
        if not row.wrapped_key:
            return None
        vault = self._vault.person(account_id, row.wrapped_key)
        mail = vault.open(MAIL, row.address_sealed).decode() if row.address_sealed else ""
        return Contact(vault.open("phone", row.phone_sealed).decode(), row.locale, row.display_name, mail)

    async def reseal(self, at_most: int, now: datetime) -> int:
        """Seal numbers that the key of all sealed with the people's own keys; return how many were looked at."""
        by_the_key_of_all = (
            select(accounts.c.account_id, accounts.c.phone_sealed)
            .where(func.get_byte(accounts.c.phone_sealed, 0) == OLD_FORM)
            .limit(at_most)
            .with_for_update(skip_locked=True)
        )
        rows = (await self._connection.execute(by_the_key_of_all)).all()
        for row in rows:
            number = self._vault.open_phone(row.account_id, row.phone_sealed)
            vault = await self._keys.find_or_add(row.account_id, now)
            if vault is None:
                continue
            sealed = vault.seal("phone", number.encode())
            await self._connection.execute(
                update(accounts).where(accounts.c.account_id == row.account_id).values(phone_sealed=sealed)
            )
        return len(rows)


def _account(row: Any) -> Account:
    return Account(
        row.account_id, row.display_name, row.phone_last_digits, row.locale, row.created_at, version=row.version
    )
