"""Show what a rider was charged for a ride."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.receipt import Receipt, receipt_of
from payment_service.domain.refund import RefundStatus
from payment_service.domain.ride_account import RideAccount, account_of_ride
from payment_service.use_cases.conclusions.parts import method_of
from payment_service.use_cases.get_payment import visible_payment
from payment_service.use_cases.ports import Store
from shared_kernel.errors import Conflict


class GetReceipt:
    """The use case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, ride_id: UUID, only_of_rider: UUID | None) -> Receipt:
        """Return the receipt of a ride.

        Raises:
            NotFound: `payment_not_found`, also for another rider's.
            Conflict: `not_captured`.
        """
        async with self._store.snapshot() as work:
            payment = await visible_payment(work, ride_id, only_of_rider)
            if payment.lines is None:
                raise Conflict("not_captured", "nothing was charged for this ride yet")
            of_ride = await work.payments.all_of_ride(ride_id)
            refunds = await work.refunds.of_payments([paid.id for paid in of_ride])
            alive = tuple(refund for refund in refunds if refund.status is not RefundStatus.FAILED)
            return receipt_of(payment, await method_of(work, payment), alive)

    async def account(self, ride_id: UUID, only_of_rider: UUID | None) -> RideAccount:
        """Return all that was paid for a ride and went back; the errors are those of its receipt."""
        async with self._store.snapshot() as work:
            if (await visible_payment(work, ride_id, only_of_rider)).lines is None:
                raise Conflict("not_captured", "nothing was charged for this ride yet")
            payments = await work.payments.all_of_ride(ride_id)
            ids = {payment.payment_method_id for payment in payments if payment.payment_method_id is not None}
            methods = {method_id: await work.payment_methods.get(method_id) for method_id in ids}
            return account_of_ride(payments, methods)
