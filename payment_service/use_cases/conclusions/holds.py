"""What the end of an operation on a hold by card means."""

from __future__ import annotations

from payment_service.domain.events import HoldDeclined, HoldIncremented, HoldPlaced, HoldVoided
from payment_service.domain.orders import IncrementOrder
from payment_service.domain.payment import Payment
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.use_cases.answers import Answer, PaymentAnswer
from payment_service.use_cases.conclusions.parts import Concluding, Definite, payment_of, reason_of, still_held
from payment_service.use_cases.outcomes import Succeeded
from payment_service.use_cases.rider_accounts import release_credit


async def hold_placed(concluding: Concluding, outcome: Definite) -> Answer:
    payment = await payment_of(concluding)
    if isinstance(outcome, Succeeded):
        payment = payment.hold_placed(outcome.psp_object_id, outcome.capture_before)
        await concluding.work.tell(HoldPlaced(payment), concluding.now)
    else:
        payment = payment.declined(reason_of(outcome))
        await release_credit(concluding.work, payment)
        await concluding.work.tell(HoldDeclined(payment), concluding.now)
    return await _saved(concluding, payment)


async def hold_incremented(concluding: Concluding, order: IncrementOrder, outcome: Definite) -> Answer:
    payment = await payment_of(concluding)
    if not isinstance(outcome, Succeeded):
        message = "the card's bank refused to hold more; what was held before still is"
        return await still_held(concluding.work, payment, outcome, "increment_declined", message)
    payment = payment.incremented(order.amount)
    await concluding.work.tell(HoldIncremented(payment), concluding.now)
    return await _saved(concluding, payment)


async def hold_voided(concluding: Concluding, outcome: Definite) -> Answer:
    payment = await payment_of(concluding)
    if payment.status is PaymentStatus.CAPTURED:
        # Its charge was covered without the card, so this only let go of the rest.
        return PaymentAnswer(payment)
    if not isinstance(outcome, Succeeded):
        message = "the PSP refused to release the hold"
        return await still_held(concluding.work, payment, outcome, "void_refused", message, passes=True)
    payment = payment.voided()
    await release_credit(concluding.work, payment)
    await concluding.work.tell(HoldVoided(payment), concluding.now)
    return await _saved(concluding, payment)


async def _saved(concluding: Concluding, payment: Payment) -> Answer:
    await concluding.work.payments.save(payment)
    return PaymentAnswer(payment)
