"""Operations under way are settled before what the PSP shows is compared with what is written here."""

from __future__ import annotations

from payment_service.domain.payment import Payment
from payment_service.use_cases.ports import Store
from payment_service.use_cases.settle import Settle


async def settled(store: Store, settle: Settle, payment: Payment) -> bool:
    """Take up a payment's open operation, so that its result is taken in once, by itself; False while it is open."""
    async with store.snapshot() as work:
        operation = await work.operations.open_of(payment.id)
    if operation is None:
        return True
    await settle.take_up(operation.id)
    async with store.snapshot() as work:
        return await work.operations.open_of(payment.id) is None
