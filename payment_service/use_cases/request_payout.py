"""Pay a driver out on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from payment_service.domain.payout import Payout, PayoutKind
from payment_service.use_cases import payout_steps
from payment_service.use_cases.answers import Recorded
from payment_service.use_cases.get_payout import recorded_payout
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.payout_psp import PayoutProvider
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput, LimitExceeded
from shared_kernel.ids import IdSource
from shared_kernel.money import Money

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PayoutLimits:
    """The least that is paid out (minor units of any currency), and how often on demand within 24 hours."""

    minimum_minor: int
    on_demand_a_day: int


class RequestPayout:
    """The use case."""

    def __init__(
        self, store: Store, mutate: Mutate, psp: PayoutProvider, clock: Clock, ids: IdSource, limits: PayoutLimits
    ) -> None:
        self._store = store
        self._mutate = mutate
        self._psp = psp
        self._clock = clock
        self._ids = ids
        self._limits = limits

    async def __call__(self, request: RequestKey, driver_id: UUID, asked: Money) -> Payout:
        """Return the payout; an amount of zero asks for all that is available and can be paid out.

        Raises:
            InvalidInput: `invalid_amount`, the PSP does not pay this currency to so small a digit.
            Conflict: `payout_account_missing`, `insufficient_balance`, `below_minimum`; `too_many_payouts` where none
                can be asked for at all.
            LimitExceeded: `too_many_payouts`, with when there is room for another.
        """

        async def begin(work: Work) -> Step:
            payable = self._psp.payable(asked)
            if payable < asked:
                violation = FieldViolation("amount_minor", f"no more than {payable.amount_minor} of it can be paid out")
                raise InvalidInput("invalid_amount", "the amount has too small a digit", violations=[violation])
            account = await payout_steps.account_of(work, driver_id, asked.currency_code)
            # The lock of the balance also lets one of two that ask at once count the other.
            there = self._psp.payable(await payout_steps.available(work, account))
            amount = asked if asked.amount_minor else there
            self._refuse(amount, there)
            now = self._clock.now()
            self._refuse_beyond_a_day(await work.payouts.asked_since(driver_id, PayoutKind.ON_DEMAND, now - _DAY), now)
            payout = await payout_steps.ask(work, account, amount, PayoutKind.ON_DEMAND, now, self._ids)
            if payout is None:
                raise ValueError("a payout on demand is never there already")
            return Recorded(payout.id)

        return await recorded_payout(self._store, await self._mutate(request, begin))

    def _refuse(self, amount: Money, there: Money) -> None:
        facts = {"available_minor": str(there.amount_minor), "minimum_minor": str(self._limits.minimum_minor)}
        if amount.amount_minor <= 0 or there < amount:
            raise Conflict("insufficient_balance", f"{there} can be paid out", metadata=facts)
        if amount.amount_minor < self._limits.minimum_minor:
            least = Money(amount.currency_code, self._limits.minimum_minor)
            raise Conflict("below_minimum", f"{least} is the least that is paid out", metadata=facts)

    def _refuse_beyond_a_day(self, asked_at: Sequence[datetime], now: datetime) -> None:
        most = self._limits.on_demand_a_day
        if not most:
            raise Conflict("too_many_payouts", "payouts cannot be asked for here: they come by themselves")
        if len(asked_at) >= most:
            # There is room once the first of the last `most` is a day old.
            again = (asked_at[-most] + _DAY - now).total_seconds()
            raise LimitExceeded(
                "too_many_payouts",
                f"at most {most} payouts a day can be asked for",
                retry_after_seconds=max(1.0, again),
            )
