"""How a PSP sets cards up for charges in their holders' absence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from payment_service.domain.operation import Operation
from payment_service.domain.orders import FinishCardSetupOrder, HoldOrder, SetUpCardOrder
from payment_service.use_cases.outcomes import ActionRequired, Declined, NotSent, Outcome, Succeeded, Unknown
from shared_kernel.money import Money
from tests.contracts.payment.conftest import World
from tests.fakes.payment_psp import Fault

ASKS_HOLDER = "pm_card_authenticationRequiredOnSetup"


async def customer(world: World) -> str:
    made = await world.psp.create_customer(str(uuid4()), uuid4())
    assert isinstance(made, Succeeded)
    return made.psp_object_id


async def set_up(world: World, token: str, customer_id: str, operation_id: UUID | None = None) -> Outcome:
    operation_id = operation_id or uuid4()
    order = SetUpCardOrder(UUID(int=1), UUID(int=2), token)
    return await world.psp.set_up_card(f"{operation_id}:1", operation_id, customer_id, order)


async def test_plain_card_is_set_up_and_may_be_charged(world: World, ride_id: UUID) -> None:
    customer_id = await customer(world)

    outcome = await set_up(world, "pm_card_mastercard", customer_id)

    assert isinstance(outcome, Succeeded)
    assert outcome.card is not None
    assert (outcome.card.brand, outcome.card.last_digits, outcome.card.expire_year) == ("mastercard", "4444", 2040)
    assert await world.psp.read_card_setup(outcome.psp_object_id) == outcome
    order = HoldOrder(ride_id, customer_id, outcome.card.psp_card_id, Money("USD", 2500))
    assert isinstance(await world.psp.authorize(str(uuid4()), uuid4(), order), Succeeded)


async def test_card_that_asks_for_its_holder_may_be_charged_after_they_acted(world: World, ride_id: UUID) -> None:
    customer_id = await customer(world)
    asked = await set_up(world, ASKS_HOLDER, customer_id)
    assert isinstance(asked, ActionRequired)
    assert asked.action is not None
    assert asked.action.kind == "use_stripe_sdk"
    assert asked.action.client_secret.startswith(asked.psp_object_id)
    assert asked.action.client_secret not in repr(asked)
    assert await world.psp.read_card_setup(asked.psp_object_id) == asked

    await world.authenticate(asked.psp_object_id, succeed=True)

    done = await world.psp.read_card_setup(asked.psp_object_id)
    assert isinstance(done, Succeeded)
    assert done.card is not None
    assert (done.psp_object_id, done.card.last_digits) == (asked.psp_object_id, "3155")
    order = HoldOrder(ride_id, customer_id, done.card.psp_card_id, Money("USD", 2500))
    assert isinstance(await world.psp.authorize(str(uuid4()), uuid4(), order), Succeeded)


async def test_holder_who_fails_to_prove_it_is_a_decline(world: World) -> None:
    asked = await set_up(world, ASKS_HOLDER, await customer(world))
    assert isinstance(asked, ActionRequired)

    await world.authenticate(asked.psp_object_id, succeed=False)

    told = await world.psp.read_card_setup(asked.psp_object_id)
    assert told == Declined("setup_intent_authentication_failure")


@pytest.mark.parametrize(
    ("token", "reason"), [("pm_nonsense", "invalid_card_token"), ("pm_card_visa_chargeDeclined", "generic_decline")]
)
async def test_bad_card_is_not_set_up(world: World, token: str, reason: str) -> None:
    assert await set_up(world, token, await customer(world)) == Declined(reason)


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE_EFFECT, Fault.TIMEOUT_AFTER_EFFECT])
async def test_lost_answer_is_unknown_and_the_same_key_tells(world: World, fault: Fault) -> None:
    customer_id, operation_id = await customer(world), uuid4()
    await world.fail("set_up_card", fault)

    assert isinstance(await set_up(world, "pm_card_visa", customer_id, operation_id), Unknown)
    assert isinstance(await set_up(world, "pm_card_visa", customer_id, operation_id), Succeeded)


async def test_setup_that_cannot_be_read_is_unknown_or_not_sent(world: World) -> None:
    asked = await set_up(world, ASKS_HOLDER, await customer(world))
    assert isinstance(asked, ActionRequired)

    await world.fail("read_card_setup", Fault.TIMEOUT_BEFORE_EFFECT)
    assert isinstance(await world.psp.read_card_setup(asked.psp_object_id), Unknown)
    await world.fail("read_card_setup", Fault.NOT_CONNECTED)
    assert isinstance(await world.psp.read_card_setup(asked.psp_object_id), NotSent)


async def test_look_up_of_a_setup_that_was_begun_reads_it(world: World) -> None:
    asked = await set_up(world, ASKS_HOLDER, await customer(world))
    assert isinstance(asked, ActionRequired)
    begun = datetime.now(UTC) - timedelta(minutes=1)
    order = FinishCardSetupOrder(UUID(int=1), asked.psp_object_id)
    operation = Operation.begin(uuid4(), order, begun, 30)

    seen = await world.psp.look_up(operation)
    assert isinstance(seen, Unknown)
    operation = replace(operation, psp_object_id=asked.psp_object_id)
    assert await world.psp.look_up(operation) == asked
