"""What operations are about."""

from __future__ import annotations

from payment_service.domain.operation import Operation
from payment_service.domain.payout_orders import SendPayoutOrder, TakeBackOrder, TransferOrder
from payment_service.use_cases.ports import Work


async def lock_subject(work: Work, operation: Operation) -> None:
    """Lock what an operation is about; before the operation itself, as everywhere."""
    if operation.payment_id is not None:
        await work.payments.lock(operation.payment_id)
    match operation.order:
        case TransferOrder() | SendPayoutOrder() | TakeBackOrder() as order:
            await work.payouts.lock(order.payout_id)
        case _:
            pass
