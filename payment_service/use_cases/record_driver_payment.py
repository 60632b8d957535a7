"""Take down money that a driver paid in at a desk, for debts that cash rides left."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.use_cases.answers import Recorded
from payment_service.use_cases.driver_repository import DriverPayment
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Work
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.ids import IdSource
from shared_kernel.money import Money


class RecordDriverPayment:
    """The use case."""

    def __init__(self, mutate: Mutate, clock: Clock, ids: IdSource) -> None:
        self._mutate = mutate
        self._clock = clock
        self._ids = ids

    async def __call__(
        self, request: RequestKey, driver_id: UUID, amount: Money, reference: str, recorded_by: str
    ) -> UUID:
        """Return the record's id; `invalid_amount` (InvalidInput) for zero or less."""
        if amount.amount_minor <= 0:
            violation = FieldViolation("amount.amount_minor", "must be above zero")
            raise InvalidInput("invalid_amount", "the amount must be above zero", violations=[violation])

        async def begin(work: Work) -> Step:
            payment = DriverPayment(self._ids(), driver_id, amount, reference, recorded_by, self._clock.now())
            await work.driver_books.record_payment(payment)
            postings = (
                Posting(Account(AccountKind.BANK), amount),
                Posting(Account(AccountKind.DRIVER, str(driver_id)), -amount),
            )
            await work.ledger.post(
                JournalEntry(self._ids(), EntryKind.DRIVER_PAYMENT, payment.id, None, payment.created_at, postings)
            )
            return Recorded(payment.id)

        answer = await self._mutate(request, begin)
        if not isinstance(answer, Recorded):
            raise ValueError("a payment at a desk is answered at once")
        return answer.id
