"""Send a payout again: at once where it waits, and as a payout of its own where it came to nothing."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.payout import Payout, PayoutKind, PayoutStatus
from payment_service.use_cases import payout_steps
from payment_service.use_cases.answers import Recorded
from payment_service.use_cases.get_payout import recorded_payout
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.payout_psp import PayoutProvider
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource


class RetryPayout:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, psp: PayoutProvider, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._psp = psp
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, payout_id: UUID) -> Payout:
        """Return the payout that is under way now: the same one, or the one in its place, of which there is one only.

        Raises:
            NotFound: `payout_not_found`.
            Conflict: `invalid_transition` where it is with the bank, `payout_account_missing`, `insufficient_balance`.
        """

        async def begin(work: Work) -> Step:
            payout = await work.payouts.lock(payout_id)
            match payout.status:
                case PayoutStatus.PENDING | PayoutStatus.RECOVERING:
                    waits = bool(payout.waiting_reason)
                    await work.operations.hurry(payout.id, self._clock.now(), even_leased=waits)
                    return Recorded(payout.id)
                case PayoutStatus.FAILED | PayoutStatus.RETURNED:
                    return Recorded((await self._in_place_of(work, payout)).id)
                case PayoutStatus.SENT | PayoutStatus.PAID:
                    message = f"a payout that is {payout.status} is with the bank: there is nothing to retry"
                    raise Conflict("invalid_transition", message, metadata={"status": payout.status.value})

        return await recorded_payout(self._store, await self._mutate(request, begin))

    async def _in_place_of(self, work: Work, failed: Payout) -> Payout:
        earlier = await work.payouts.in_place_of(failed.id)
        if earlier is not None:
            return earlier
        account = await payout_steps.account_of(work, failed.driver_id, failed.currency_code)
        there = await payout_steps.available(work, account)
        amount = self._psp.payable(failed.amount)
        if there < amount or not amount.amount_minor:
            facts = {"available_minor": str(there.amount_minor)}
            raise Conflict("insufficient_balance", f"{there} can be paid out", metadata=facts)
        payout = await payout_steps.ask(
            work, account, amount, PayoutKind.RETRY, self._clock.now(), self._ids, retry_of=failed
        )
        if payout is None:
            raise ValueError(f"payout {failed.id} was retried by somebody who did not hold its lock")
        return payout
