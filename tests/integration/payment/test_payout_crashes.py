"""Payouts that die at every step, and scheduled ones: nothing is paid twice, nothing is lost."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from payment_service import bootstrap
from payment_service.domain.driver_terms import Model
from payment_service.domain.payout import PayoutKind, PayoutStatus
from payment_service.domain.payout_schedule import PayoutInterval
from payment_service.settings import PaymentSettings
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import CallerDiedError, FakePsp
from tests.integration.payment.conftest import Payments, core_over, usd
from tests.integration.payment.driver_money import Drivers

STEPS = ("intended", "asked", "concluded", "recorded")
POINTS = [
    "RequestPayout.claimed",
    "RequestPayout.begun",
    *(f"{kind}.{step}" for kind in ("transfer", "send_payout", "take_back") for step in STEPS),
    "follow_payout.seen",
    "follow_payout.written",
    "follow_payout.recorded",
]


class Dying:
    """Dies at one step, once, as a process would: what its transaction wrote is rolled back, what it sent is sent."""

    name = ""

    def __init__(self, plan: str = "") -> None:
        del plan

    def __call__(self, name: str) -> None:
        if name == Dying.name:
            Dying.name = ""
            raise CallerDiedError


@pytest.fixture
def payment_settings(payment_settings: PaymentSettings, monkeypatch: pytest.MonkeyPatch) -> PaymentSettings:
    monkeypatch.setattr(bootstrap, "Failpoints", Dying)
    return payment_settings.model_copy(update={"payment_payout_schedule": PayoutInterval.OFF})


@pytest.fixture
def drivers(payments: Payments, psp: FakePsp, clock: StillClock) -> Drivers:
    return Drivers(payments, psp, clock)


async def live_on(drivers: Drivers, settings: PaymentSettings) -> None:
    """Begin again in a new process, after the leases of the one that died."""
    drivers.payments.core = core_over(drivers.payments.database, settings, drivers.psp, drivers.clock)
    drivers.clock.advance(seconds=31)


async def despite_death(drivers: Drivers, settings: PaymentSettings, deed: str) -> None:
    for _ in range(3):
        try:
            match deed:
                case "ask":
                    await drivers.ask(1200, key="same")
                case "settle":
                    await drivers.settle()
                case _:
                    await drivers.banks_work()
        except CallerDiedError:
            await live_on(drivers, settings)
        else:
            return


@pytest.mark.parametrize(
    ("bank", "end", "owed_minor", "reversals", "entries"),
    [
        ("btok_us_verified", PayoutStatus.PAID, 800, 0, ["payout", "payout_paid"]),
        ("btok_us_verified_noAccount", PayoutStatus.FAILED, 2000, 1, ["payout", "payout_failed"]),
        (
            "btok_sandbox_returned",
            PayoutStatus.RETURNED,
            2000,
            1,
            ["payout", "payout_paid", "payout_returned", "payout_failed"],
        ),
    ],
)
@pytest.mark.parametrize("point", POINTS)
async def test_payout_survives_death_at_any_step(
    drivers: Drivers,
    payment_settings: PaymentSettings,
    point: str,
    bank: str,
    end: PayoutStatus,
    owed_minor: int,
    reversals: int,
    entries: list[str],
) -> None:
    await drivers.set_bank(bank)
    await drivers.earn(2000)
    Dying.name = point

    for deed in ("ask", "settle", "banks", "banks", "banks"):
        await despite_death(drivers, payment_settings, deed)
        await live_on(drivers, payment_settings)
        await despite_death(drivers, payment_settings, "settle")

    payout = await drivers.ask(1200, key="same")
    assert payout.status is end
    assert Dying.name == ("" if end is not PayoutStatus.PAID or "take_back" not in point else point)
    Dying.name = ""
    assert await drivers.owed() == owed_minor
    assert await drivers.entries(payout) == entries
    assert [(it.amount_minor, it.reversals) for it in drivers.psp.transfers.values()] == [(1200, reversals)]
    assert [it.amount_minor for it in drivers.psp.bank_payouts.values()] == [1200]


@pytest.fixture
async def weekly(
    drivers: Drivers, payment_settings: PaymentSettings, payments: Payments, clock: StillClock
) -> PaymentSettings:
    """A schedule, in a database whose other drivers have no bank: Sunday, noon, before the first Monday."""
    async with payments.database.transaction() as connection:
        await connection.execute(text("DELETE FROM payout_run"))
        await connection.execute(text("DELETE FROM payout_account"))
    changed = payment_settings.model_copy(update={"payment_payout_schedule": PayoutInterval.WEEKLY})
    drivers.payments.core = core_over(payments.database, changed, drivers.psp, clock)
    await drivers.settle()
    return changed


async def test_everybody_is_paid_out_once_a_week(drivers: Drivers, weekly: PaymentSettings, clock: StillClock) -> None:
    others = [Drivers(drivers.payments, drivers.psp, clock) for _ in range(4)]
    for index, driver in enumerate((drivers, *others)):
        await driver.set_bank()
        await driver.earn(90 + 10 * index)
    clock.advance(hours=15, minutes=59)
    await drivers.settle()
    assert [await driver.owed() for driver in (drivers, *others)] == [90, 100, 110, 120, 130]

    # Monday, four o'clock: several replicas begin at once.
    clock.advance(minutes=1)
    replicas = [core_over(drivers.payments.database, weekly, drivers.psp, clock).driver_money for _ in range(4)]

    async def run(replica: int) -> None:
        while await replicas[replica].steps["scheduled payouts"].step():
            pass

    await asyncio.gather(*(run(replica) for replica in range(4)))
    await drivers.settle()
    # The first had less than is paid out; what comes in later waits for the next week.
    assert [await driver.owed() for driver in (drivers, *others)] == [90, 0, 0, 0, 0]
    await drivers.earn(500)
    clock.advance(days=2)
    await drivers.settle()
    assert await drivers.owed() == 590

    clock.advance(days=5)
    await drivers.settle()

    assert await drivers.owed() == 0
    payouts, _ = await drivers.money.payouts.list_payouts(drivers.driver_id, None, None, 10)
    assert [(it.amount_minor, it.kind, it.status) for it in payouts] == [(590, PayoutKind.SCHEDULED, PayoutStatus.SENT)]


async def test_scheduled_payout_leaves_what_the_psp_cannot_pay_to_the_last_digit(
    drivers: Drivers, weekly: PaymentSettings, clock: StillClock
) -> None:
    drivers.psp.step_minor = 10
    await drivers.set_bank()
    await drivers.earn(1234)

    clock.advance(days=2)
    await drivers.settle()

    payouts, _ = await drivers.money.payouts.list_payouts(drivers.driver_id, None, None, 10)
    assert [(it.amount_minor, it.status) for it in payouts] == [(1230, PayoutStatus.SENT)]
    assert await drivers.owed() == 4


@pytest.mark.parametrize("point", ["payout_run.asked", "payout_run.recorded"])
async def test_scheduled_payouts_survive_death_and_missed_weeks(
    drivers: Drivers, weekly: PaymentSettings, clock: StillClock, point: str
) -> None:
    others = [Drivers(drivers.payments, drivers.psp, clock) for _ in range(3)]
    for driver in (drivers, *others):
        await driver.set_bank()
        await driver.earn(2000)
    # Nobody ran for three weeks: the latest period pays all of it.
    clock.advance(days=21)
    Dying.name = point
    with pytest.raises(CallerDiedError):
        await drivers.settle()
    await live_on(drivers, weekly)
    await drivers.settle()

    assert [await driver.owed() for driver in (drivers, *others)] == [0] * 4
    statement = "SELECT count(*) AS n, count(DISTINCT driver_id) AS d FROM payout WHERE driver_id = ANY(:ids)"
    rows = await drivers.payments.rows(statement, ids=[driver.driver_id for driver in (drivers, *others)])
    assert (rows[0]["n"], rows[0]["d"]) == (4, 4)
    assert sum(it.amount_minor for it in drivers.psp.bank_payouts.values()) == 8000


@pytest.mark.parametrize("point", ["subscription_fee.posted", "subscription_fee.recorded"])
async def test_fee_is_charged_once_whatever_dies(
    drivers: Drivers, payment_settings: PaymentSettings, point: str
) -> None:
    async with drivers.payments.database.transaction() as connection:
        await connection.execute(text("UPDATE subscription SET next_fee_at = NULL"))
    await drivers.agree(Model.SUBSCRIPTION, fee=usd(700), period_days=7)
    Dying.name = point
    with pytest.raises(CallerDiedError):
        await drivers.settle()
    await live_on(drivers, payment_settings)
    await drivers.settle()

    assert await drivers.owed() == -700
