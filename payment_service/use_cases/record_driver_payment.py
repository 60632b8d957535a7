"""Take down money that a driver paid in at a desk, for debts that cash rides left."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.amounts import refuse_nothing
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from payment_service.use_cases.answers import Recorded
from payment_service.use_cases.driver_repository import DriverPayment
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Work
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.ids import IdSource
from shared_kernel.money import MAX_AMOUNT_MINOR, Money


class RecordDriverPayment:
    """The use case."""

    def __init__(self, mutate: Mutate, clock: Clock, ids: IdSource) -> None:
        self._mutate = mutate
        self._clock = clock
        self._ids = ids

    async def __call__(
        self, request: RequestKey, driver_id: UUID, amount: Money, reference: str, recorded_by: str
    ) -> UUID:
        """Return the record's id.

        Raises:
            InvalidInput: `invalid_amount`, also where more would be owed to the driver than one amount may be.
        """
        refuse_nothing(amount)

        async def begin(work: Work) -> Step:
            # The balance first, as everywhere. An account that nothing came to yet has none: so the driver as well.
            await work.ledger.lock(Account(AccountKind.DRIVER, str(driver_id)), currency_code=amount.currency_code)
            await work.terms.lock_driver(driver_id)
            await _refuse_more_than_can_be_told(work, driver_id, amount)
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


async def _refuse_more_than_can_be_told(work: Work, driver_id: UUID, amount: Money) -> None:
    account = Account(AccountKind.DRIVER, str(driver_id))
    standing = (await work.ledger.lock(account, currency_code=amount.currency_code))[account].amount
    if standing.amount_minor + amount.amount_minor > MAX_AMOUNT_MINOR:
        violation = FieldViolation("amount.amount_minor", f"must be at most {MAX_AMOUNT_MINOR - standing.amount_minor}")
        raise InvalidInput("invalid_amount", "the driver would be owed too much", violations=[violation])
