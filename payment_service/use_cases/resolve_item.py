"""Resolve an open item: explain it, or book its difference."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from payment_service.domain.ledger import AccountKind
from payment_service.domain.reconciliation import Item, Resolution, resolution_entries
from payment_service.use_cases.answers import ItemResolved
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.reconciliation_repository import MatchState
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput, Unknown
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """What an operator decided of an item; the account is told where the difference is booked.

    `seen_amount` is the difference that they decided on; None where it was not told.
    """

    item_id: UUID
    resolution: Resolution
    account_kind: str
    note: str
    by: str
    seen_amount: Money | None = None


class ResolveItem:
    """The use case."""

    def __init__(self, store: Store, mutate: Mutate, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, decision: ItemDecision) -> Item:
        """Return the item as it stands now.

        Raises:
            NotFound: `item_not_found`.
            Conflict: `item_closed`, `item_changed`, `item_in_suspense`, `item_moves_no_money`.
            InvalidInput: `invalid_account`.
        """
        account = _account(decision.account_kind)

        async def begin(work: Work) -> Step:
            now = self._clock.now()
            item = await work.reconciliation.lock_item(decision.item_id)
            resolved = item.resolved(decision.resolution, decision.note, decision.by, now, decision.seen_amount)
            for entry in resolution_entries(item, decision.resolution, account, (self._ids(), self._ids()), now):
                await work.ledger.post(entry)
            await work.reconciliation.save_item(resolved)
            if item.psp_transaction_id is not None:
                await work.reconciliation.mark(MatchState.RESOLVED, [item.psp_transaction_id])
            if item.subject is not None:
                await work.reconciliation.resolve_subject(item.subject.id)
            return ItemResolved(item.id)

        answer = await self._mutate(request, begin)
        if not isinstance(answer, ItemResolved):
            raise Unknown("outcome_unknown", "the item is being resolved", retry_after_seconds=1.0)
        async with self._store.snapshot() as work:
            return await work.reconciliation.get_item(answer.item_id)


def _account(kind: str) -> AccountKind | None:
    try:
        return AccountKind(kind) if kind else None
    except ValueError:
        violation = FieldViolation("account_kind", "is not a kind of account")
        raise InvalidInput("invalid_account", "there is no such kind of account", violations=[violation]) from None
