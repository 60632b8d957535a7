"""What the end of an operation on a rider's card means."""

from __future__ import annotations

from payment_service.domain.orders import AddCardOrder
from payment_service.domain.payment_method import PaymentMethod
from payment_service.use_cases.answers import Answer, CardAdded, Refusal
from payment_service.use_cases.conclusions.parts import Concluding, Definite, reason_of
from payment_service.use_cases.outcomes import Succeeded


async def card_added(concluding: Concluding, order: AddCardOrder, outcome: Definite) -> Answer:
    if not isinstance(outcome, Succeeded) or outcome.card is None:
        reason = reason_of(outcome)
        if reason == "invalid_card_token":
            return Refusal("invalid_input", reason, "the PSP does not know this card token", "", field="psp_token")
        return Refusal("conflict", "payment_declined", "the card was declined", reason)
    card, methods = outcome.card, concluding.work.payment_methods
    method = await methods.add(
        PaymentMethod(
            id=concluding.ids(),
            rider_id=order.rider_id,
            customer_id=await methods.customer_of(order.rider_id) or "",
            psp_card_id=card.psp_card_id,
            brand=card.brand,
            last_digits=card.last_digits,
            expire_month=card.expire_month,
            expire_year=card.expire_year,
            created_at=concluding.now,
        )
    )
    return CardAdded(method.id)
