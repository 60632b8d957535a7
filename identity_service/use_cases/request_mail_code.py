"""Ask for a one-time code by mail, to prove that an address is one's own."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from identity_service.domain.code_budgets import BudgetLimits
from identity_service.domain.mail_addresses import challenge_subject, clean_mail_address, same_mailbox
from identity_service.domain.one_time_codes import LIFETIME, Challenge, CodeLimits, OwedCode, resend_delay, throttled
from identity_service.use_cases.hand_over_codes import HandOverCodes
from identity_service.use_cases.ports import Store
from identity_service.use_cases.request_otp import CodeRequested
from identity_service.use_cases.secret_ports import Ciphers, RandomSource
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound
from shared_kernel.ids import IdSource


class RequestMailCode:
    """Makes a code, owes it, and hands it over to notification, with the limits that phones have.

    It does not look whether somebody has the address, so the answer is the same for all.
    """

    def __init__(
        self,
        *,
        store: Store,
        hand_over: HandOverCodes,
        ciphers: Ciphers,
        random: RandomSource,
        limits: CodeLimits,
        budgets: BudgetLimits,
        clock: Clock,
        new_id: IdSource,
    ) -> None:
        self._store = store
        self._hand_over = hand_over
        self._ciphers = ciphers
        self._random = random
        self._limits = limits
        self._budgets = budgets
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, account_id: UUID, request_id: str, mail_address: str) -> CodeRequested:
        """Owe a code to an address. The same request id does not owe a second one.

        Raises:
            InvalidInput: `invalid_argument`.
            LimitExceeded: `otp_throttled`.
            NotFound: `account_not_found`.
        """
        address = clean_mail_address(mail_address)
        subject, now = challenge_subject(account_id, address), self._clock.now()
        async with self._store.transaction() as transaction:
            account = await transaction.accounts.find(account_id)
            if account is None:
                raise NotFound("account_not_found", "there is no such account")
            allowance = await transaction.challenges.lock_allowance(subject, now)
            known = await transaction.challenges.find_request(subject, request_id)
            if known is not None:
                return CodeRequested(known.expires_at, known.next_request_at)
            spent = allowance.spend(self._limits, now)
            most = self._limits.overall_per_minute
            if await transaction.challenges.count_since(now - timedelta(minutes=1), most) >= most:
                raise throttled(60.0)
            await transaction.challenges.save_allowance(subject, spent)
            challenge_id, code = self._new_id(), self._random.code()
            challenge = Challenge(
                challenge_id,
                request_id,
                account.locale,
                self._ciphers.code_digest(challenge_id, code),
                created_at=now,
                expires_at=now + LIFETIME,
                next_request_at=spent.next_request_at,
            )
            owed = OwedCode(challenge_id, address, code, account.locale, challenge.expires_at, subject)
            await transaction.challenges.replace(challenge, owed, now + resend_delay(1))
            charges = self._budgets.mail_charges(account_id, same_mailbox(address))
            begins_anew = await transaction.challenges.charge(charges, now)
            if begins_anew is not None:
                raise throttled((begins_anew - now).total_seconds())
        await self._hand_over.one(owed)
        return CodeRequested(challenge.expires_at, challenge.next_request_at)
