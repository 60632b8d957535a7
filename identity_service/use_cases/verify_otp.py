"""Trade a one-time code for tokens."""

from __future__ import annotations

import hmac
from datetime import datetime
from uuid import UUID

from identity_service.domain.accounts import Account
from identity_service.domain.code_budgets import BudgetLimits
from identity_service.domain.events import OneTimeCodeClosed
from identity_service.domain.one_time_codes import Challenge, code_invalid, throttled
from identity_service.domain.phone_numbers import country_of, last_digits
from identity_service.domain.roles import STAFF_ROLES, not_granted
from identity_service.domain.sign_ins import SignInRole
from identity_service.domain.texts import clean_text
from identity_service.use_cases.begin_sign_in import BeginSignIn, SignedIn
from identity_service.use_cases.ports import Store, Transaction
from identity_service.use_cases.secret_ports import Ciphers
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource

_NOBODY = UUID(int=0)


class VerifyOtp:
    """Checks a guess, makes the account at the first sign-in, and begins the device's refresh family."""

    def __init__(
        self,
        store: Store,
        ciphers: Ciphers,
        begin: BeginSignIn,
        budgets: BudgetLimits,
        clock: Clock,
        new_id: IdSource,
    ) -> None:
        self._store = store
        self._ciphers = ciphers
        self._begin = begin
        self._budgets = budgets
        self._clock = clock
        self._new_id = new_id

    async def __call__(
        self, phone_number: str, code: str, role: SignInRole, device_id: str, address: str = ""
    ) -> SignedIn:
        """Sign a device in.

        Raises:
            Unauthenticated: `otp_invalid`, whatever is wrong with the code.
            LimitExceeded: `otp_throttled`, after too many wrong guesses from one address.
            PermissionRefused: `role_not_granted`, where the code is used up all the same; `account_being_erased`.
            InvalidInput: `invalid_argument`.
        """
        device = clean_text("device_id", device_id)
        now = self._clock.now()
        guess = self._budgets.guess(address)
        signed_in: SignedIn | None = None
        granted = True
        async with self._store.transaction() as transaction:
            begins_anew = await transaction.challenges.used_up(guess, now) if guess else None
            if begins_anew is not None:
                raise throttled((begins_anew - now).total_seconds())
            # The row's lock makes guesses queue, so that the fifth is counted before a sixth is compared.
            challenge = await transaction.challenges.lock_open(phone_number)
            right = self._is_right(challenge, code)
            if challenge is not None and challenge.takes_guess(now):
                guessed = challenge.guessed(right=right, now=now)
                await transaction.challenges.save(guessed)
                if guessed.closed_at is not None and self._budgets.may_call(country_of(phone_number)):
                    # Whoever has used a code is not to be called to hear it.
                    await transaction.record(OneTimeCodeClosed(challenge.challenge_id))
                granted = not right or await self._is_granted(transaction, phone_number, role)
                if right and granted:
                    signed_in = await self._sign_in(
                        transaction, phone_number, challenge.locale, role=role, device_id=device, now=now
                    )
            if signed_in is None and guess is not None:
                await transaction.challenges.charge([guess], now)
        # After the commit: a wrong guess must count.
        if not granted:
            raise not_granted()
        if signed_in is None:
            raise code_invalid()
        return signed_in

    async def _is_granted(self, transaction: Transaction, phone_number: str, role: SignInRole) -> bool:
        if role not in STAFF_ROLES:
            return True
        account = await transaction.accounts.find_by_phone(phone_number)
        return account is not None and await transaction.roles.has(account.account_id, role, lock=True)

    def _is_right(self, challenge: Challenge | None, code: str) -> bool:
        # Digested even without a challenge, so that the time does not tell whether a code was asked for.
        digest = self._ciphers.code_digest(challenge.challenge_id if challenge else _NOBODY, code)
        return hmac.compare_digest(digest, challenge.code_digest if challenge else bytes(len(digest)))

    async def _sign_in(
        self,
        transaction: Transaction,
        phone_number: str,
        locale: str,
        *,
        role: SignInRole,
        device_id: str,
        now: datetime,
    ) -> SignedIn:
        account, new_account = await transaction.accounts.find_or_add(
            Account(self._new_id(), "", last_digits(phone_number), locale, now), phone_number
        )
        return await self._begin(transaction, account, new_account=new_account, role=role, device_id=device_id, now=now)
