"""What a PSP does with drivers' money, and what its answers prove."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from payment_service.domain.operation import Operation
from payment_service.domain.payout_orders import PayoutOrder, SendPayoutOrder, TakeBackOrder, TransferOrder
from payment_service.use_cases.outcomes import Declined, NotSent, Outcome, Succeeded, Unknown
from payment_service.use_cases.payout_psp import SHORT, PayoutFate, PayoutSeen
from shared_kernel.money import Money
from tests.contracts.payment.conftest import World
from tests.fakes.payment_psp import Fault

AMOUNT = Money("USD", 1200)


@dataclass(frozen=True)
class Driver:
    """A driver as the PSP knows one."""

    account_id: str
    bank_id: str


async def driver(world: World, token: str = "btok_us_verified") -> Driver:  # noqa: S107 (a test's token)
    account = await world.psp.open_driver_account(str(uuid4()), uuid4(), "US")
    assert isinstance(account, Succeeded)
    bank = await world.psp.add_bank(str(uuid4()), uuid4(), account.psp_object_id, token)
    assert isinstance(bank, Succeeded)
    return Driver(account.psp_object_id, bank.psp_object_id)


async def transferred(world: World, to: Driver) -> str:
    await world.fund()
    outcome = await world.psp.transfer(f"{uuid4()}:1", uuid4(), TransferOrder(uuid4(), to.account_id, AMOUNT))
    assert isinstance(outcome, Succeeded)
    return outcome.psp_object_id


async def intended(world: World, method: str, to: Driver) -> Operation:
    order: PayoutOrder
    match method:
        case "transfer":
            await world.fund()
            order = TransferOrder(uuid4(), to.account_id, AMOUNT)
        case "send_payout":
            await transferred(world, to)
            order = SendPayoutOrder(uuid4(), to.account_id, to.bank_id, AMOUNT)
        case _:
            order = TakeBackOrder(uuid4(), await transferred(world, to))
    # Well before now: the sandbox and we look at different clocks.
    return Operation.begin(uuid4(), order, datetime.now(UTC) - timedelta(minutes=1), 30)


async def send(world: World, operation: Operation, key: str) -> Outcome:
    match operation.order:
        case TransferOrder() as order:
            return await world.psp.transfer(key, operation.id, order)
        case SendPayoutOrder() as order:
            return await world.psp.send_payout(key, operation.id, order)
        case TakeBackOrder() as order:
            return await world.psp.take_back(key, order)
        case _:
            raise AssertionError(operation.order)


METHODS = ["transfer", "send_payout", "take_back"]


async def test_bank_is_described_by_its_end(world: World) -> None:
    account = await world.psp.open_driver_account(str(uuid4()), uuid4(), "US")
    assert isinstance(account, Succeeded)

    outcome = await world.psp.add_bank(str(uuid4()), uuid4(), account.psp_object_id, "btok_us_verified")

    assert isinstance(outcome, Succeeded)
    assert outcome.bank is not None
    assert (outcome.bank.last_digits, outcome.bank.currency_code, outcome.bank.country_code) == ("6789", "USD", "US")
    assert outcome.bank.bank_name == "STRIPE TEST BANK"


async def test_same_key_opens_one_account(world: World) -> None:
    driver_id = uuid4()
    first = await world.psp.open_driver_account(f"driver-{driver_id}", driver_id, "US")

    assert await world.psp.open_driver_account(f"driver-{driver_id}", driver_id, "US") == first


async def test_unknown_bank_token_is_declined(world: World) -> None:
    account = await world.psp.open_driver_account(str(uuid4()), uuid4(), "US")
    assert isinstance(account, Succeeded)

    outcome = await world.psp.add_bank(str(uuid4()), uuid4(), account.psp_object_id, "btok_nonsense")

    assert outcome == Declined("invalid_bank_token")


@pytest.mark.parametrize("method", METHODS)
async def test_same_key_moves_money_once(world: World, method: str) -> None:
    to = await driver(world)
    intent = await intended(world, method, to)

    first = await send(world, intent, intent.psp_key)

    assert isinstance(first, Succeeded)
    assert await send(world, intent, intent.psp_key) == first
    assert await world.moved(to.account_id) == MOVED[method]


MOVED = {"transfer": (1, 0, 0), "send_payout": (1, 0, 1), "take_back": (1, 1, 0)}


@pytest.mark.parametrize("method", METHODS)
async def test_failure_after_the_effect_is_replayed_and_a_look_finds_the_effect(world: World, method: str) -> None:
    to = await driver(world)
    intent = await intended(world, method, to)
    await world.fail(method, Fault.ERROR_AFTER_EFFECT)

    first, second = [await send(world, intent, intent.psp_key) for _ in range(2)]

    assert isinstance(first, Unknown)
    assert isinstance(second, Unknown)
    assert second.key_is_spent
    assert isinstance(await world.psp.look_up(intent), Succeeded)
    assert await world.moved(to.account_id) == MOVED[method]


@pytest.mark.parametrize("method", METHODS)
async def test_failure_before_the_effect_shows_nothing_and_a_new_key_does_it(world: World, method: str) -> None:
    to = await driver(world)
    intent = await intended(world, method, to)
    await world.fail(method, Fault.ERROR_BEFORE_EFFECT)

    for _ in range(2):
        assert isinstance(await send(world, intent, intent.psp_key), Unknown)
    assert await world.psp.look_up(intent) is None

    assert isinstance(await send(world, intent, f"{intent.id}:2"), Succeeded)
    assert await world.moved(to.account_id) == MOVED[method]


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE_EFFECT, Fault.TIMEOUT_AFTER_EFFECT])
@pytest.mark.parametrize("method", METHODS)
async def test_lost_answer_is_unknown_and_the_same_key_tells(world: World, method: str, fault: Fault) -> None:
    to = await driver(world)
    intent = await intended(world, method, to)
    await world.fail(method, fault)

    assert isinstance(await send(world, intent, intent.psp_key), Unknown)
    assert isinstance(await send(world, intent, intent.psp_key), Succeeded)
    assert await world.moved(to.account_id) == MOVED[method]


async def test_no_connection_is_not_sent(world: World) -> None:
    to = await driver(world)
    intent = await intended(world, "transfer", to)
    await world.fail("transfer", Fault.NOT_CONNECTED)

    assert isinstance(await send(world, intent, intent.psp_key), NotSent)


async def test_transfer_beyond_the_balance_is_short(world: World) -> None:
    to = await driver(world)
    order = TransferOrder(uuid4(), to.account_id, Money("USD", 900_000_000_000))

    assert await world.psp.transfer(str(uuid4()), uuid4(), order) == SHORT
    assert await world.moved(to.account_id) == (0, 0, 0)


async def test_payout_beyond_the_drivers_account_is_short(world: World) -> None:
    to = await driver(world)

    outcome = await world.psp.send_payout(
        str(uuid4()), uuid4(), SendPayoutOrder(uuid4(), to.account_id, to.bank_id, AMOUNT)
    )

    assert outcome == SHORT


async def test_transfer_that_went_on_to_the_bank_cannot_be_taken_back(world: World) -> None:
    to = await driver(world)
    order = TakeBackOrder(uuid4(), await transferred(world, to))
    sent = await world.psp.send_payout(
        str(uuid4()), uuid4(), SendPayoutOrder(uuid4(), to.account_id, to.bank_id, AMOUNT)
    )
    assert isinstance(sent, Succeeded)

    assert await world.psp.take_back(str(uuid4()), order) == SHORT


async def test_transfer_is_taken_back_once_whatever_the_keys(world: World) -> None:
    to = await driver(world)
    order = TakeBackOrder(uuid4(), await transferred(world, to))

    for key in ("1", "1", "2"):
        assert isinstance(await world.psp.take_back(f"{order.payout_id}:{key}", order), Succeeded)

    assert await world.moved(to.account_id) == (1, 1, 0)


@pytest.mark.parametrize(
    ("token", "fates"),
    [
        ("btok_us_verified", [PayoutSeen(PayoutFate.PAID), PayoutSeen(PayoutFate.PAID)]),
        ("btok_us_verified_noAccount", [PayoutSeen(PayoutFate.FAILED, "no_account")] * 2),
        (
            "btok_sandbox_returned",
            [PayoutSeen(PayoutFate.PAID), PayoutSeen(PayoutFate.FAILED, "account_closed")],
        ),
    ],
)
async def test_payout_tells_what_becomes_of_it(world: World, token: str, fates: list[PayoutSeen]) -> None:
    to = await driver(world, token)
    await transferred(world, to)
    sent = await world.psp.send_payout(
        str(uuid4()), uuid4(), SendPayoutOrder(uuid4(), to.account_id, to.bank_id, AMOUNT)
    )
    assert isinstance(sent, Succeeded)
    seen = [await world.psp.see_payout(to.account_id, sent.psp_object_id)]
    for _ in range(2):
        await world.banks_work()
        seen.append(await world.psp.see_payout(to.account_id, sent.psp_object_id))

    assert seen == [PayoutSeen(PayoutFate.UNDER_WAY), *fates]
