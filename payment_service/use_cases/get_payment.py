"""Show the payment of a ride."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.payment import Payment
from payment_service.use_cases.ports import Store, Work
from shared_kernel.errors import NotFound


class GetPayment:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, ride_id: UUID, only_of_rider: UUID | None) -> Payment:
        """Return a ride's payment; with `only_of_rider` another rider's is `payment_not_found` (NotFound)."""
        async with self._store.snapshot() as work:
            return await visible_payment(work, ride_id, only_of_rider)


async def visible_payment(work: Work, ride_id: UUID, only_of_rider: UUID | None) -> Payment:
    """Return a ride's payment if the reader may see it, else NotFound `payment_not_found`."""
    payment = await work.payments.get_of_ride(ride_id)
    if payment is None or (only_of_rider is not None and payment.rider_id != only_of_rider):
        raise NotFound("payment_not_found", "there is no payment for this ride")
    return payment
