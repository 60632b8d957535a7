"""Riders' cards."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from chassis.idempotency import fingerprint
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.errors import Conflict, InvalidInput, NotFound
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments


async def remove(payments: Payments, rider_id: UUID, method_id: UUID, key: str = "remove") -> None:
    request = RequestKey(f"rider:{rider_id}", "RemovePaymentMethod", key, fingerprint(str(method_id)))
    await payments.core.use_cases.remove_payment_method(request, rider_id, method_id)


async def cards(payments: Payments, rider_id: UUID) -> list[str]:
    return [card.last_digits for card in await payments.core.use_cases.list_payment_methods(rider_id, 100)]


async def test_cards_are_listed_newest_first_for_their_rider_alone(payments: Payments) -> None:
    rider_id = uuid4()
    await payments.add_card("pm_card_visa", rider_id)
    await payments.add_card("pm_card_mastercard", rider_id)

    assert await cards(payments, rider_id) == ["4444", "4242"]
    assert await cards(payments, uuid4()) == []


async def test_cards_are_paged_and_each_is_shown_once(payments: Payments) -> None:
    rider_id = uuid4()
    added = [await payments.add_card("pm_card_visa", rider_id) for _ in range(5)]
    page = payments.core.use_cases.list_payment_methods

    shown = await page(rider_id, 2)
    while len(shown) < 5:
        following = await page(rider_id, 2, (shown[-1].created_at, shown[-1].id))
        assert following
        shown = [*shown, *following]
    assert [card.id for card in shown] == added[::-1]
    assert await page(rider_id, 2, (shown[-1].created_at, shown[-1].id)) == []


async def test_first_cards_added_at_once_make_one_customer(payments: Payments, psp: FakePsp) -> None:
    rider_id = uuid4()
    await asyncio.gather(*(payments.add_card("pm_card_visa", rider_id) for _ in range(5)))

    keys = {key for method, key in psp.calls if method == "create_customer" and str(rider_id) in key}
    assert keys == {f"customer-{rider_id}:1"}
    assert len(await cards(payments, rider_id)) == 5


async def test_declined_and_unknown_cards_are_refused_and_the_refusal_stands(payments: Payments) -> None:
    rider_id = uuid4()
    for _ in range(2):
        with pytest.raises(Conflict) as declined:
            await payments.add_card("pm_card_visa_chargeDeclined", rider_id, key="a")
        with pytest.raises(InvalidInput) as unknown:
            await payments.add_card("pm_nonsense", rider_id, key="b")
        assert (declined.value.reason, unknown.value.reason) == ("payment_declined", "invalid_card_token")
    assert await cards(payments, rider_id) == []


async def test_at_most_twenty_cards_are_kept_even_when_added_at_once(payments: Payments) -> None:
    rider_id = uuid4()
    for _ in range(18):
        await payments.add_card("pm_card_visa", rider_id)

    answers = await asyncio.gather(
        *(payments.add_card("pm_card_visa", rider_id) for _ in range(4)), return_exceptions=True
    )

    assert sum(isinstance(answer, Conflict) for answer in answers) == 2
    assert len(await cards(payments, rider_id)) == 20


async def test_removed_card_is_gone_here_and_at_the_psp(payments: Payments, psp: FakePsp) -> None:
    rider_id = uuid4()
    method_id = await payments.add_card("pm_card_visa", rider_id)

    await remove(payments, rider_id, method_id)
    await remove(payments, rider_id, method_id)

    assert await cards(payments, rider_id) == []
    assert [method for method, _ in psp.calls].count("detach_card") == 1
    with pytest.raises(NotFound):
        await remove(payments, rider_id, method_id, key="other")


async def test_card_is_removed_though_the_psp_does_not_answer(payments: Payments, psp: FakePsp) -> None:
    rider_id = uuid4()
    method_id = await payments.add_card("pm_card_visa", rider_id)
    psp.fail("detach_card", Fault.NOT_CONNECTED)

    await remove(payments, rider_id, method_id)

    assert await cards(payments, rider_id) == []


async def test_card_of_another_rider_cannot_be_removed(payments: Payments) -> None:
    with pytest.raises(NotFound):
        await remove(payments, uuid4(), payments.method_id)


async def test_card_in_use_is_kept_until_the_payment_is_over(payments: Payments) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id)
    with pytest.raises(Conflict) as caught:
        await remove(payments, payments.rider_id, payments.method_id)
    assert caught.value.reason == "payment_method_in_use"

    await payments.capture(ride_id)
    await remove(payments, payments.rider_id, payments.method_id)
    with pytest.raises(NotFound):
        await payments.hold(uuid4())
    assert (await payments.core.use_cases.get_receipt(ride_id, None)).last_digits == "4242"
