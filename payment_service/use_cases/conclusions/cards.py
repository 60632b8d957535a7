"""What the end of an operation on a rider's card means."""

from __future__ import annotations

from uuid import UUID

from payment_service.domain.orders import AddCardOrder, FinishCardSetupOrder, SetUpCardOrder
from payment_service.domain.payment_method import Card, PaymentMethod
from payment_service.use_cases.answers import Answer, CardAdded, CardSetUp, Refusal
from payment_service.use_cases.conclusions.parts import Concluding, Definite, reason_of
from payment_service.use_cases.outcomes import ActionRequired, Succeeded

_UNKNOWN_TOKEN = Refusal(
    "invalid_input", "invalid_card_token", "the PSP does not know this card token", "", field="psp_token"
)


async def card_added(concluding: Concluding, order: AddCardOrder, outcome: Definite) -> Answer:
    if not isinstance(outcome, Succeeded) or outcome.card is None:
        reason = reason_of(outcome)
        if reason == "invalid_card_token":
            return _UNKNOWN_TOKEN
        return Refusal("conflict", "payment_declined", "the card was declined", reason)
    return CardAdded((await _kept(concluding, order.rider_id, outcome.card)).id)


async def card_set_up(
    concluding: Concluding, order: SetUpCardOrder | FinishCardSetupOrder, outcome: Definite
) -> Answer:
    setups = concluding.work.card_setups
    setup = await setups.get(order.setup_id)
    await concluding.work.payment_methods.lock_rider(setup.rider_id)
    if isinstance(outcome, Succeeded) and outcome.card is not None:
        method = await _kept(concluding, setup.rider_id, outcome.card)
        await setups.save(setup.succeeded(outcome.psp_object_id, method.id))
    elif isinstance(outcome, ActionRequired):
        await setups.save(setup.waits_for_holder(outcome.psp_object_id))
    else:
        reason = reason_of(outcome) or "not_a_card"
        await setups.save(setup.declined(reason))
        if reason == "invalid_card_token":
            return _UNKNOWN_TOKEN
    return CardSetUp(setup.id)


async def _kept(concluding: Concluding, rider_id: UUID, card: Card) -> PaymentMethod:
    methods = concluding.work.payment_methods
    await methods.lock_rider(rider_id)
    return await methods.add(
        PaymentMethod(
            id=concluding.ids(),
            rider_id=rider_id,
            customer_id=await methods.customer_of(rider_id) or "",
            psp_card_id=card.psp_card_id,
            brand=card.brand,
            last_digits=card.last_digits,
            expire_month=card.expire_month,
            expire_year=card.expire_year,
            created_at=concluding.now,
            is_default=await methods.default_of(rider_id) is None,
        )
    )
