"""Withdrawals: wallet money goes back to the cards it came from, newest top-up first, and never more than there is."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from payment_service.domain.adjustment import AdjustmentKind
from payment_service.domain.ledger import AccountKind
from payment_service.domain.payment import Funding
from payment_service.domain.refund import RefundStatus
from payment_service.domain.withdrawal import MAX_PARTS
from shared_kernel.errors import Conflict, DomainError, InvalidInput
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments, usd
from tests.integration.payment.process import until
from tests.integration.payment.rider_money import RiderMoney


@pytest.fixture
def rider(payments: Payments) -> RiderMoney:
    return RiderMoney(payments)


async def settled(rider: RiderMoney, clock: StillClock) -> None:
    for _ in range(5):
        while await rider.payments.core.sweep():
            pass
        clock.advance(minutes=15)


def refunded(psp: FakePsp) -> list[int]:
    """Return what went back of each payment at the PSP, in their order."""
    return [psp.refunded_minor(intent_id) for intent_id in psp.intents]


async def test_withdrawal_goes_back_by_the_newest_top_ups_first(
    rider: RiderMoney, psp: FakePsp, clock: StillClock
) -> None:
    first, second = await rider.top_up(3000), await rider.top_up(2000)

    withdrawal = await rider.withdraw(2500)

    assert [(part.payment_id, part.amount) for part in withdrawal.parts] == [
        (second.id, usd(2000)),
        (first.id, usd(500)),
    ]
    assert withdrawal.sum_of(RefundStatus.PENDING) == usd(2500)
    assert await rider.wallet_minor() == 2500
    await settled(rider, clock)
    (told,) = await rider.withdrawals()
    assert told.sum_of(RefundStatus.PAID) == usd(2500)
    assert (refunded(psp), await rider.wallet_minor()) == ([500, 2000], 2500)


async def test_same_key_withdraws_once(rider: RiderMoney, psp: FakePsp, clock: StillClock) -> None:
    await rider.top_up(3000)
    first = await rider.withdraw(1000, key="k")

    assert (await rider.withdraw(1000, key="k")).id == first.id
    with pytest.raises(Conflict) as caught:
        await rider.withdraw(1001, key="k")
    assert caught.value.reason == "idempotency_key_reused"
    await settled(rider, clock)
    assert (refunded(psp), await rider.wallet_minor()) == ([1000], 2000)


async def test_what_is_held_or_spent_cannot_be_withdrawn(rider: RiderMoney) -> None:
    await rider.top_up(5000)
    await rider.captured(Funding.WALLET)
    await rider.payments.hold(uuid4(), 1000, funding=Funding.WALLET)

    with pytest.raises(Conflict) as caught:
        await rider.withdraw(2001)
    assert (caught.value.reason, caught.value.metadata["available_minor"]) == ("insufficient_wallet", "2000")
    assert (await rider.withdraw(2000)).amount == usd(2000)


async def test_what_did_not_come_from_a_card_cannot_go_to_one(rider: RiderMoney) -> None:
    await rider.payments.fund_wallet(1000)
    await rider.top_up(500)
    await rider.adjust(AdjustmentKind.CREDIT_GRANT, 300)

    with pytest.raises(Conflict) as caught:
        await rider.withdraw(501)
    assert (caught.value.reason, caught.value.metadata["withdrawable_minor"]) == ("exceeds_top_ups", "500")


@pytest.mark.parametrize("amount_minor", [0, -1])
async def test_withdrawal_of_nothing_is_refused(rider: RiderMoney, amount_minor: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        await rider.withdraw(amount_minor)
    assert caught.value.reason == "invalid_amount"


async def test_withdrawal_by_too_many_top_ups_is_refused_with_what_would_go(rider: RiderMoney) -> None:
    for _ in range(MAX_PARTS + 1):
        await rider.top_up(500)

    with pytest.raises(Conflict) as caught:
        await rider.withdraw(500 * MAX_PARTS + 1)
    assert (caught.value.reason, caught.value.metadata["most_minor"]) == ("too_many_top_ups", str(500 * MAX_PARTS))
    assert len((await rider.withdraw(500 * MAX_PARTS)).parts) == MAX_PARTS


async def test_what_the_psp_refuses_comes_back_into_the_wallet(
    rider: RiderMoney, psp: FakePsp, clock: StillClock
) -> None:
    top_up = await rider.top_up(3000)
    # Given back at the PSP by somebody else.
    psp.make_refund(uuid4(), uuid4(), top_up.psp_payment_id, usd(3000))

    await rider.withdraw(1000)
    await settled(rider, clock)

    (told,) = await rider.withdrawals()
    assert told.sum_of(RefundStatus.FAILED) == usd(1000)
    assert await rider.wallet_minor() == 3000


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE_EFFECT, Fault.TIMEOUT_AFTER_EFFECT, Fault.ERROR_AFTER_EFFECT])
async def test_refund_of_unknown_outcome_is_resolved_and_sent_once(
    rider: RiderMoney, psp: FakePsp, clock: StillClock, fault: Fault
) -> None:
    await rider.top_up(3000)
    psp.fail("refund", fault)

    await rider.withdraw(1000)
    await settled(rider, clock)

    (told,) = await rider.withdrawals()
    assert (told.sum_of(RefundStatus.PAID), refunded(psp)) == (usd(1000), [1000])


async def test_withdrawals_at_once_never_take_more_than_there_is(
    rider: RiderMoney, psp: FakePsp, clock: StillClock
) -> None:
    for _ in range(3):
        await rider.top_up(1000)

    answers = await asyncio.gather(*(rider.withdraw(900) for _ in range(6)), return_exceptions=True)

    assert all(not isinstance(answer, Exception) or isinstance(answer, DomainError) for answer in answers), answers
    await settled(rider, clock)
    done = sum(not isinstance(answer, BaseException) for answer in answers)
    assert (sum(refunded(psp)), await rider.wallet_minor()) == (900 * done, 3000 - 900 * done)
    assert 1 <= done <= 3
    assert await rider.payments.balance(AccountKind.RIDER_WALLET, rider.payments.rider_id) >= 0


async def test_withdrawals_are_paged_newest_first_for_their_rider_alone(rider: RiderMoney) -> None:
    await rider.top_up(3000)
    await rider.top_up(3000)
    made = [(await rider.withdraw(amount)).id for amount in (100, 4000)]

    listing = rider.payments.core.wallet.list_withdrawals
    first, before = await listing(rider.payments.rider_id, 1, None)
    second, end = await listing(rider.payments.rider_id, 1, before)

    assert ([row.id for row in (*first, *second)], end) == (made[::-1], None)
    assert await listing(uuid4(), 1, None) == ([], None)


async def attack(rider: RiderMoney, statements: dict[str, dict[str, Any]]) -> None:
    """Execute statements in one transaction."""
    async with rider.payments.database.transaction() as connection:
        for statement, values in statements.items():
            await connection.execute(text(statement), values)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE withdrawal SET amount_minor = 1 WHERE id = :id", "append-only"),
        ("DELETE FROM withdrawal_part WHERE withdrawal_id = :id", "append-only"),
        (
            "INSERT INTO withdrawal_part SELECT :refund, :id",
            "pk_withdrawal_part",
        ),
        (
            "WITH other AS (INSERT INTO withdrawal SELECT gen_random_uuid(), rider_id, 'USD', 5, now() FROM withdrawal "
            "WHERE id = :id RETURNING id) INSERT INTO withdrawal_part SELECT CAST(:refund AS uuid), id FROM other",
            "pk_withdrawal_part",
        ),
    ],
)
async def test_withdrawal_is_not_changed(rider: RiderMoney, statement: str, rule: str) -> None:
    await rider.top_up(3000)
    withdrawal = await rider.withdraw(1000)
    values = {"id": withdrawal.id, "refund": withdrawal.parts[0].refund_id}

    with pytest.raises(DBAPIError, match=rule):
        await attack(rider, {statement: {name: value for name, value in values.items() if f":{name}" in statement}})


@pytest.mark.parametrize(("owner", "amount_minor"), [("rider_id", 999), ("gen_random_uuid()", 1000)])
async def test_withdrawal_that_its_refunds_do_not_make_up_is_refused(
    rider: RiderMoney, owner: str, amount_minor: int
) -> None:
    top_up = await rider.top_up(3000)
    refund_id = uuid4()
    refund = (
        "INSERT INTO refund (id, payment_id, rider_id, currency_code, amount_minor, reason, borne_by, destination, "
        "shares, status, psp_refund_id, failure_reason, looks, created_at, version) "
        "SELECT :refund, id, rider_id, 'USD', 1000, 'r', 'proportional', 'card', '[]', 'pending', '', '', 0, now(), 1 "
        "FROM payment WHERE id = :payment"
    )
    withdrawal = (
        f"INSERT INTO withdrawal SELECT CAST(:refund AS uuid), {owner}, 'USD', :amount, now() "  # noqa: S608
        "FROM refund WHERE id = :refund"
    )
    part = "INSERT INTO withdrawal_part SELECT CAST(:refund AS uuid), CAST(:refund AS uuid)"

    statements = {
        refund: {"refund": refund_id, "payment": top_up.id},
        withdrawal: {"refund": refund_id, "amount": amount_minor},
        part: {"refund": refund_id},
    }
    with pytest.raises(DBAPIError, match=r"add up to it|refunds top-ups of its rider"):
        await attack(rider, statements)


async def test_top_ups_are_locked_in_the_order_in_which_groups_lock_them(rider: RiderMoney, psp: FakePsp) -> None:
    first, second = await rider.top_up(3000), await rider.top_up(2000)
    lock = text("SELECT id FROM payment WHERE id = :id FOR NO KEY UPDATE NOWAIT")
    async with rider.payments.database.transaction() as other:
        await other.execute(lock, {"id": first.id})
        withdrawing = asyncio.create_task(rider.withdraw(5000))
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
        await until(lambda: rider.payments.rows(waiting))

        # Who has the older one gets the newer one as well: nobody waits for who waits for them.
        await other.execute(lock, {"id": second.id})

    withdrawal = await withdrawing
    assert [part.payment_id for part in withdrawal.parts] == [second.id, first.id]
