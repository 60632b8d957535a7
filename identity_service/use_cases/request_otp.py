"""Ask for a one-time code by SMS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from identity_service.domain.code_budgets import BudgetLimits
from identity_service.domain.one_time_codes import LIFETIME, Challenge, CodeLimits, OwedCode, resend_delay, throttled
from identity_service.domain.phone_numbers import check_phone_number, country_of
from identity_service.domain.texts import clean_locale
from identity_service.use_cases.hand_over_codes import HandOverCodes
from identity_service.use_cases.ports import Store, Transaction
from identity_service.use_cases.secret_ports import Ciphers, RandomSource
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource


@dataclass(frozen=True, slots=True)
class CodeRequested:
    """Until when the code counts, and from when another may be asked for."""

    expires_at: datetime
    next_request_at: datetime


class RequestOtp:
    """Makes a code, owes it, and hands it over to notification.

    Nothing here looks at accounts, so the answer and the time it takes are the same for known and unknown numbers. Once
    the code is owed the request has succeeded: if notification does not take it now, the sweep hands it over later.
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
        fictional_numbers_allowed: bool,
    ) -> None:
        self._store = store
        self._hand_over = hand_over
        self._ciphers = ciphers
        self._random = random
        self._limits = limits
        self._budgets = budgets
        self._clock = clock
        self._new_id = new_id
        self._fictional_numbers_allowed = fictional_numbers_allowed

    async def __call__(
        self, request_id: str, phone_number: str, locale: str, *, device_id: str = "", address: str = ""
    ) -> CodeRequested:
        """Owe a code to a phone. The same request id does not owe a second one.

        `device_id` and `address` (`address_key`) are what asked, empty where nobody knows.

        Raises:
            InvalidInput: `phone_not_supported`, `invalid_argument`.
            LimitExceeded: `otp_throttled`.
            Conflict: `idempotency_key_reused`, the request id came before with another language.
        """
        number = check_phone_number(phone_number, fictional_allowed=self._fictional_numbers_allowed)
        language = clean_locale("locale", locale)
        charges = self._budgets.charges(number, country_of(number), device_id, address)
        now = self._clock.now()
        async with self._store.transaction() as transaction:
            allowance = await transaction.challenges.lock_allowance(number, now)
            known = await transaction.challenges.find_request(number, request_id)
            if known is not None:
                if known.locale != language:
                    raise Conflict(
                        "idempotency_key_reused", "this key came before with a different request: make a new one"
                    )
                return CodeRequested(known.expires_at, known.next_request_at)
            spent = allowance.spend(self._limits, now)
            await self._check_overall(transaction, now)
            await transaction.challenges.save_allowance(number, spent)
            challenge_id, code = self._new_id(), self._random.code()
            challenge = Challenge(
                challenge_id,
                request_id,
                language,
                self._ciphers.code_digest(challenge_id, code),
                created_at=now,
                expires_at=now + LIFETIME,
                next_request_at=spent.next_request_at,
            )
            owed = OwedCode(challenge_id, number, code, language, challenge.expires_at)
            await transaction.challenges.replace(challenge, owed, now + resend_delay(1))
            # Last, because all who ask for codes share these rows.
            begins_anew = await transaction.challenges.charge(charges, now)
            if begins_anew is not None:
                raise throttled((begins_anew - now).total_seconds())
        await self._hand_over.one(owed)
        return CodeRequested(challenge.expires_at, challenge.next_request_at)

    async def _check_overall(self, transaction: Transaction, now: datetime) -> None:
        """Hold the brake on spending. Requests under way do not see each other, so it may overshoot by those."""
        most = self._limits.overall_per_minute
        if await transaction.challenges.count_since(now - timedelta(minutes=1), most) >= most:
            raise throttled(60.0)
