"""Send an operation's order to the PSP."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.operation import Operation
from payment_service.domain.orders import (
    AcceptDisputeOrder,
    AddCardOrder,
    CaptureOrder,
    ChargeOrder,
    EvidenceOrder,
    FinishCardSetupOrder,
    HoldOrder,
    IncrementOrder,
    RefundOrder,
    RemoveCardOrder,
    SetUpCardOrder,
    VoidOrder,
)
from payment_service.domain.payout_orders import AddBankOrder, SendPayoutOrder, TakeBackOrder, TransferOrder
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
        case RefundOrder():
            return await psp.refund(key, operation.id, order)
        case EvidenceOrder():
            return await psp.submit_evidence(key, operation.id, order)
        case AcceptDisputeOrder():
            return await psp.accept_dispute(key, order)
        case RemoveCardOrder():
            return await psp.detach_card(key, order)
        case TransferOrder():
            return await psp.transfer(key, operation.id, order)
        case SendPayoutOrder():
            return await psp.send_payout(key, operation.id, order)
        case TakeBackOrder():
            return await psp.take_back(key, order)
        case AddBankOrder():
            account = await _driver_account_of(psp, store, order, operation.attempt)
            if not isinstance(account, Succeeded):
                return account
            return await psp.add_bank(key, operation.id, account.psp_object_id, order.token)
        case FinishCardSetupOrder():
            return await psp.read_card_setup(order.psp_setup_id)
        case AddCardOrder() | SetUpCardOrder():
            customer = await _customer_of(psp, store, order.rider_id, operation.attempt)
            if not isinstance(customer, Succeeded):
                return customer
            if isinstance(order, AddCardOrder):
                return await psp.attach_card(key, customer.psp_object_id, order.token)
            return await psp.set_up_card(key, operation.id, customer.psp_object_id, order)


async def _customer_of(psp: PaymentServiceProvider, store: Store, rider_id: UUID, attempt: int) -> Outcome:
    async with store.transaction() as work:
        known = await work.payment_methods.customer_of(rider_id)
    if known is not None:
        return Succeeded(known)
    # The key is the rider's, not the operation's: two cards added at once make one customer.
    outcome = await psp.create_customer(f"customer-{rider_id}:{attempt}", rider_id)
    if not isinstance(outcome, Succeeded):
        return outcome
    async with store.transaction() as work:
        return Succeeded(await work.payment_methods.name_customer(rider_id, outcome.psp_object_id))


async def _driver_account_of(psp: PaymentServiceProvider, store: Store, order: AddBankOrder, attempt: int) -> Outcome:
    async with store.transaction() as work:
        known = await work.payout_accounts.psp_account_of(order.driver_id)
    if known is not None:
        return Succeeded(known)
    # The key is the driver's and the country's, not the operation's: two banks added at once make one account.
    key = f"driver-{order.driver_id}-{order.country_code}:{attempt}"
    outcome = await psp.open_driver_account(key, order.driver_id, order.country_code)
    if not isinstance(outcome, Succeeded):
        return outcome
    async with store.transaction() as work:
        return Succeeded(await work.payout_accounts.name_psp_account(order.driver_id, outcome.psp_object_id))
