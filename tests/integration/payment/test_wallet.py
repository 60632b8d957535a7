"""Riders' wallets: money put in, statements, and credit that operators grant and take back."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from payment_service.domain.adjustment import CREDIT_KINDS, AdjustmentKind
from payment_service.domain.ledger import AccountKind
from payment_service.domain.payment import Funding
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.use_cases.adjust_rider import AdjustmentRequest
from payment_service.use_cases.place_hold import HoldRequest
from shared_kernel.errors import Conflict, DomainError, InvalidInput, NotFound
from shared_kernel.money import MAX_AMOUNT_MINOR, Money
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments, fare, request_key, usd
from tests.integration.payment.rider_money import OPERATOR_ID, RiderMoney


@pytest.fixture
def rider(payments: Payments) -> RiderMoney:
    return RiderMoney(payments)


async def test_top_up_charges_the_default_card_and_fills_the_wallet(rider: RiderMoney, psp: FakePsp) -> None:
    payment = await rider.top_up(5000)

    assert (payment.status, payment.captured_minor) == (PaymentStatus.CAPTURED, 5000)
    assert await rider.posted(payment.id) == [("top_up", "psp_receivable", 5000), ("top_up", "rider_wallet", -5000)]
    assert [intent.captured_minor for intent in psp.intents.values()] == [5000]
    assert await rider.payments.events_of(payment) == ["ChargeCollected"]


async def test_same_key_tops_up_once(rider: RiderMoney, psp: FakePsp) -> None:
    first = await rider.top_up(5000, key="k")

    assert await rider.top_up(5000, key="k") == first
    assert len(psp.intents) == 1
    with pytest.raises(Conflict) as caught:
        await rider.top_up(6000, key="k")
    assert caught.value.reason == "idempotency_key_reused"


async def test_declined_top_up_is_an_answer_and_leaves_the_wallet_as_it_was(rider: RiderMoney, psp: FakePsp) -> None:
    psp.decline_charges = True

    payment = await rider.top_up(5000)

    assert (payment.status, payment.decline_reason) == (PaymentStatus.DECLINED, "insufficient_funds")
    assert await rider.wallet_minor() == 0
    assert await rider.payments.events_of(payment) == ["ChargeDeclined"]


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE_EFFECT, Fault.TIMEOUT_AFTER_EFFECT, Fault.ERROR_AFTER_EFFECT])
async def test_top_up_of_unknown_outcome_is_pending_and_ends_by_itself(
    rider: RiderMoney, psp: FakePsp, clock: StillClock, fault: Fault
) -> None:
    psp.fail("charge", fault)
    payment = await rider.top_up(5000, key="k")
    assert payment.status is PaymentStatus.CHARGE_PENDING

    for _ in range(3):
        clock.advance(seconds=20)
        await rider.payments.core.sweep()

    assert (await rider.top_up(5000, key="k")).status is PaymentStatus.CAPTURED
    assert (await rider.wallet_minor(), len(psp.intents)) == (5000, 1)


@pytest.mark.parametrize("amount_minor", [0, -5, 499, 50_001, 10**15])
async def test_top_up_outside_the_limits_is_refused(rider: RiderMoney, amount_minor: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        await rider.top_up(amount_minor)
    assert caught.value.reason == "invalid_amount"


async def test_wallet_is_not_filled_beyond_its_limit_even_at_once(rider: RiderMoney, psp: FakePsp) -> None:
    for _ in range(3):
        await rider.top_up(50_000)
    psp.gate = asyncio.Event()
    under_way = asyncio.create_task(rider.top_up(40_000))
    await psp.asked.wait()

    with pytest.raises(Conflict) as caught:
        await rider.top_up(10_001)
    assert caught.value.reason == "wallet_full"
    psp.gate.set()
    assert (await under_way).status is PaymentStatus.CAPTURED
    assert (await rider.top_up(10_000)).status is PaymentStatus.CAPTURED


async def test_top_up_without_a_card_or_with_anothers_is_refused(rider: RiderMoney) -> None:
    stranger = uuid4()
    theirs = await rider.payments.add_card("pm_card_visa", stranger)
    with pytest.raises(NotFound) as caught:
        await rider.top_up(5000, method_id=theirs)
    assert caught.value.reason == "payment_method_not_found"
    rider.payments.rider_id = uuid4()
    with pytest.raises(Conflict) as without:
        await rider.top_up(5000)
    assert without.value.reason == "no_default_payment_method"


async def test_wallet_tells_what_rides_hold_of_it(rider: RiderMoney) -> None:
    await rider.top_up(5000)
    await rider.adjust(AdjustmentKind.CREDIT_GRANT, 300)

    await rider.payments.hold(uuid4(), 1000, funding=Funding.WALLET)

    balance = await rider.balance()
    assert (balance.wallet, balance.wallet_held) == (usd(5000), usd(700))
    assert (balance.credit, balance.credit_held) == (usd(300), usd(300))
    assert (balance.arrears, balance.arrears_in_collection) == (usd(0), usd(0))
    assert list(await rider.payments.core.wallet.get_wallet(uuid4())) == []


async def test_statement_pages_through_both_accounts_newest_first_with_running_balances(rider: RiderMoney) -> None:
    await rider.top_up(5000)
    await rider.adjust(AdjustmentKind.CREDIT_GRANT, 300)
    ride_id = await rider.captured(Funding.WALLET)
    await rider.tip(ride_id, 250)

    lines, before = [], None
    while True:
        page, before = await rider.payments.core.wallet.list_wallet_entries(rider.payments.rider_id, 2, before)
        lines += [
            (line.account.value, line.kind, line.amount.amount_minor, line.balance.amount_minor, line.ride_id)
            for line in page
        ]
        if before is None:
            break

    assert lines[0] == ("rider_wallet", "tip", -250, 3050, ride_id)
    assert sorted(lines[1:3]) == [
        ("rider_credit", "capture", -300, 0, ride_id),
        ("rider_wallet", "capture", -1700, 3300, ride_id),
    ]
    assert lines[3:] == [
        ("rider_credit", "credit_grant", 300, 300, None),
        ("rider_wallet", "top_up", 5000, 5000, None),
    ]


async def test_granted_credit_is_the_promotions_expense_and_can_be_taken_back(rider: RiderMoney) -> None:
    granted = await rider.adjust(AdjustmentKind.CREDIT_GRANT, 500, key="grant")
    assert await rider.adjust(AdjustmentKind.CREDIT_GRANT, 500, key="grant") == granted
    revoked = await rider.adjust(AdjustmentKind.CREDIT_REVOKED, 200)

    assert await rider.posted(granted.id) == [("credit_grant", "promo", 500), ("credit_grant", "rider_credit", -500)]
    assert await rider.posted(revoked.id) == [
        ("credit_revoked", "promo", -200),
        ("credit_revoked", "rider_credit", 200),
    ]
    assert (await rider.balance()).credit == usd(300)
    listed, more = await rider.payments.core.wallet.list_adjustments(CREDIT_KINDS, rider.payments.rider_id, 50, None)
    assert (list(listed), more) == ([revoked, granted], None)
    assert (granted.operator_id, granted.reason) == (OPERATOR_ID, "a late driver")


async def test_credit_that_is_used_or_held_is_not_taken_back(rider: RiderMoney) -> None:
    await rider.adjust(AdjustmentKind.CREDIT_GRANT, 500)
    await rider.payments.hold(uuid4(), 400)

    with pytest.raises(Conflict) as caught:
        await rider.adjust(AdjustmentKind.CREDIT_REVOKED, 101)
    assert (caught.value.reason, caught.value.metadata["available_minor"]) == ("insufficient_credit", "100")
    await rider.adjust(AdjustmentKind.CREDIT_REVOKED, 100)


@pytest.mark.parametrize(("amount_minor", "from_credit"), [(3000, 1230), (1230, 1230), (1000, 1000)])
async def test_what_credit_leaves_to_the_card_is_what_a_card_can_be_charged(
    rider: RiderMoney, psp: FakePsp, amount_minor: int, from_credit: int
) -> None:
    payments, ride_id = rider.payments, uuid4()
    granted = AdjustmentRequest(
        AdjustmentKind.CREDIT_GRANT, payments.rider_id, OPERATOR_ID, Money("KWD", 1234), "a late driver"
    )
    await payments.core.wallet.adjust_rider(rider.key("Adjust", None), granted)

    hold = HoldRequest(ride_id, payments.rider_id, Funding.CARD, payments.method_id, Money("KWD", amount_minor))
    held = await payments.core.use_cases.place_hold(request_key("PlaceHold", f"{ride_id}:hold", amount_minor), hold)

    assert (held.status, held.credit_held_minor) == (PaymentStatus.HELD, from_credit)
    assert [intent.amount_minor for intent in psp.intents.values()] == [amount_minor - from_credit] * (
        amount_minor > from_credit
    )


async def test_credit_taken_back_at_once_never_goes_below_what_there_is(rider: RiderMoney) -> None:
    await rider.adjust(AdjustmentKind.CREDIT_GRANT, 500)

    answers = await asyncio.gather(
        *(rider.adjust(AdjustmentKind.CREDIT_REVOKED, 200) for _ in range(5)), return_exceptions=True
    )

    assert sum(isinstance(answer, Conflict) for answer in answers) == 3
    assert await rider.payments.balance(AccountKind.RIDER_CREDIT, rider.payments.rider_id) == 100


@pytest.mark.parametrize("kind", list(AdjustmentKind))
@pytest.mark.parametrize("amount_minor", [0, -1])
async def test_adjustment_of_nothing_is_refused(rider: RiderMoney, kind: AdjustmentKind, amount_minor: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        await rider.adjust(kind, amount_minor)
    assert caught.value.reason == "invalid_amount"


async def test_adjustments_are_paged_newest_first(rider: RiderMoney) -> None:
    made = [await rider.adjust(AdjustmentKind.CREDIT_GRANT, amount) for amount in (1, 2, 3)]
    listing = rider.payments.core.wallet.list_adjustments

    first, before = await listing(CREDIT_KINDS, rider.payments.rider_id, 2, None)
    second, end = await listing(CREDIT_KINDS, rider.payments.rider_id, 2, before)

    assert ([*first, *second], end) == (made[::-1], None)
    assert await listing([AdjustmentKind.WRITE_OFF], rider.payments.rider_id, 2, None) == ([], None)


async def test_wallet_ride_spends_what_was_topped_up(rider: RiderMoney, psp: FakePsp) -> None:
    await rider.top_up(3000)
    driver_id, ride_id = uuid4(), uuid4()
    await rider.payments.hold(ride_id, 2500, funding=Funding.WALLET)

    payment = await rider.payments.capture(ride_id, fare(2000), driver_id=driver_id)

    assert await rider.posted(payment.id) == [
        ("capture", "commission", -500),
        ("capture", "driver", -1500),
        ("capture", "rider_wallet", 2000),
    ]
    assert (await rider.wallet_minor(), len(psp.intents)) == (1000, 1)


async def test_top_ups_at_once_with_one_key_charge_once(rider: RiderMoney, psp: FakePsp) -> None:
    answers = await asyncio.gather(*(rider.top_up(5000, key="k") for _ in range(6)), return_exceptions=True)

    assert all(not isinstance(answer, Exception) or isinstance(answer, DomainError) for answer in answers), answers
    assert (len(psp.intents), await rider.wallet_minor()) == (1, 5000)


async def test_two_grants_at_once_to_a_new_rider_do_not_pass_the_bound_together(rider: RiderMoney) -> None:
    rider_id, more_than_half = uuid4(), MAX_AMOUNT_MINOR // 2 + 1
    grants = (rider.adjust(AdjustmentKind.CREDIT_GRANT, more_than_half, rider_id=rider_id) for _ in range(2))

    ends = await asyncio.gather(*grants, return_exceptions=True)

    assert [error.reason for error in ends if isinstance(error, InvalidInput)] == ["invalid_amount"]
    assert await rider.payments.balance(AccountKind.RIDER_CREDIT, rider_id) == more_than_half
