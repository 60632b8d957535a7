"""What the end of a capture by card means."""

from __future__ import annotations

from payment_service.domain.orders import CaptureOrder
from payment_service.use_cases.answers import Answer, PaymentAnswer
from payment_service.use_cases.collect import collect
from payment_service.use_cases.conclusions.parts import Concluding, Definite, method_of, payment_of, still_held
from payment_service.use_cases.outcomes import Declined, Succeeded
from shared_kernel.money import Money

_HOLD_IS_GONE = Declined("hold_released")


async def captured(concluding: Concluding, order: CaptureOrder, outcome: Definite) -> Answer:
    payment = await payment_of(concluding)
    if isinstance(outcome, Succeeded):
        brought = order.amount
    elif outcome == _HOLD_IS_GONE:
        # The ride was driven all the same: the rider owes it, and a charge of its own is tried.
        brought = Money.zero(order.amount.currency_code)
    else:
        message = "the PSP refused to capture the hold"
        # Whoever drove is to be paid: until the hold is captured or gone, every ask asks the PSP.
        return await still_held(concluding.work, payment, outcome, "capture_refused", message, passes=True)
    method = await method_of(concluding.work, payment)
    payment = await collect(
        concluding.work, payment, method, brought, order.lines, order.driver_id, concluding.now, concluding.ids
    )
    return PaymentAnswer(payment)
