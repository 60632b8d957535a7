"""Keep the bank account that a driver is paid to, known to the PSP by a token."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.operation import Operation
from payment_service.domain.payout_account import PayoutAccount
from payment_service.domain.payout_orders import AddBankOrder
from payment_service.use_cases.answers import Recorded
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, Unknown
from shared_kernel.ids import IdSource


class SetPayoutAccount:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, driver_id: UUID, token: str, country_code: str) -> PayoutAccount:
        """Return the account; payouts that are under way go where they were going.

        Raises:
            Conflict: `payout_account_refused`, or `payout_account_replaced` where a later one took its place.
            InvalidInput: `invalid_bank_token`.
            Unknown: `outcome_unknown`, the PSP did not answer; the same request with the same key will tell.
        """

        async def begin(work: Work) -> Step:
            await work.payout_accounts.know_driver(driver_id)
            operation = Operation.begin(
                self._ids(), AddBankOrder(driver_id, token, country_code), self._clock.now(), self._settle.lease_seconds
            )
            await work.operations.insert(operation)
            return operation

        answer = await self._mutate(request, begin)
        if not isinstance(answer, Recorded):
            raise Unknown("outcome_unknown", "the PSP has not answered yet", retry_after_seconds=1.0)
        async with self._store.snapshot() as work:
            account = await work.payout_accounts.set_by(answer.id)
        if account is None:
            raise Conflict("payout_account_replaced", "another bank account was set after this one")
        return account
