"""Keep the mail address that a code has proved, and forget it."""

from __future__ import annotations

import hmac
from uuid import UUID

from identity_service.domain.code_budgets import BudgetLimits
from identity_service.domain.events import MailAddressChanged
from identity_service.domain.mail_addresses import MailAddress, challenge_subject, clean_mail_address, taken
from identity_service.domain.one_time_codes import Challenge, throttled
from identity_service.use_cases.ports import Store, Transaction
from identity_service.use_cases.secret_ports import Ciphers
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput, NotFound


class KeepMailAddress:
    """Verifies, reads and removes one's own address."""

    def __init__(self, store: Store, ciphers: Ciphers, budgets: BudgetLimits, clock: Clock) -> None:
        self._store = store
        self._ciphers = ciphers
        self._budgets = budgets
        self._clock = clock

    async def verify(self, account_id: UUID, mail_address: str, code: str) -> MailAddress:
        """Trade a code for the address.

        Raises:
            InvalidInput: `invalid_argument`; `code_invalid`, whatever is wrong with the code.
            LimitExceeded: `otp_throttled`, after too many wrong guesses by one account.
            AlreadyExists: `mail_address_taken`, where the code is used up all the same.
            NotFound: `account_not_found`.
        """
        address, now = clean_mail_address(mail_address), self._clock.now()
        guess = self._budgets.guess(f"account {account_id}")
        right, kept = False, False
        async with self._store.transaction() as transaction:
            begins_anew = await transaction.challenges.used_up(guess, now) if guess else None
            if begins_anew is not None:
                raise throttled((begins_anew - now).total_seconds())
            # The account's lock first, as everywhere; the challenge's makes guesses queue.
            account = await transaction.accounts.find(account_id, lock=True)
            if account is None:
                raise NotFound("account_not_found", "there is no such account")
            challenge = await transaction.challenges.lock_open(challenge_subject(account_id, address))
            if challenge is not None and challenge.takes_guess(now):
                right = self._is_right(challenge, code)
                await transaction.challenges.save(challenge.guessed(right=right, now=now))
            if right:
                kept = await transaction.mail_addresses.keep(account_id, address, now)
            if kept:
                await self._tell(transaction, account_id)
            if not right and guess is not None:
                await transaction.challenges.charge([guess], now)
        # After the commit: a wrong guess must count, and a right one is used up.
        if not right:
            violation = FieldViolation("code", "must be the last code that was sent to this address")
            # Not Unauthenticated: the caller is signed in, and an app would ask for new tokens.
            raise InvalidInput("code_invalid", "the code is wrong or no longer valid", violations=[violation])
        if not kept:
            raise taken()
        return MailAddress(address, now)

    async def read(self, account_id: UUID) -> MailAddress:
        """Return a person's own. Raises NotFound `mail_address_not_found`."""
        async with self._store.transaction() as transaction:
            found = await transaction.mail_addresses.of(account_id)
        if found is None:
            raise NotFound("mail_address_not_found", "there is no mail address: ask for a code to keep one")
        return found

    async def remove(self, account_id: UUID) -> None:
        """Forget a person's own; nothing where there is none."""
        async with self._store.transaction() as transaction:
            if await transaction.accounts.find(account_id, lock=True) is None:
                return
            if await transaction.mail_addresses.remove(account_id):
                await self._tell(transaction, account_id)

    async def _tell(self, transaction: Transaction, account_id: UUID) -> None:
        account = await transaction.accounts.find(account_id)
        version = 1 if account is None else account.version
        await transaction.record(MailAddressChanged(account_id, version))

    def _is_right(self, challenge: Challenge, code: str) -> bool:
        return hmac.compare_digest(self._ciphers.code_digest(challenge.challenge_id, code), challenge.code_digest)
