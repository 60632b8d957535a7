"""What payment forgets of a person who leaves, and what has to come to its end first."""

from __future__ import annotations

import pytest

from payment_service.adapters.personal_data import PaymentPersonalData
from payment_service.domain.driver_terms import Model
from payment_service.domain.payout import PayoutStatus
from payment_service.domain.payout_schedule import PayoutInterval
from payment_service.settings import PaymentSettings
from shared_kernel.errors import Conflict, NotFound, Unknown
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments
from tests.integration.payment.driver_money import Drivers
from tests.integration.payment.psp_stage import Stage, stage

__all__ = ["stage"]


@pytest.fixture
def payment_settings(payment_settings: PaymentSettings) -> PaymentSettings:
    """Without a schedule: what is paid out is asked for."""
    return payment_settings.model_copy(update={"payment_payout_schedule": PayoutInterval.OFF})


@pytest.fixture
def keeper(payments: Payments) -> PaymentPersonalData:
    return PaymentPersonalData(payments.database, payments.core.use_cases.remove_payment_method)


@pytest.fixture
def drivers(payments: Payments, psp: FakePsp, clock: StillClock) -> Drivers:
    return Drivers(payments, psp, clock)


async def cards_of(payments: Payments) -> list[tuple[str, bool]]:
    """Return the last digits of the rider's cards, and whether each is still kept."""
    statement = "SELECT last_digits, removed_at IS NULL AS kept FROM payment_method WHERE rider_id = :id"
    return [(row["last_digits"], row["kept"]) for row in await payments.rows(statement, id=payments.rider_id)]


async def test_all_cards_are_detached_and_what_they_looked_like_is_forgotten(
    payments: Payments, keeper: PaymentPersonalData
) -> None:
    await payments.add_card("pm_card_mastercard")

    assert await keeper.blockers(payments.rider_id) == []
    await keeper.erase(payments.rider_id, "erasure")

    assert await cards_of(payments) == [("0000", False)] * 2


async def test_a_card_in_doubt_at_the_psp_has_to_be_known_before_its_rider_is_forgotten(
    payments: Payments, psp: FakePsp, keeper: PaymentPersonalData
) -> None:
    psp.fail("attach_card", Fault.TIMEOUT_AFTER_EFFECT)
    with pytest.raises(Unknown):
        await payments.add_card("pm_card_mastercard", key="second")

    assert await keeper.blockers(payments.rider_id) == ["open_card"]
    with pytest.raises(Conflict) as blocked:
        await keeper.erase(payments.rider_id, "erasure")
    assert (blocked.value.reason, blocked.value.metadata) == ("erasure_blocked", {"blockers": "open_card"})
    await payments.add_card("pm_card_mastercard", key="second")
    await keeper.erase(payments.rider_id, "erasure")

    assert await cards_of(payments) == [("0000", False)] * 2


async def test_a_driver_who_was_paid_out_may_leave_once_the_bank_returns_nothing_more(
    drivers: Drivers, keeper: PaymentPersonalData
) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)
    asked = await drivers.ask()
    assert await keeper.blockers(drivers.driver_id) == ["open_payout"]
    await drivers.settle()
    assert await keeper.blockers(drivers.driver_id) == ["open_payout"]
    await drivers.banks_work()
    assert (await drivers.see(asked)).status is PayoutStatus.PAID
    assert await keeper.blockers(drivers.driver_id) == ["open_payout"]

    await drivers.banks_work(hours=11 * 24)

    assert await keeper.blockers(drivers.driver_id) == []
    await keeper.erase(drivers.driver_id, "erasure")


async def test_the_bank_account_of_a_driver_who_leaves_is_forgotten(
    drivers: Drivers, keeper: PaymentPersonalData
) -> None:
    await drivers.set_bank()

    await keeper.erase(drivers.driver_id, "erasure")
    await keeper.erase(drivers.driver_id, "erasure")

    with pytest.raises(NotFound, match="bank account"):
        await drivers.money.payouts.get_payout_account(drivers.driver_id, "USD")


async def test_a_bank_account_in_doubt_at_the_psp_has_to_be_known_before_its_driver_is_forgotten(
    drivers: Drivers, psp: FakePsp, keeper: PaymentPersonalData
) -> None:
    psp.fail("add_bank", Fault.TIMEOUT_AFTER_EFFECT)
    with pytest.raises(Unknown):
        await drivers.set_bank(key="again")

    assert await keeper.blockers(drivers.driver_id) == ["open_bank"]
    await drivers.set_bank(key="again")

    assert await keeper.blockers(drivers.driver_id) == []


async def test_a_driver_is_told_all_that_is_kept_and_none_of_the_psps_names(
    drivers: Drivers, keeper: PaymentPersonalData
) -> None:
    await drivers.set_bank()
    await drivers.earn(2000)
    await drivers.agree(Model.PATRONAGE)
    await drivers.ask()

    lists, more = await keeper.export(drivers.driver_id, 0)

    [bank] = lists["payout_accounts"]
    assert (bank["last_digits"], bank["country_code"], bank["currency_code"]) == ("6789", "US", "USD")
    assert [row["model"] for row in lists["driver_terms"]] == ["patronage"]
    assert [row["amount_minor"] for row in lists["payouts"]] == [2000]
    assert set(lists) >= {"driver_payments", "driver_standings", "patronage_shares"}
    assert not more
    assert not [name for rows in lists.values() for row in rows for name in row if name.startswith("psp_")]


async def test_a_rider_is_told_of_refunds_disputes_and_withdrawals(stage: Stage, keeper: PaymentPersonalData) -> None:
    payment = await stage.captured(2000)
    await stage.refund(payment, 500)
    name = stage.psp.dispute_opens(payment.psp_payment_id)
    await stage.tell_of_dispute("charge.dispute.created", name)
    await stage.apply()

    lists, _ = await keeper.export(stage.payments.rider_id, 0)

    assert [row["amount_minor"] for row in lists["refunds"]] == [500]
    assert [row["payment_id"] for row in lists["disputes"]] == [payment.id]
    assert (lists["withdrawals"], lists["card_setups"]) == ([], [])
    assert not [column for rows in lists.values() for row in rows for column in row if column.startswith("psp_")]
