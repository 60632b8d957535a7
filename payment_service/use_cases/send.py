"""Send an operation's order to the PSP."""

from __future__ import annotations

from payment_service.domain.operation import Operation
from payment_service.domain.orders import (
    AddCardOrder,
    CaptureOrder,
    ChargeOrder,
    HoldOrder,
    IncrementOrder,
    RemoveCardOrder,
    VoidOrder,
)
from payment_service.use_cases.outcomes import Outcome, Succeeded
from payment_service.use_cases.ports import PaymentServiceProvider, Store


async def send(psp: PaymentServiceProvider, store: Store, operation: Operation) -> Outcome:
    """Call the PSP, with no transaction held, under the operation's key."""
    key, order = operation.psp_key, operation.order
    match order:
        case HoldOrder():
            return await psp.authorize(key, operation.id, order)
        case IncrementOrder():
            return await psp.increment(key, operation.id, order)
        case CaptureOrder():
            return await psp.capture(key, operation.id, order)
        case VoidOrder():
            return await psp.void(key, order)
        case ChargeOrder():
            return await psp.charge(key, operation.id, order)
        case RemoveCardOrder():
            return await psp.detach_card(key, order)
        case AddCardOrder():
            customer = await _customer_of(psp, store, order, operation.attempt)
            if not isinstance(customer, Succeeded):
                return customer
            return await psp.attach_card(key, customer.psp_object_id, order.token)


async def _customer_of(psp: PaymentServiceProvider, store: Store, order: AddCardOrder, attempt: int) -> Outcome:
    async with store.transaction() as work:
        known = await work.payment_methods.customer_of(order.rider_id)
    if known is not None:
        return Succeeded(known)
    # The key is the rider's, not the operation's: two cards added at once make one customer.
    outcome = await psp.create_customer(f"customer-{order.rider_id}:{attempt}", order.rider_id)
    if not isinstance(outcome, Succeeded):
        return outcome
    async with store.transaction() as work:
        return Succeeded(await work.payment_methods.name_customer(order.rider_id, outcome.psp_object_id))
