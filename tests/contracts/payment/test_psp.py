"""What a PSP does, and what its answers prove."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from payment_service.adapters.stripe_psp import StripePsp
from payment_service.domain.charge import ChargeLine, ChargeLineKind
from payment_service.domain.operation import Operation
from payment_service.domain.orders import CaptureOrder, HoldOrder, Order, RemoveCardOrder, VoidOrder
from payment_service.domain.psp_transaction import TransactionKind
from payment_service.use_cases.outcomes import Declined, NotSent, Outcome, Succeeded, TransactionPage, Unknown
from shared_kernel.money import Money
from tests.contracts.payment.conftest import Truth, World
from tests.fakes.payment_psp import Fault

VISA = "pm_card_visa"
HELD = Truth(authorizations=1, captures=0, captured_minor=0, voided=False)


async def card(world: World, token: str = VISA) -> tuple[str, str]:
    customer = await world.psp.create_customer(str(uuid4()), uuid4())
    assert isinstance(customer, Succeeded)
    attached = await world.psp.attach_card(str(uuid4()), customer.psp_object_id, token)
    assert isinstance(attached, Succeeded)
    return customer.psp_object_id, attached.psp_object_id


async def hold_order(world: World, ride_id: UUID, amount_minor: int = 2500, token: str = VISA) -> HoldOrder:
    customer_id, card_id = await card(world, token)
    return HoldOrder(ride_id, customer_id, card_id, Money("USD", amount_minor))


async def held(world: World, ride_id: UUID, amount_minor: int = 2500) -> str:
    order = await hold_order(world, ride_id, amount_minor)
    outcome = await world.psp.authorize(f"{uuid4()}:1", uuid4(), order)
    assert isinstance(outcome, Succeeded)
    return outcome.psp_object_id


def capture_order(psp_payment_id: str, amount_minor: int) -> CaptureOrder:
    amount = Money("USD", amount_minor)
    return CaptureOrder(psp_payment_id, amount, (ChargeLine(ChargeLineKind.FARE, amount),), uuid4())


def operation(order: Order, operation_id: UUID | None = None) -> Operation:
    # Well before now: the sandbox and we look at different clocks.
    begun = datetime.now(UTC) - timedelta(minutes=1)
    return Operation.begin(operation_id or uuid4(), order, begun, 30)


async def test_attached_card_is_described(world: World) -> None:
    customer = await world.psp.create_customer(str(uuid4()), uuid4())
    assert isinstance(customer, Succeeded)

    outcome = await world.psp.attach_card(str(uuid4()), customer.psp_object_id, "pm_card_mastercard")

    assert isinstance(outcome, Succeeded)
    assert outcome.card is not None
    assert (outcome.card.brand, outcome.card.last_digits, outcome.card.expire_year) == ("mastercard", "4444", 2040)


async def test_same_key_makes_one_customer(world: World) -> None:
    rider_id = uuid4()
    first = await world.psp.create_customer(f"customer-{rider_id}", rider_id)

    assert await world.psp.create_customer(f"customer-{rider_id}", rider_id) == first


@pytest.mark.parametrize(
    ("token", "reason"), [("pm_nonsense", "invalid_card_token"), ("pm_card_visa_chargeDeclined", "generic_decline")]
)
async def test_bad_card_is_declined_with_a_reason(world: World, token: str, reason: str) -> None:
    customer = await world.psp.create_customer(str(uuid4()), uuid4())
    assert isinstance(customer, Succeeded)

    assert await world.psp.attach_card(str(uuid4()), customer.psp_object_id, token) == Declined(reason)


async def test_same_key_holds_once(world: World, ride_id: UUID) -> None:
    order, operation_id = await hold_order(world, ride_id), uuid4()
    first = await world.psp.authorize(f"{operation_id}:1", operation_id, order)

    assert await world.psp.authorize(f"{operation_id}:1", operation_id, order) == first
    assert await world.truth(ride_id) == [HELD]


async def test_declined_hold_tells_why_and_holds_nothing(world: World, ride_id: UUID) -> None:
    order = await hold_order(world, ride_id, token="pm_card_chargeCustomerFail")

    assert await world.psp.authorize(f"{uuid4()}:1", uuid4(), order) == Declined("generic_decline")
    assert await world.truth(ride_id) == []


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE_EFFECT, Fault.TIMEOUT_AFTER_EFFECT])
async def test_lost_answer_is_unknown_and_the_same_key_tells(world: World, ride_id: UUID, fault: Fault) -> None:
    order, operation_id = await hold_order(world, ride_id), uuid4()
    await world.fail("authorize", fault)

    first = await world.psp.authorize(f"{operation_id}:1", operation_id, order)
    second = await world.psp.authorize(f"{operation_id}:1", operation_id, order)

    assert isinstance(first, Unknown)
    assert isinstance(second, Succeeded)
    assert await world.truth(ride_id) == [HELD]


async def test_answer_that_does_not_come_in_time_is_unknown() -> None:
    # Who is connected to this is never spoken to.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        psp = StripePsp(f"http://127.0.0.1:{silent.getsockname()[1]}", "sk_test_sandbox", timeout_seconds=1)
        outcome = await psp.void(str(uuid4()), VoidOrder("pi_1"))
        await psp.close()

    assert outcome == Unknown("ReadTimeout")


async def test_no_connection_is_not_sent(world: World, ride_id: UUID) -> None:
    order = await hold_order(world, ride_id)
    await world.fail("authorize", Fault.NOT_CONNECTED)

    assert isinstance(await world.psp.authorize(f"{uuid4()}:1", uuid4(), order), NotSent)
    assert await world.truth(ride_id) == []


async def send(world: World, operation: Operation, key: str) -> Outcome:
    match operation.order:
        case HoldOrder() as order:
            return await world.psp.authorize(key, operation.id, order)
        case CaptureOrder() as order:
            return await world.psp.capture(key, operation.id, order)
        case VoidOrder() as order:
            return await world.psp.void(key, order)
        case _:
            raise AssertionError(operation.order)


async def intended(world: World, ride_id: UUID, method: str) -> Operation:
    if method == "authorize":
        return operation(await hold_order(world, ride_id))
    psp_payment_id = await held(world, ride_id)
    return operation(capture_order(psp_payment_id, 2000) if method == "capture" else VoidOrder(psp_payment_id))


DONE = {"authorize": HELD, "capture": Truth(1, 1, 2000, voided=False), "void": Truth(1, 0, 0, voided=True)}


@pytest.mark.parametrize("method", ["authorize", "capture", "void"])
async def test_failure_after_the_effect_is_replayed_and_a_look_finds_the_effect(
    world: World, ride_id: UUID, method: str
) -> None:
    intent = await intended(world, ride_id, method)
    await world.fail(method, Fault.ERROR_AFTER_EFFECT)

    first, second = [await send(world, intent, intent.psp_key) for _ in range(2)]

    assert isinstance(first, Unknown)
    assert not first.key_is_spent
    assert isinstance(second, Unknown)
    assert second.key_is_spent
    assert isinstance(await world.psp.look_up(intent), Succeeded)
    assert await world.truth(ride_id) == [DONE[method]]


@pytest.mark.parametrize("method", ["authorize", "capture", "void"])
async def test_failure_before_the_effect_shows_nothing_and_a_new_key_does_it(
    world: World, ride_id: UUID, method: str
) -> None:
    intent = await intended(world, ride_id, method)
    await world.fail(method, Fault.ERROR_BEFORE_EFFECT)

    await send(world, intent, intent.psp_key)
    second = await send(world, intent, intent.psp_key)
    assert isinstance(second, Unknown)
    assert second.key_is_spent
    assert await world.psp.look_up(intent) is None

    assert isinstance(await send(world, intent, f"{intent.id}:2"), Succeeded)
    assert await world.truth(ride_id) == [DONE[method]]


async def test_capture_collects_a_part_once_whatever_the_keys(world: World, ride_id: UUID) -> None:
    order = capture_order(await held(world, ride_id), 1234)

    for key in ("1", "1", "2"):
        assert isinstance(
            await world.psp.capture(f"{ride_id}:{key}", uuid4() if key == "2" else ride_id, order), Succeeded
        )

    assert await world.truth(ride_id) == [Truth(1, 1, 1234, voided=False)]


async def test_void_releases_whatever_the_keys(world: World, ride_id: UUID) -> None:
    order = VoidOrder(await held(world, ride_id))

    for key in ("1", "1", "2"):
        assert isinstance(await world.psp.void(f"{ride_id}:{key}", order), Succeeded)

    assert await world.truth(ride_id) == [Truth(1, 0, 0, voided=True)]


async def test_capture_of_a_released_hold_is_declined(world: World, ride_id: UUID) -> None:
    psp_payment_id = await held(world, ride_id)
    await world.psp.void(str(uuid4()), VoidOrder(psp_payment_id))

    outcome = await world.psp.capture(str(uuid4()), uuid4(), capture_order(psp_payment_id, 2000))

    assert outcome == Declined("hold_released")


async def test_void_of_a_captured_hold_is_declined(world: World, ride_id: UUID) -> None:
    psp_payment_id = await held(world, ride_id)
    await world.psp.capture(str(uuid4()), uuid4(), capture_order(psp_payment_id, 2000))

    assert await world.psp.void(str(uuid4()), VoidOrder(psp_payment_id)) == Declined("already_captured")


async def test_detached_card_is_of_no_more_use(world: World, ride_id: UUID) -> None:
    order = await hold_order(world, ride_id)
    assert isinstance(await world.psp.detach_card(str(uuid4()), RemoveCardOrder(order.psp_card_id)), Succeeded)

    assert isinstance(await world.psp.authorize(str(uuid4()), uuid4(), order), Declined)
    assert await world.truth(ride_id) == []


async def test_what_was_captured_is_on_the_list_with_its_payment_and_fee(world: World, ride_id: UUID) -> None:
    before = datetime.now(UTC) - timedelta(days=1)
    psp_payment_id = await held(world, ride_id, 2500)
    await world.psp.capture(f"{uuid4()}:1", uuid4(), capture_order(psp_payment_id, 2000))

    page = await world.psp.list_transactions(before, "", 100)

    assert isinstance(page, TransactionPage)
    [charge] = [one for one in page.transactions if one.parent_id == psp_payment_id]
    assert (charge.kind, charge.type, charge.amount, charge.fee) == (
        TransactionKind.CHARGE,
        "charge",
        Money("USD", 2000),
        Money("USD", 88),
    )
    assert charge.available_at >= charge.created_at > before


async def test_the_list_is_read_page_by_page_the_newest_first(world: World) -> None:
    ids: list[str] = []
    for _ in range(3):
        psp_payment_id = await held(world, uuid4(), 2500)
        await world.psp.capture(f"{uuid4()}:1", uuid4(), capture_order(psp_payment_id, 2000))
        ids.append(psp_payment_id)

    first = await world.psp.list_transactions(None, "", 2)
    assert isinstance(first, TransactionPage)
    second = await world.psp.list_transactions(None, first.transactions[-1].id, 2)
    assert isinstance(second, TransactionPage)

    assert first.has_more
    assert [one.parent_id for one in [*first.transactions, *second.transactions]][:3] == ids[::-1]


async def test_nothing_is_listed_before_it_is_wanted(world: World, ride_id: UUID) -> None:
    psp_payment_id = await held(world, ride_id, 2500)
    await world.psp.capture(f"{uuid4()}:1", uuid4(), capture_order(psp_payment_id, 2000))

    page = await world.psp.list_transactions(datetime.now(UTC) + timedelta(days=400), "", 100)

    assert page == TransactionPage((), has_more=False)
