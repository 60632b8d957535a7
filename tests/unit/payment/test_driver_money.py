"""Rules of drivers' money: schedules, terms, patronage, standing, moves of payouts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment_service.domain.charge import SPLIT_KINDS, ChargeLine, ChargeLineKind, charge_total, shares
from payment_service.domain.driver_terms import DriverTerms, Model
from payment_service.domain.ledger import AccountKind, EntryKind
from payment_service.domain.patronage import shared_out
from payment_service.domain.payout import (
    PAYOUT_TRANSITIONS,
    Payout,
    PayoutKind,
    PayoutStatus,
    payout_entry,
)
from payment_service.domain.payout_schedule import PayoutInterval, PayoutSchedule
from payment_service.domain.standing import Standing
from shared_kernel.errors import Conflict
from shared_kernel.money import Money

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (made UTC)


def usd(amount_minor: int) -> Money:
    return Money("USD", amount_minor)


@given(
    now=MOMENTS,
    weekday=st.integers(0, 6),
    hour=st.integers(0, 23),
    interval=st.sampled_from([PayoutInterval.WEEKLY, PayoutInterval.DAILY]),
)
def test_latest_period_is_the_last_scheduled_time_that_has_come(
    now: datetime, weekday: int, hour: int, interval: PayoutInterval
) -> None:
    schedule = PayoutSchedule(interval, weekday, hour)
    latest = schedule.latest(now)

    assert latest is not None
    length = timedelta(days=7 if interval is PayoutInterval.WEEKLY else 1)
    assert latest <= now < latest + length
    assert (latest.hour, latest.minute, latest.second) == (hour, 0, 0)
    assert interval is PayoutInterval.DAILY or latest.weekday() == weekday
    assert schedule.latest(latest) == latest


def test_nothing_is_scheduled_where_it_is_off() -> None:
    assert PayoutSchedule(PayoutInterval.OFF, 0, 4).latest(NOW) is None


@given(
    commissions=st.dictionaries(st.uuids(), st.integers(-500, 10_000), min_size=1, max_size=30),
    share=st.integers(1, 10_000),
)
def test_patronage_is_shared_to_the_last_minor_unit(commissions: dict[UUID, int], share: int) -> None:
    whole_minor = sum(minor for minor in commissions.values() if minor > 0)
    amount_minor = whole_minor * share // 10_000
    if not amount_minor:
        return
    parts = shared_out(uuid4(), usd(amount_minor), commissions)

    assert sum(part.amount.amount_minor for part in parts) == amount_minor
    for part in parts:
        exact = amount_minor * commissions[part.driver_id] / whole_minor
        assert 0 < part.amount.amount_minor <= part.commission.amount_minor
        assert abs(part.amount.amount_minor - exact) < 1


@pytest.mark.parametrize(
    ("commissions", "reason"),
    [({}, "no_members"), ({UUID(int=1): -5}, "no_members"), ({UUID(int=1): 99}, "exceeds_commission")],
)
def test_patronage_beyond_the_commission_is_refused(commissions: dict[UUID, int], reason: str) -> None:
    with pytest.raises(Conflict) as refused:
        shared_out(uuid4(), usd(100), commissions)

    assert refused.value.reason == reason


LINES = st.lists(
    st.builds(
        ChargeLine,
        st.sampled_from([*SPLIT_KINDS, ChargeLineKind.TOLL, ChargeLineKind.TIP, ChargeLineKind.BOOKING_FEE]),
        st.integers(0, 10_000).map(usd),
        st.integers(0, 10_000),
    ),
    min_size=1,
    max_size=6,
)


@given(lines=LINES)
def test_subscriber_pays_no_commission_and_the_rider_pays_the_same(lines: list[ChargeLine]) -> None:
    terms = DriverTerms(uuid4(), uuid4(), Model.SUBSCRIPTION, NOW, usd(100), 7, "op", NOW)
    agreed = terms.apply(lines)

    assert charge_total(agreed) == charge_total(lines)
    assert not [it for it in shares(agreed, terms.driver_id) if it.account.kind is AccountKind.COMMISSION]
    for model in (Model.COMMISSION, Model.PATRONAGE):
        assert DriverTerms(uuid4(), uuid4(), model, NOW, None, 0, "op", NOW).apply(lines) == tuple(lines)


@given(balance=st.integers(-(10**6), 10**6), floor=st.integers(-(10**6), 10**6))
def test_cash_is_allowed_down_to_the_floor(balance: int, floor: int) -> None:
    assert Standing(uuid4(), usd(balance), usd(floor)).cash_allowed == (balance >= floor)


def payout(status: PayoutStatus = PayoutStatus.PENDING, *, paid: bool = False) -> Payout:
    return Payout(
        id=uuid4(),
        driver_id=uuid4(),
        currency_code="USD",
        amount_minor=1200,
        kind=PayoutKind.ON_DEMAND,
        period_at=None,
        retry_of=None,
        status=status,
        psp_account_id="acct_1",
        psp_bank_id="ba_1",
        last_digits="6789",
        psp_transfer_id="",
        psp_payout_id="",
        waiting_reason="",
        waits=0,
        failure_reason="",
        look_at=None,
        created_at=NOW,
        sent_at=None,
        paid_at=NOW if paid else None,
        ended_at=None,
        version=1,
    )


@pytest.mark.parametrize("before", list(PayoutStatus))
@pytest.mark.parametrize("after", [it for it in PayoutStatus if it is not PayoutStatus.PENDING])
def test_illegal_moves_of_payouts_are_refused_by_name(before: PayoutStatus, after: PayoutStatus) -> None:
    moving = payout(before, paid=after is PayoutStatus.RETURNED)

    def move() -> Payout:
        match after:
            case PayoutStatus.SENT:
                return moving.sent("po_1", NOW)
            case PayoutStatus.PAID:
                return moving.paid(NOW)
            case PayoutStatus.RECOVERING:
                return moving.recovering("no")
            case _ if before is PayoutStatus.PENDING:
                return moving.refused("no", NOW)
            case _:
                return moving.recovered(NOW)

    if (before, after) in PAYOUT_TRANSITIONS or (before is PayoutStatus.PENDING and after is PayoutStatus.RETURNED):
        assert move().version == 2
    else:
        with pytest.raises(Conflict) as refused:
            move()
        assert refused.value.reason == "invalid_transition"


@pytest.mark.parametrize(
    "kinds",
    [
        (EntryKind.PAYOUT, EntryKind.PAYOUT_FAILED),
        (EntryKind.PAYOUT, EntryKind.PAYOUT_PAID, EntryKind.PAYOUT_RETURNED, EntryKind.PAYOUT_FAILED),
    ],
)
def test_payout_that_came_to_nothing_leaves_nothing_in_the_books(kinds: tuple[EntryKind, ...]) -> None:
    one, sums = payout(), dict[str, int]()
    for kind in kinds:
        for posting in payout_entry(one, kind, uuid4(), NOW).postings:
            name = str(posting.account)
            sums[name] = sums.get(name, 0) + posting.amount.amount_minor

    assert set(sums.values()) == {0}


def test_subscription_fees_of_two_periods_are_two_and_of_one_are_one() -> None:
    terms = DriverTerms(uuid4(), uuid4(), Model.SUBSCRIPTION, NOW, usd(100), 7, "op", NOW)
    later = terms.period_after(NOW)

    sources = [terms.fee_entry(at, uuid4(), NOW).source_id for at in (NOW, NOW, later)]

    assert (sources[0] == sources[1], sources[0] == sources[2]) == (True, False)
    assert later - NOW == timedelta(days=7)
