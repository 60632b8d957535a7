"""Captures and what they leave in the ledger."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from payment_service.domain.charge import ChargeLine, ChargeLineKind
from payment_service.domain.ledger import AccountKind
from payment_service.domain.payment import Funding
from payment_service.domain.payment_moves import PaymentStatus
from shared_kernel.errors import Conflict, DomainError, InvalidInput, NotFound
from shared_kernel.money import Money
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments, fare, usd

FULL = (
    fare(2001, 2500),
    ChargeLine(ChargeLineKind.BOOKING_FEE, usd(150)),
    ChargeLine(ChargeLineKind.TAX, usd(180), tax_jurisdiction="us-ca-sf"),
    ChargeLine(ChargeLineKind.TAX, usd(0), tax_jurisdiction="us-ca"),
)


async def test_capture_splits_the_lines_into_the_ledger(payments: Payments) -> None:
    ride_id, driver_id = uuid4(), uuid4()
    await payments.hold(ride_id, 2400)

    payment = await payments.capture(ride_id, *FULL, driver_id=driver_id)

    assert (payment.status, payment.captured_minor) == (PaymentStatus.CAPTURED, 2331)
    entries = await payments.core.use_cases.list_journal_entries(ride_id, 100)
    assert [{str(leg.account): leg.amount.amount_minor for leg in entry.postings} for entry in entries] == [
        {
            "psp_receivable": 2331,
            f"driver:{driver_id}": -1501,
            "commission": -500,
            "booking_fee": -150,
            "tax:us-ca-sf": -180,
        }
    ]
    assert await payments.events_of(payment) == ["HoldPlaced", "PaymentCaptured"]


async def test_receipt_and_earnings_show_the_capture(payments: Payments) -> None:
    ride_id, driver_id = uuid4(), uuid4()
    await payments.hold(ride_id, 2400)
    with pytest.raises(Conflict) as caught:
        await payments.core.use_cases.get_receipt(ride_id, None)
    assert caught.value.reason == "not_captured"

    await payments.capture(ride_id, *FULL, driver_id=driver_id)

    receipt = await payments.core.use_cases.get_receipt(ride_id, payments.rider_id)
    assert (receipt.total, receipt.lines, receipt.brand, receipt.last_digits) == (usd(2331), FULL, "visa", "4242")
    earnings = await payments.core.use_cases.get_earnings(driver_id)
    assert earnings.balances == (usd(1501),)
    assert [(entry.ride_id, entry.kind, entry.amount) for entry in earnings.entries] == [
        (ride_id, "capture", usd(1501))
    ]


async def test_partial_and_full_capture_up_to_the_hold(payments: Payments, psp: FakePsp) -> None:
    for held, charged in ((2500, 1), (2500, 2500)):
        ride_id = uuid4()
        await payments.hold(ride_id, held)
        payment = await payments.capture(ride_id, fare(charged))
        assert psp.intents[payment.psp_payment_id].captured_minor == charged == payment.captured_minor


async def test_capture_above_the_hold_is_charged_by_itself(payments: Payments, psp: FakePsp) -> None:
    ride_id, driver_id = uuid4(), uuid4()
    await payments.hold(ride_id, 2500)

    payment = await payments.capture(ride_id, fare(3000), driver_id=driver_id)

    assert (payment.captured_minor, payment.receivable_minor) == (2500, 500)
    assert (await payments.core.use_cases.get_earnings(driver_id)).balances == (usd(2250),)
    assert await payments.balance(AccountKind.RIDER_RECEIVABLE, payments.rider_id) == 500
    await payments.core.sweep()
    assert sorted(intent.captured_minor for intent in psp.intents.values()) == [500, 2500]
    assert await payments.balance(AccountKind.RIDER_RECEIVABLE, payments.rider_id) == 0


async def test_what_cannot_be_charged_above_the_hold_is_owed(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id, 2500)
    await payments.capture(ride_id, fare(3000))
    psp.decline_charges = True

    await payments.core.sweep()

    assert await payments.balance(AccountKind.RIDER_RECEIVABLE, payments.rider_id) == 500
    excess = await payments.rows("SELECT status FROM payment WHERE ride_id = :id AND purpose = 'excess'", id=ride_id)
    assert excess == [{"status": "declined"}]


async def test_ride_whose_hold_the_psp_let_go_of_is_charged_by_itself(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    held = await payments.hold(ride_id, 2500)
    psp.intents[held.psp_payment_id].voided = True

    payment = await payments.capture(ride_id, fare(2000))

    assert (payment.status, payment.captured_minor, payment.receivable_minor) == (PaymentStatus.CAPTURED, 0, 2000)
    await payments.core.sweep()
    assert [intent.captured_minor for intent in psp.intents.values()] == [0, 2000]
    assert await payments.balance(AccountKind.RIDER_RECEIVABLE, payments.rider_id) == 0


async def test_cash_ride_leaves_the_driver_owing_commission_and_tax(payments: Payments, psp: FakePsp) -> None:
    ride_id, driver_id = uuid4(), uuid4()
    held = await payments.hold(ride_id, 2400, funding=Funding.CASH)
    assert held.status is PaymentStatus.HELD

    payment = await payments.capture(ride_id, *FULL, driver_id=driver_id)

    assert (payment.status, payment.captured_minor) == (PaymentStatus.CAPTURED, 2331)
    assert (await payments.core.use_cases.get_earnings(driver_id)).balances == (usd(-830),)
    assert not psp.intents


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((fare(0),), "invalid_amount"),
        ((ChargeLine(ChargeLineKind.FARE, Money("EUR", 5)),), "currency_mismatch"),
        ((fare(5), ChargeLine(ChargeLineKind.FARE, Money("EUR", 5))), "invalid_charge"),
        ((fare(500), fare(-1)), "invalid_charge"),
        ((fare(5, 10_001),), "invalid_charge"),
        ((ChargeLine(ChargeLineKind.TAX, usd(5)),), "invalid_charge"),
    ],
)
async def test_charge_that_makes_no_sense_is_refused(
    payments: Payments, lines: tuple[ChargeLine, ...], reason: str
) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id)

    with pytest.raises(InvalidInput) as caught:
        await payments.capture(ride_id, *lines)
    assert caught.value.reason == reason


async def test_capture_without_a_hold_is_refused(payments: Payments) -> None:
    ride_id = uuid4()
    with pytest.raises(NotFound):
        await payments.capture(ride_id)
    await payments.void(ride_id)
    with pytest.raises(Conflict) as caught:
        await payments.capture(ride_id)
    assert caught.value.reason == "invalid_transition"


async def test_captures_at_once_with_their_own_keys_collect_once(payments: Payments, psp: FakePsp) -> None:
    ride_id, driver_id = uuid4(), uuid4()
    held = await payments.hold(ride_id)

    answers = await asyncio.gather(
        *(payments.capture(ride_id, key=str(n), driver_id=driver_id) for n in range(6)), return_exceptions=True
    )

    assert all(not isinstance(answer, Exception) or isinstance(answer, DomainError) for answer in answers), answers
    assert sum(not isinstance(answer, BaseException) and answer.status.value == "captured" for answer in answers) >= 1
    assert psp.intents[held.psp_payment_id].captures == 1
    assert (await payments.core.use_cases.get_earnings(driver_id)).balances == (usd(1500),)


async def test_payment_and_receipt_of_another_rider_are_not_found(payments: Payments) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id)
    await payments.capture(ride_id)

    assert (await payments.core.use_cases.get_payment(ride_id, payments.rider_id)).ride_id == ride_id
    for read in (payments.core.use_cases.get_payment, payments.core.use_cases.get_receipt):
        with pytest.raises(NotFound):
            await read(ride_id, uuid4())


async def test_trial_balance_adds_up_to_zero(payments: Payments) -> None:
    before = await payments.core.use_cases.get_trial_balance()
    ride_id = uuid4()
    await payments.hold(ride_id, 2400)
    await payments.capture(ride_id, *FULL, driver_id=UUID(int=9))

    after = await payments.core.use_cases.get_trial_balance()

    def balance(kind: str, of: object) -> int:
        return {(row.account_kind, row.currency_code): row.balance_minor for row in after.accounts}.get(
            (kind, "USD"), 0
        )

    old = {row.account_kind: row.balance_minor for row in before.accounts if row.currency_code == "USD"}
    assert all(row.sum_minor == 0 for row in after.currencies)
    assert balance("psp_receivable", after) - old.get("psp_receivable", 0) == 2331
    assert balance("tax", after) - old.get("tax", 0) == -180
    entries = {row.currency_code: row.entry_count for row in before.currencies}
    assert {row.currency_code: row.entry_count for row in after.currencies}["USD"] == entries.get("USD", 0) + 1


async def test_wallet_ride_takes_what_the_wallet_has_beyond_its_hold(payments: Payments) -> None:
    await payments.fund_wallet(2700)
    ride_id = uuid4()
    held = await payments.hold(ride_id, 2500, funding=Funding.WALLET)
    assert held.status is PaymentStatus.HELD

    payment = await payments.capture(ride_id, fare(3000))

    assert (payment.captured_minor, payment.receivable_minor) == (2700, 300)
    assert await payments.balance(AccountKind.RIDER_WALLET, payments.rider_id) == 0
    assert await payments.balance(AccountKind.RIDER_RECEIVABLE, payments.rider_id) == 300


async def test_wallet_without_the_amount_declines_the_hold(payments: Payments) -> None:
    await payments.fund_wallet(2000)
    assert (await payments.hold(uuid4(), 1500, funding=Funding.WALLET)).status is PaymentStatus.HELD

    declined = await payments.hold(uuid4(), 501, funding=Funding.WALLET)

    assert (declined.status, declined.decline_reason) == (PaymentStatus.DECLINED, "insufficient_funds")


async def test_released_wallet_hold_can_be_held_again(payments: Payments) -> None:
    await payments.fund_wallet(1000)
    first, second = uuid4(), uuid4()
    await payments.hold(first, 1000, funding=Funding.WALLET)
    await payments.void(first)

    assert (await payments.hold(second, 1000, funding=Funding.WALLET)).status is PaymentStatus.HELD


async def test_credit_is_used_before_the_card(payments: Payments, psp: FakePsp) -> None:
    await payments.grant_credit(600)
    ride_id = uuid4()
    held = await payments.hold(ride_id, 2500)
    assert (held.authorized_minor, held.credit_held_minor) == (1900, 600)

    payment = await payments.capture(ride_id, fare(2000))

    assert (payment.captured_minor, payment.credit_used_minor) == (1400, 600)
    assert psp.intents[payment.psp_payment_id].captured_minor == 1400
    assert await payments.balance(AccountKind.RIDER_CREDIT, payments.rider_id) == 0


async def test_charge_within_the_credit_releases_the_card(payments: Payments, psp: FakePsp) -> None:
    await payments.grant_credit(600)
    ride_id = uuid4()
    held = await payments.hold(ride_id, 2500)

    payment = await payments.capture(ride_id, fare(500))

    assert (payment.status, payment.captured_minor, payment.credit_used_minor) == (PaymentStatus.CAPTURED, 0, 500)
    await payments.core.sweep()
    assert psp.intents[held.psp_payment_id].voided
    assert await payments.balance(AccountKind.RIDER_CREDIT, payments.rider_id) == 100
    assert (await payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.CAPTURED


async def test_hold_is_raised_and_captured_whole(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    held = await payments.hold(ride_id, 2500)

    raised = await payments.increment(ride_id, 4000)
    assert (raised.status, raised.authorized_minor) == (PaymentStatus.HELD, 4000)

    assert (await payments.capture(ride_id, fare(3900))).captured_minor == 3900
    assert psp.intents[held.psp_payment_id].captured_minor == 3900


async def test_raised_hold_leaves_the_card_what_credit_does_not_cover(payments: Payments, psp: FakePsp) -> None:
    await payments.grant_credit(600)
    ride_id = uuid4()
    held = await payments.hold(ride_id, 2500)

    raised = await payments.increment(ride_id, 4000)
    assert (raised.authorized_minor, raised.credit_held_minor) == (3400, 600)
    assert psp.intents[held.psp_payment_id].amount_minor == 3400

    payment = await payments.capture(ride_id, fare(4000))
    assert (payment.captured_minor, payment.credit_used_minor, payment.receivable_minor) == (3400, 600, 0)


async def test_raised_hold_asks_a_wallet_for_no_more_than_credit_leaves(payments: Payments) -> None:
    await payments.grant_credit(600)
    await payments.fund_wallet(3400)
    ride_id = uuid4()
    await payments.hold(ride_id, 2500, funding=Funding.WALLET)

    raised = await payments.increment(ride_id, 4000)

    assert (raised.status, raised.authorized_minor) == (PaymentStatus.HELD, 3400)


async def test_declined_increment_leaves_the_hold(payments: Payments, psp: FakePsp) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id, 2500)
    psp.increments_up_to_minor = 3000

    with pytest.raises(Conflict) as caught:
        await payments.increment(ride_id, 3001)

    assert caught.value.reason == "increment_declined"
    assert (await payments.core.use_cases.get_payment(ride_id, None)).authorized_minor == 2500


@pytest.mark.parametrize("method", ["capture", "void"])
async def test_what_the_psp_refused_to_do_with_a_hold_is_asked_of_it_again_by_the_same_request(
    payments: Payments, psp: FakePsp, method: str
) -> None:
    ride_id = uuid4()
    held = await payments.hold(ride_id)
    ask = payments.capture if method == "capture" else payments.void
    psp.refuses[method] = "account_closed"

    for _ in range(2):
        with pytest.raises(Conflict) as refused:
            await ask(ride_id)
        assert (refused.value.reason, refused.value.metadata) == (f"{method}_refused", {"psp_reason": "account_closed"})
    assert (await payments.core.use_cases.get_payment(ride_id, None)).status is PaymentStatus.HELD
    psp.refuses.clear()
    ended = await ask(ride_id)

    assert ended.status is (PaymentStatus.CAPTURED if method == "capture" else PaymentStatus.VOIDED)
    assert (await ask(ride_id)) == ended
    assert psp.intents[held.psp_payment_id].captures == (method == "capture")


async def test_request_whose_capture_was_refused_to_the_sweep_begins_again(
    payments: Payments, psp: FakePsp, clock: StillClock
) -> None:
    ride_id = uuid4()
    await payments.hold(ride_id)
    psp.fail("capture", Fault.NOT_CONNECTED)
    assert (await payments.capture(ride_id)).status is PaymentStatus.CAPTURE_PENDING
    psp.refuses["capture"] = "account_closed"
    clock.advance(seconds=11)
    await payments.core.sweep()
    psp.refuses.clear()

    assert (await payments.capture(ride_id)).status is PaymentStatus.CAPTURED
