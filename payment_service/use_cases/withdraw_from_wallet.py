"""Send money of a rider's wallet back to the cards that it came from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payment_service.domain.amounts import refuse_nothing
from payment_service.domain.ledger import Account, AccountKind, Posting
from payment_service.domain.operation import Operation
from payment_service.domain.payment import Payment
from payment_service.domain.refund import BorneBy
from payment_service.domain.withdrawal import Withdrawal, WithdrawalPart, split_over
from payment_service.use_cases.answers import Withdrawn
from payment_service.use_cases.begin_refund import begin_refund
from payment_service.use_cases.mutate import Mutate, Step, UnresolvedError
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.rider_accounts import wallet_account
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, Unknown
from shared_kernel.ids import IdSource
from shared_kernel.money import Money

_REASON = "withdrawn from the wallet"
_MAX_TOP_UPS = 200
"""How many top-ups are looked at, the newest first."""


class WithdrawFromWallet:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, rider_id: UUID, amount: Money) -> Withdrawal:
        """Return the withdrawal; its refunds are sent afterwards, and each ends by itself.

        Raises:
            InvalidInput: `invalid_amount`.
            Conflict: `insufficient_wallet`, `exceeds_top_ups`, `too_many_top_ups`.
            Unknown: `outcome_unknown`, another operation on a top-up that is needed is not settled yet.
        """
        refuse_nothing(amount)

        async def begin(work: Work) -> Step:
            # One at a time, and before the top-ups: whoever locks several of a rider's holds this.
            await work.payment_methods.lock_rider(rider_id)
            parts = await self._planned(work, rider_id, amount)
            await _refuse_beyond_wallet(work, rider_id, amount)
            now = self._clock.now()
            begun = [await self._begin(work, top_up, part, now) for top_up, part in parts]
            withdrawal = Withdrawal(self._ids(), rider_id, amount, tuple(begun), now)
            await work.withdrawals.insert(withdrawal)
            return Withdrawn(withdrawal.id)

        answer = await self._mutate(request, begin)
        if not isinstance(answer, Withdrawn):
            raise Unknown("outcome_unknown", "a refund of a top-up is not settled yet", retry_after_seconds=1.0)
        async with self._store.transaction() as work:
            return await work.withdrawals.get(answer.withdrawal_id)

    async def _planned(self, work: Work, rider_id: UUID, amount: Money) -> Sequence[tuple[Payment, Money]]:
        """Return what goes back by which top-up; those that something is under way with are left out if possible."""
        top_ups = await work.payments.lock_top_ups(rider_id, amount.currency_code, _MAX_TOP_UPS)
        free: list[Payment] = []
        busy: list[Operation] = []
        for top_up in top_ups:
            if any(status.bars_refunds for status in await work.disputes.statuses_of_payment(top_up.id)):
                continue
            operation = await work.operations.open_of(top_up.id)
            if operation is None:
                free.append(top_up)
            else:
                busy.append(operation)
        try:
            return split_over(free, amount)
        except Conflict:
            if busy:
                raise UnresolvedError(busy[0].id) from None
            raise

    async def _begin(self, work: Work, top_up: Payment, amount: Money, now: datetime) -> WithdrawalPart:
        # Without a lease: the withdrawal is answered now, and the sweep sends this.
        refund, _ = await begin_refund(
            work,
            top_up.refund_begun(amount),
            amount,
            BorneBy.PROPORTIONAL,
            (Posting(wallet_account(top_up), amount),),
            _REASON,
            now,
            self._ids,
            lease_seconds=0,
        )
        return WithdrawalPart(refund.id, top_up.id, amount, refund.status)


async def _refuse_beyond_wallet(work: Work, rider_id: UUID, amount: Money) -> None:
    wallet = Account(AccountKind.RIDER_WALLET, str(rider_id))
    available = (await work.ledger.lock(wallet, currency_code=amount.currency_code))[wallet].available
    if available < amount:
        metadata = {"available_minor": str(available.amount_minor), "currency_code": amount.currency_code}
        raise Conflict("insufficient_wallet", f"no more than {available} is available", metadata=metadata)
