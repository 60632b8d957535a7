"""Charges: the postings of a capture balance, and nobody loses a cent."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment_service.domain.charge import ChargeLine, ChargeLineKind, capture_postings, charge_total, payable_in_cash
from payment_service.domain.ledger import Account, AccountKind, EntryKind, JournalEntry, Posting
from shared_kernel.errors import InvalidInput
from shared_kernel.money import Money
from tests.fakes.payment_clock import StillClock

DRIVER = UUID(int=7)
PSP = Account(AccountKind.PSP_RECEIVABLE)
SHARED = (ChargeLineKind.FARE, ChargeLineKind.WAITING, ChargeLineKind.CANCEL_FEE, ChargeLineKind.NO_SHOW_FEE)
LINES = st.lists(
    st.builds(
        ChargeLine,
        kind=st.sampled_from(list(ChargeLineKind)),
        amount=st.integers(0, 10**12).map(lambda amount_minor: Money("USD", amount_minor)),
        commission_basis_points=st.integers(0, 10_000),
        tax_jurisdiction=st.sampled_from(["us-ca", "us-ca-sf"]),
    ),
    min_size=1,
    max_size=50,
).filter(lambda lines: sum(line.signed.amount_minor for line in lines) >= 0)


def by_card(lines: list[ChargeLine]) -> list[Posting]:
    return capture_postings(lines, DRIVER, [Posting(PSP, charge_total(lines))])


@given(LINES)
def test_cash_pays_at_most_the_total_and_all_of_it_where_no_fee_is_for_an_absent_rider(lines: list[ChargeLine]) -> None:
    payable, total = payable_in_cash(lines), charge_total(lines)
    absent = [line for line in lines if line.kind in (ChargeLineKind.CANCEL_FEE, ChargeLineKind.NO_SHOW_FEE)]

    assert 0 <= payable.amount_minor <= total.amount_minor
    assert payable == total or any(line.amount.amount_minor for line in absent)
    if len(absent) == len(lines):
        assert payable.amount_minor == 0


@given(LINES)
def test_postings_balance_and_the_psp_owes_the_total(lines: list[ChargeLine]) -> None:
    total = charge_total(lines)
    postings = by_card(lines)

    assert sum(posting.amount.amount_minor for posting in postings) == 0
    assert all(posting.amount.amount_minor for posting in postings)
    assert len({posting.account for posting in postings}) == len(postings)
    owed = {posting.account.kind: posting.amount for posting in postings}
    assert owed.get(AccountKind.PSP_RECEIVABLE, Money.zero("USD")) == total
    if postings:
        JournalEntry(DRIVER, EntryKind.CAPTURE, DRIVER, DRIVER, StillClock().now(), tuple(postings))


@given(LINES)
def test_each_kind_of_line_goes_where_it_belongs(lines: list[ChargeLine]) -> None:
    def charged(*kinds: ChargeLineKind) -> int:
        return sum(line.amount.amount_minor for line in lines if line.kind in kinds)

    def credited(*kinds: AccountKind) -> int:
        return -sum(leg.amount.amount_minor for leg in by_card(lines) if leg.account.kind in kinds)

    assert credited(AccountKind.TAX) == charged(ChargeLineKind.TAX)
    assert credited(AccountKind.BOOKING_FEE) == charged(ChargeLineKind.BOOKING_FEE)
    shared = charged(*SHARED, ChargeLineKind.TOLL, ChargeLineKind.TIP)
    assert credited(AccountKind.DRIVER, AccountKind.COMMISSION) == shared
    assert credited(AccountKind.PROMO) == -charged(ChargeLineKind.PROMOTION)


@given(st.integers(0, 10**12), st.integers(0, 10_000))
def test_commission_is_within_one_minor_unit_of_its_share(amount_minor: int, basis_points: int) -> None:
    line = ChargeLine(ChargeLineKind.FARE, Money("USD", amount_minor), basis_points)

    credits_by_kind = {leg.account.kind: -leg.amount.amount_minor for leg in by_card([line])}

    commission = credits_by_kind.get(AccountKind.COMMISSION, 0)
    assert abs(commission * 10_000 - amount_minor * basis_points) < 10_000
    assert credits_by_kind.get(AccountKind.DRIVER, 0) + commission == amount_minor


def test_odd_cent_of_an_even_split_is_the_drivers() -> None:
    line = ChargeLine(ChargeLineKind.CANCEL_FEE, Money("USD", 501), 5000)

    credits_by_kind = {leg.account.kind: -leg.amount.amount_minor for leg in by_card([line])}

    assert credits_by_kind == {AccountKind.PSP_RECEIVABLE: -501, AccountKind.DRIVER: 251, AccountKind.COMMISSION: 250}


def test_wrong_lines_are_named_each() -> None:
    lines = [
        ChargeLine(ChargeLineKind.FARE, Money("USD", 1)),
        ChargeLine(ChargeLineKind.TAX, Money("EUR", -1), 10_001),
    ]

    with pytest.raises(InvalidInput) as caught:
        charge_total(lines)

    assert [violation.field for violation in caught.value.violations] == [
        "lines[1].amount.currency_code",
        "lines[1].amount.amount_minor",
        "lines[1].commission_basis_points",
        "lines[1].tax_jurisdiction",
    ]
