"""Standing, terms, subscription fees, patronage and statements of drivers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from payment_service.domain.charge import ChargeLine, ChargeLineKind
from payment_service.domain.driver_terms import DriverTerms, Model
from payment_service.domain.earnings_statement import Statement, StatementSums
from payment_service.domain.ledger import AccountKind
from payment_service.domain.payment import Funding
from payment_service.domain.payout_schedule import PayoutInterval
from payment_service.domain.refund import BorneBy
from payment_service.settings import PaymentSettings
from payment_service.use_cases.create_refund import RefundRequest
from payment_service.use_cases.get_earnings_statement import StatementAsked
from payment_service.use_cases.patronage import PatronageAsked
from ridesharing.payment.v1 import events_pb2
from shared_kernel.errors import Conflict, InvalidInput, LimitExceeded
from shared_kernel.money import MAX_AMOUNT_MINOR
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.conftest import Payments, core_over, fare, request_key, store_over, usd
from tests.integration.payment.driver_money import Drivers
from tests.integration.payment.process import until


@pytest.fixture
def payment_settings(payment_settings: PaymentSettings) -> PaymentSettings:
    return payment_settings.model_copy(update={"payment_payout_schedule": PayoutInterval.OFF})


@pytest.fixture
async def drivers(payments: Payments, psp: FakePsp, clock: StillClock) -> AsyncIterator[Drivers]:
    yield Drivers(payments, psp, clock)
    async with payments.database.transaction() as connection:
        # The next test's clock may be years away: these fees are not for it.
        await connection.execute(text("UPDATE subscription SET next_fee_at = NULL"))


async def pay_in(drivers: Drivers, amount_minor: int) -> None:
    request = request_key("RecordDriverPayment", str(uuid4()), amount_minor)
    await drivers.money.accounts.record_driver_payment(request, drivers.driver_id, usd(amount_minor), "R-1", "op")


async def told(drivers: Drivers) -> list[tuple[int, int, bool]]:
    """Return the versions, balances and verdicts of the standings that were told of the driver."""
    statement = "SELECT payload, aggregate_version FROM outbox WHERE aggregate_id = :id ORDER BY seq"
    rows = await drivers.payments.rows(statement, id=drivers.driver_id)
    events = [(events_pb2.DriverStandingChanged.FromString(row["payload"]), row["aggregate_version"]) for row in rows]
    return [(version, event.balance.amount_minor, event.cash_allowed) for event, version in events]


async def test_cash_rides_lead_below_the_floor_and_a_payment_out_of_it(drivers: Drivers) -> None:
    await drivers.earn(20_000, 2500, cash=True)
    assert await told(drivers) == []
    standing = await drivers.money.accounts.get_driver_standing(drivers.driver_id, "USD")
    assert (standing.balance, standing.cash_allowed) == (usd(-5000), True)

    await drivers.earn(4, 2500, cash=True)
    assert await told(drivers) == [(1, -5001, False)]
    await drivers.earn(400, 2500, cash=True)
    await pay_in(drivers, 100)
    await pay_in(drivers, 1)

    assert await told(drivers) == [(1, -5001, False), (2, -5000, True)]
    assert await drivers.owed() == -5000


async def test_earnings_by_card_settle_debts_by_themselves(drivers: Drivers) -> None:
    await drivers.earn(24_000, 2500, cash=True)
    await drivers.earn(2000, 2500)

    assert [verdict for _, _, verdict in await told(drivers)] == [False, True]
    assert await drivers.owed() == -4500


async def test_payment_at_a_desk_must_be_above_zero_and_counts_once(drivers: Drivers) -> None:
    record, request = drivers.money.accounts.record_driver_payment, request_key("RecordDriverPayment", str(uuid4()))
    first = await record(request, drivers.driver_id, usd(700), "R-2", "op")

    assert await record(request, drivers.driver_id, usd(700), "R-2", "op") == first
    assert await drivers.owed() == 700
    with pytest.raises(InvalidInput) as refused:
        await record(request_key("RecordDriverPayment", str(uuid4())), drivers.driver_id, usd(0), "R-3", "op")
    assert refused.value.reason == "invalid_amount"


async def test_standing_follows_a_floor_that_is_set_anew(drivers: Drivers, payment_settings: PaymentSettings) -> None:
    await drivers.earn(400, 2500, cash=True)
    core = drivers.payments.core
    strict = payment_settings.model_copy(update={"payment_driver_cash_floor_minor": 0})
    drivers.payments.core = core_over(drivers.payments.database, strict, drivers.psp, drivers.clock)
    while await drivers.step("standings"):
        pass
    assert await told(drivers) == [(1, -100, False)]

    drivers.payments.core = core
    while await drivers.step("standings"):
        pass
    assert await told(drivers) == [(1, -100, False), (2, -100, True)]


async def test_subscriber_keeps_all_of_a_ride_and_pays_the_fee_of_each_period_once(drivers: Drivers) -> None:
    await drivers.agree(Model.SUBSCRIPTION, fee=usd(1500), period_days=7)
    await drivers.earn(2000, 2500)
    await drivers.settle()
    assert await drivers.owed() == 500

    drivers.clock.advance(days=6, hours=23)
    await drivers.settle()
    assert await drivers.owed() == 500
    # Nobody ran for three weeks: each of their fees is made up for, and once.
    drivers.clock.advance(days=21)
    await drivers.settle()
    await drivers.settle()

    assert await drivers.owed() == 500 - 3 * 1500


async def test_fees_end_with_the_terms_and_commission_comes_back(drivers: Drivers, clock: StillClock) -> None:
    await drivers.agree(Model.SUBSCRIPTION, fee=usd(1500), period_days=7)
    await drivers.agree(Model.COMMISSION, at=clock.now() + timedelta(days=10))
    in_force, upcoming = await drivers.money.accounts.get_driver_terms(drivers.driver_id)
    assert in_force is not None
    assert (in_force.model, [terms.model for terms in upcoming]) == (Model.SUBSCRIPTION, [Model.COMMISSION])

    clock.advance(days=100)
    await drivers.settle()
    await drivers.earn(2000, 2500)

    assert await drivers.owed() == 1500 - 2 * 1500


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"model": Model.SUBSCRIPTION}, "invalid_terms"),
        ({"model": Model.SUBSCRIPTION, "fee": usd(0), "period_days": 7}, "invalid_terms"),
        ({"model": Model.SUBSCRIPTION, "fee": usd(5)}, "invalid_terms"),
        ({"model": Model.COMMISSION, "fee": usd(5), "period_days": 7}, "invalid_terms"),
        ({"model": Model.PATRONAGE, "at": timedelta(seconds=-1)}, "effective_time_passed"),
    ],
)
async def test_wrong_terms_are_refused(drivers: Drivers, asked: dict[str, Any], reason: str) -> None:
    if "at" in asked:
        asked = asked | {"at": drivers.clock.now() + asked["at"]}
    with pytest.raises(InvalidInput) as refused:
        await drivers.agree(**asked)

    assert refused.value.reason == reason


async def test_second_terms_from_the_same_time_are_refused(drivers: Drivers) -> None:
    await drivers.agree(Model.PATRONAGE)

    with pytest.raises(Conflict) as refused:
        await drivers.agree(Model.COMMISSION)

    assert refused.value.reason == "terms_exist"


async def test_two_payments_at_once_to_a_new_account_do_not_pass_the_bound_together(drivers: Drivers) -> None:
    more_than_half = MAX_AMOUNT_MINOR // 2 + 1

    ends = await asyncio.gather(*(pay_in(drivers, more_than_half) for _ in range(2)), return_exceptions=True)

    assert [error.reason for error in ends if isinstance(error, InvalidInput)] == ["invalid_amount"]
    assert await drivers.owed() == more_than_half


async def test_period_that_other_terms_begin_with_is_not_charged_while_they_are_being_agreed_on(
    drivers: Drivers, clock: StillClock
) -> None:
    await drivers.agree(Model.SUBSCRIPTION, fee=usd(700), period_days=7)
    await drivers.settle()
    clock.advance(days=7)
    now = clock.now()
    terms = DriverTerms(uuid4(), drivers.driver_id, Model.COMMISSION, now, None, 0, "op", now)

    async def charge() -> None:
        while await drivers.step("subscription fees"):
            pass

    async def waits() -> bool:
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
        return charging.done() or bool(await drivers.payments.rows(waiting))

    async with store_over(drivers.payments.database).transaction() as work:
        await work.terms.lock_driver(drivers.driver_id)
        await work.terms.add(terms)
        charging = asyncio.create_task(charge())
        await until(waits)
    await charging

    assert await drivers.owed() == -700


async def declare(
    drivers: Drivers, start: datetime, end: datetime, amount_minor: int, *, key: str | None = None
) -> Any:
    asked = PatronageAsked(start, end, usd(amount_minor), "op")
    request = request_key("DeclarePatronage", key or str(uuid4()), amount_minor)
    return await drivers.money.accounts.declare_patronage(request, asked)


async def test_surplus_goes_to_members_by_what_their_rides_brought(drivers: Drivers, clock: StillClock) -> None:
    clock.advance(days=1000)
    start, members = clock.now(), [uuid4(), uuid4(), uuid4()]
    for member in members:
        await Drivers(drivers.payments, drivers.psp, clock, member).agree(Model.PATRONAGE)
    # Commissions 100, 100 and 101; somebody else's ride brings one too, and is no member's.
    for member, amount_minor in [*zip(members, (400, 400, 404), strict=True), (drivers.driver_id, 8000)]:
        one = Drivers(drivers.payments, drivers.psp, clock, member)
        await one.earn(amount_minor, 2500)
    clock.advance(days=1)
    end = clock.now()

    for amount_minor, reason in ((302, "exceeds_commission"), (1, "")):
        if reason:
            with pytest.raises(Conflict) as refused:
                await declare(drivers, start, end, amount_minor)
            assert (refused.value.reason, refused.value.metadata) == (reason, {"commission_minor": "301"})
    key = str(uuid4())
    record = await declare(drivers, start, end, 200, key=key)
    assert (await declare(drivers, start, end, 200, key=key)).patronage.id == record.patronage.id
    await drivers.settle()
    await drivers.settle()

    owed = [await drivers.payments.balance(AccountKind.DRIVER, member) for member in members]
    earned = [300, 300, 303]
    assert sorted(b - a for a, b in zip(earned, owed, strict=True)) == [66, 67, 67]
    assert owed[2] - earned[2] == 67
    shares, _ = await drivers.money.accounts.list_patronage(members[2], None, 10)
    assert [(it.share, it.member_count, it.posted_count) for it in shares] == [(usd(67), 3, 3)]
    assert (await drivers.money.accounts.list_patronage(drivers.driver_id, None, 10)) == ([], None)


async def test_refund_of_what_was_above_the_hold_takes_its_commission_from_what_is_shared(
    drivers: Drivers, clock: StillClock
) -> None:
    clock.advance(days=1500)
    start, ride_id = clock.now(), uuid4()
    await drivers.agree(Model.PATRONAGE)
    await drivers.payments.hold(ride_id, 1000)
    own = await drivers.payments.capture(ride_id, fare(4000, 2500), driver_id=drivers.driver_id)
    await drivers.settle()
    statement = "SELECT id FROM payment WHERE ride_id = :ride_id AND purpose = 'excess'"
    [excess] = await drivers.payments.rows(statement, ride_id=ride_id)
    # Of the ride's 1000 of commission, 750 go back with what was charged beside the hold, and 100 with a part of it.
    for payment_id, amount_minor in ((excess["id"], 3000), (own.id, 400)):
        asked = RefundRequest(payment_id, None, usd(amount_minor), "the ride went wrong", BorneBy.PROPORTIONAL)
        request = request_key("CreateRefund", str(payment_id), amount_minor)
        await drivers.payments.core.refunds.refunds.create(request, asked)
    clock.advance(days=1)

    with pytest.raises(Conflict) as refused:
        await declare(drivers, start, clock.now(), 151)

    assert (refused.value.reason, refused.value.metadata) == ("exceeds_commission", {"commission_minor": "150"})


@pytest.mark.parametrize("shift", [timedelta(0), timedelta(hours=12), timedelta(hours=-12)])
async def test_second_declaration_of_a_period_is_refused(drivers: Drivers, clock: StillClock, shift: timedelta) -> None:
    clock.advance(days=2000 + shift / timedelta(hours=1))
    await drivers.agree(Model.PATRONAGE)
    start = clock.now()
    await drivers.earn(4000, 2500)
    clock.advance(days=3)
    await declare(drivers, start, start + timedelta(days=1), 100)

    with pytest.raises(Conflict) as refused:
        await declare(drivers, start + shift, start + shift + timedelta(days=1), 100)

    assert refused.value.reason in ("patronage_period_taken", "no_members")


@pytest.mark.parametrize(
    ("days", "amount_minor", "reason"),
    [(1, 100, "period_not_over"), (-1, 100, "invalid_period"), (0, 100, "invalid_period"), (-2, 0, "invalid_period")],
)
async def test_wrong_declarations_are_refused(drivers: Drivers, days: int, amount_minor: int, reason: str) -> None:
    now = drivers.clock.now()
    with pytest.raises((Conflict, InvalidInput)) as refused:
        await declare(drivers, now, now + timedelta(days=days), amount_minor)

    assert refused.value.reason == reason


async def statement(drivers: Drivers, start: datetime, end: datetime, limit: int = 100) -> Statement:
    asked = StatementAsked(drivers.driver_id, "USD", start, end, None, limit)
    return await drivers.money.accounts.get_earnings_statement(asked)


async def test_statement_tells_the_design_notes_ride_by_card_and_in_cash(drivers: Drivers, clock: StillClock) -> None:
    start = clock.now()
    lines = (
        fare(2000, 2500),
        ChargeLine(ChargeLineKind.TOLL, usd(200)),
        ChargeLine(ChargeLineKind.TAX, usd(180), tax_jurisdiction="US-NY"),
        ChargeLine(ChargeLineKind.PROMOTION, usd(100)),
    )
    for funding in (Funding.CARD, Funding.CASH):
        ride_id = uuid4()
        await drivers.payments.hold(ride_id, 2500, funding=funding)
        await drivers.payments.capture(ride_id, *lines, driver_id=drivers.driver_id)
    await drivers.set_bank()
    await drivers.ask(1000)
    clock.advance(days=1)

    told = await statement(drivers, start, clock.now())

    assert told.sums == StatementSums(
        gross_fares=4000, tolls=400, commission=-1000, cash_collected=-2280, payouts=-1000
    )
    assert (told.opening, told.closing) == (usd(0), usd(120))
    assert [line.kind for line in told.lines] == ["payout", "capture", "capture"]


async def test_statement_of_a_ride_that_moved_no_money_still_tells_it(drivers: Drivers, clock: StillClock) -> None:
    await drivers.earn(2000, 0, cash=True)
    clock.advance(seconds=1)

    told = await statement(drivers, clock.now() - timedelta(days=1), clock.now())

    assert told.sums == StatementSums(gross_fares=2000, cash_collected=-2000)


async def test_lines_are_paged(drivers: Drivers, clock: StillClock) -> None:
    for amount_minor in (100, 200, 300):
        await drivers.earn(amount_minor)
    clock.advance(seconds=1)
    start, end = clock.now() - timedelta(days=1), clock.now()

    first = await statement(drivers, start, end, 2)
    asked = StatementAsked(drivers.driver_id, "USD", start, end, first.next_after, 2)
    second = await drivers.money.accounts.get_earnings_statement(asked)

    assert [line.amount.amount_minor for line in (*first.lines, *second.lines)] == [300, 200, 100]
    assert second.next_after is None


@pytest.mark.parametrize("days", [0, -1, 401])
async def test_wrong_period_of_a_statement_is_refused(drivers: Drivers, days: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        await statement(drivers, drivers.clock.now(), drivers.clock.now() + timedelta(days=days))

    assert refused.value.reason == "invalid_period"


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["card", "cash", "payout", "desk", "subscribe", "pass"]),
        st.integers(min_value=2, max_value=5000),
        st.integers(min_value=0, max_value=10_000),
    ),
    max_size=12,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS, cut=st.integers(min_value=0, max_value=12))
async def test_opening_and_sums_make_the_closing_balance(
    drivers: Drivers, clock: StillClock, deeds: list[tuple[str, int, int]], cut: int
) -> None:
    drivers = Drivers(drivers.payments, drivers.psp, clock)
    await drivers.set_bank()
    begin = clock.now()
    middle = begin
    for index, (deed, amount_minor, basis_points) in enumerate(deeds):
        clock.advance(seconds=1)
        if index == cut:
            middle = clock.now()
        match deed:
            case "card" | "cash":
                await drivers.earn(amount_minor, basis_points, cash=deed == "cash")
            case "payout":
                with contextlib.suppress(Conflict, LimitExceeded):
                    await drivers.ask(amount_minor)
            case "desk":
                await pay_in(drivers, amount_minor)
            case "subscribe":
                await drivers.agree(Model.SUBSCRIPTION, fee=usd(amount_minor), period_days=1)
            case _:
                clock.advance(days=1)
                await drivers.settle()
    clock.advance(seconds=1)
    end = clock.now()

    whole = await statement(drivers, begin, end)
    parts = [await statement(drivers, begin, middle), await statement(drivers, middle, end)] if middle > begin else []

    assert whole.closing.amount_minor == await drivers.owed()
    for part in (whole, *parts):
        assert part.opening.amount_minor + part.sums.total_minor == part.closing.amount_minor
        assert part.sums.other == 0
        assert sum(line.amount.amount_minor for line in part.lines) == part.sums.total_minor
    # The commission is told as the rest of a sum: the books of commission must say the same.
    taken = await drivers.payments.rows(
        "SELECT coalesce(sum(amount_minor), 0) AS minor FROM posting JOIN journal_entry ON entry_id = journal_entry.id "
        "JOIN account ON account.id = account_id JOIN payment ON payment.id = payment_id "
        "WHERE account.kind = 'commission' AND payment.driver_id = :driver",
        driver=drivers.driver_id,
    )
    assert whole.sums.commission == taken[0]["minor"]
    if parts:
        for name in (it.name for it in fields(StatementSums)):
            assert sum(getattr(part.sums, name) for part in parts) == getattr(whole.sums, name)
