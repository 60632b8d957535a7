"""Show the journal of a ride's payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payment_service.domain.ledger import JournalEntry
from payment_service.use_cases.get_payment import visible_payment
from payment_service.use_cases.ports import Store


class ListJournalEntries:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self, ride_id: UUID, limit: int, after: tuple[datetime, UUID] | None = None
    ) -> Sequence[JournalEntry]:
        """Return a page of the entries, oldest first, after the (created_at, id) of the last page.

        Raises:
            NotFound: `payment_not_found`, the ride has no payment.
        """
        async with self._store.snapshot() as work:
            await visible_payment(work, ride_id, None)
            payments = await work.payments.all_of_ride(ride_id)
            return await work.ledger.entries_of([payment.id for payment in payments], limit, after)
