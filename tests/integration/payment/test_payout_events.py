"""What the PSP tells of payouts by itself: taken in once, whenever and however often it comes."""

from __future__ import annotations

from uuid import UUID

import pytest

from payment_service.domain.payout import Payout, PayoutStatus
from payment_service.domain.payout_schedule import PayoutInterval
from payment_service.domain.psp_event import PspEvent
from payment_service.settings import PaymentSettings
from payment_service.use_cases.psp_events.handling import Applied, Handled, NotYet, Unmatched
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments
from tests.integration.payment.driver_money import Drivers


@pytest.fixture
def payment_settings(payment_settings: PaymentSettings) -> PaymentSettings:
    return payment_settings.model_copy(update={"payment_payout_schedule": PayoutInterval.OFF})


@pytest.fixture
async def drivers(payments: Payments, psp: FakePsp, clock: StillClock) -> Drivers:
    made = Drivers(payments, psp, clock)
    await made.set_bank("btok_sandbox_returned")
    await made.earn(2000)
    return made


async def tell(
    drivers: Drivers, object_id: str, *, operation_id: UUID | None = None, account_id: str = "acct_1"
) -> Handled:
    event = PspEvent(
        id="evt_1",
        type="payout.updated",
        object_id=object_id,
        psp_payment_id="",
        operation_id=operation_id,
        account_id=account_id,
        payload=b"",
        received_at=drivers.clock.now(),
    )
    return await drivers.money.psp_events["payout."]((event,))


async def sent(drivers: Drivers) -> Payout:
    asked = await drivers.ask()
    await drivers.settle()
    return await drivers.see(asked)


async def test_event_told_twice_is_taken_in_once(drivers: Drivers, psp: FakePsp) -> None:
    payout = await sent(drivers)
    psp.banks_work()

    assert [await tell(drivers, payout.psp_payout_id) for _ in range(2)] == [Applied(), Applied()]

    assert (await drivers.see(payout)).status is PayoutStatus.PAID
    assert await drivers.entries(payout) == ["payout", "payout_paid"]


async def test_return_is_taken_in_and_an_old_event_changes_nothing(drivers: Drivers, psp: FakePsp) -> None:
    payout = await sent(drivers)
    for _ in range(2):
        psp.banks_work()
        await tell(drivers, payout.psp_payout_id)
    await drivers.settle()
    assert (await drivers.see(payout)).status is PayoutStatus.RETURNED

    assert await tell(drivers, payout.psp_payout_id) == Applied()

    assert await drivers.entries(payout) == ["payout", "payout_paid", "payout_returned", "payout_failed"]
    assert await drivers.owed() == 2000


async def test_event_before_the_answer_brings_the_answer_first(drivers: Drivers, psp: FakePsp) -> None:
    psp.fail("send_payout", Fault.TIMEOUT_AFTER_EFFECT)
    payout = await sent(drivers)
    assert payout.status is PayoutStatus.PENDING
    (at_psp,) = psp.bank_payouts.values()
    psp.banks_work()

    assert await tell(drivers, at_psp.id, operation_id=at_psp.operation_id) == Applied()

    assert (await drivers.see(payout)).status is PayoutStatus.PAID
    assert len(psp.bank_payouts) == 1


async def test_event_that_cannot_be_checked_is_for_later(drivers: Drivers, psp: FakePsp) -> None:
    payout = await sent(drivers)
    psp.sees_nothing = True

    assert await tell(drivers, payout.psp_payout_id) == NotYet("no_answer")
    assert await tell(drivers, "po_unheard_of") == Unmatched()
    assert await tell(drivers, "po_to_our_own_bank", account_id="") == Applied()
