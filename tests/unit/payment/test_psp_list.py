"""The PSP's list: what Stripe's transactions and units mean, and what is booked from the list alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from payment_service.adapters.stripe_amounts import from_stripe, payable, to_stripe
from payment_service.adapters.stripe_transactions import page_of_transactions
from payment_service.domain.ledger import AccountKind
from payment_service.domain.psp_transaction import PspTransaction, TransactionKind, entry_of
from payment_service.use_cases.outcomes import TransactionPage
from shared_kernel.errors import InvalidInput
from shared_kernel.money import Money

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AT_STRIPE = {
    **dict.fromkeys("BIF CLP DJF GNF JPY KMF KRW PYG RWF VND VUV XAF XOF XPF".split(), (1, 1)),
    **dict.fromkeys("USD EUR GBP HUF TWD IDR LAK RSD COP".split(), (1, 1)),
    "MGA": (1, 100),
    **dict.fromkeys(["ISK", "UGX"], (100, 1)),
}
"""Currency -> so many of Stripe's units are so many of ours (ISO 4217), by Stripe's page on currencies."""


@pytest.mark.parametrize("code", AT_STRIPE)
@given(whole=st.integers(-(10**9), 10**9))
def test_an_amount_is_the_same_there_and_back(code: str, whole: int) -> None:
    theirs, ours = AT_STRIPE[code]
    amount = Money(code, whole * ours)

    assert to_stripe(amount) == whole * theirs
    assert from_stripe(whole * theirs, code.lower()) == amount


@pytest.mark.parametrize("code", ["BHD", "JOD", "KWD", "OMR", "TND"])
@given(tenths=st.integers(-(10**9), 10**9), rest=st.integers(1, 9))
def test_three_decimals_are_paid_with_a_zero_at_the_end_alone(code: str, tenths: int, rest: int) -> None:
    assert from_stripe(to_stripe(Money(code, tenths * 10)), code.lower()) == Money(code, tenths * 10)
    with pytest.raises(InvalidInput) as refused:
        to_stripe(Money(code, tenths * 10 + rest))
    assert refused.value.reason == "amount_not_payable"


@pytest.mark.parametrize(
    ("code", "step"), [("USD", 1), ("JPY", 1), ("ISK", 1), ("UGX", 1), ("MGA", 100), ("KWD", 10), ("TND", 10)]
)
@given(amount_minor=st.integers(0, 10**12))
def test_what_is_payable_of_an_amount_is_taken_and_what_is_left_is_less_than_a_step(
    code: str, step: int, amount_minor: int
) -> None:
    whole = payable(Money(code, amount_minor))

    assert from_stripe(to_stripe(whole), code.lower()) == whole
    assert 0 <= amount_minor - whole.amount_minor < step


@pytest.mark.parametrize("code", ["USD", "JPY", "ISK", "UGX", "MGA", "BHD", "JOD", "KWD", "OMR", "TND"])
@given(amount_minor=st.integers(0, 10**12))
def test_what_riders_are_charged_is_paid_to_the_last_unit(code: str, amount_minor: int) -> None:
    charged = Money(code, amount_minor).charged()

    assert payable(charged) == charged
    assert from_stripe(to_stripe(charged), code.lower()) == charged


def test_nothing_is_payable_in_a_currency_that_stripe_does_not_take_and_a_debt_stays_one() -> None:
    assert payable(Money("IQD", 5000)) == Money.zero("IQD")
    assert payable(Money("KWD", -15)) == Money("KWD", -15)


@pytest.mark.parametrize("code", ["IQD", "LYD", "CLF", "UYW", "UYI"])
def test_what_stripe_does_not_take_is_refused_before_it_is_sent(code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        to_stripe(Money(code, 1000))
    assert refused.value.reason == "amount_not_payable"


@given(whole=st.integers(-(10**9), 10**9), rest=st.integers(1, 99))
def test_a_part_of_our_smallest_unit_is_never_rounded_away(whole: int, rest: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        from_stripe(whole * 100 + rest, "isk")
    assert refused.value.reason == "amount_not_readable"


class FakeApi:
    """As much of Stripe's client as a list needs."""

    def __init__(self, *transactions: dict[str, Any]) -> None:
        self.balance_transactions = self
        self._page = {"object": "list", "has_more": False, "data": list(transactions)}
        self.asked: dict[str, Any] = {}

    async def list_async(self, wanted: dict[str, Any]) -> Any:
        self.asked = wanted
        return stripe.ListObject.construct_from(self._page, "sk_test")


def listed(**changes: Any) -> dict[str, Any]:
    return {
        "id": "txn_1",
        "object": "balance_transaction",
        "amount": 2000,
        "fee": 88,
        "currency": "usd",
        "type": "charge",
        "reporting_category": "charge",
        "source": {"id": "ch_1", "object": "charge", "payment_intent": "pi_1"},
        "created": int(NOW.timestamp()),
        "available_on": int(NOW.timestamp()) + 172_800,
    } | changes


async def read(*transactions: dict[str, Any]) -> tuple[PspTransaction, ...]:
    api: Any = FakeApi(*transactions)
    page = await page_of_transactions(api, NOW, "txn_0", 100)
    assert isinstance(page, TransactionPage)
    assert api.asked == {
        "limit": 100,
        "expand": ["data.source"],
        "created": {"gte": int(NOW.timestamp())},
        "starting_after": "txn_0",
    }
    return page.transactions


REFUND = {"id": "re_1", "object": "refund", "payment_intent": "pi_1", "charge": "ch_1"}


@pytest.mark.parametrize(
    ("line", "kind", "source_id", "parent_id"),
    [
        (listed(), TransactionKind.CHARGE, "ch_1", "pi_1"),
        (
            listed(type="refund", reporting_category="partial_capture_reversal", source=REFUND),
            TransactionKind.CHARGE,
            "re_1",
            "pi_1",
        ),
        (listed(type="refund", reporting_category="refund", source=REFUND), TransactionKind.REFUND, "re_1", "pi_1"),
        (
            listed(type="adjustment", reporting_category="refund_failure", source=REFUND),
            TransactionKind.REFUND,
            "re_1",
            "pi_1",
        ),
        (
            listed(
                type="adjustment",
                reporting_category="dispute",
                source={"id": "dp_1", "object": "dispute", "charge": "ch_1"},
            ),
            TransactionKind.DISPUTE,
            "dp_1",
            "ch_1",
        ),
        (
            listed(type="transfer", reporting_category="transfer", source={"id": "tr_1", "object": "transfer"}),
            TransactionKind.TRANSFER,
            "tr_1",
            "",
        ),
        (
            listed(
                type="transfer_refund",
                reporting_category="transfer_reversal",
                source={"id": "trr_1", "object": "transfer_reversal", "transfer": "tr_1"},
            ),
            TransactionKind.TRANSFER,
            "trr_1",
            "tr_1",
        ),
        (
            listed(type="payout", reporting_category="payout", source={"id": "po_1", "object": "payout"}),
            TransactionKind.SETTLEMENT,
            "po_1",
            "",
        ),
        (listed(type="stripe_fee", reporting_category="fee", source=None), TransactionKind.FEE, "", ""),
        (listed(type="topup", reporting_category="topup", source="tu_1"), TransactionKind.OTHER, "tu_1", ""),
    ],
)
async def test_a_line_of_the_list_is_what_its_category_says(
    line: dict[str, Any], kind: TransactionKind, source_id: str, parent_id: str
) -> None:
    [transaction] = await read(line)

    assert (transaction.kind, transaction.source_id, transaction.parent_id) == (kind, source_id, parent_id)
    assert transaction.net == Money("USD", 1912)


def transaction(kind: TransactionKind, amount_minor: int, fee_minor: int) -> PspTransaction:
    amount, fee = Money("USD", amount_minor), Money("USD", fee_minor)
    return PspTransaction("txn_9", kind, kind.value, amount, fee, "", "", NOW, NOW)


@given(
    kind=st.sampled_from([kind for kind in TransactionKind if kind is not TransactionKind.DISPUTE]),
    amount_minor=st.integers(-(10**9), 10**9),
    fee_minor=st.integers(-(10**6), 10**6),
)
def test_what_the_list_books_and_what_it_compares_make_up_the_net(
    kind: TransactionKind, amount_minor: int, fee_minor: int
) -> None:
    one = transaction(kind, amount_minor, fee_minor)
    entry = entry_of(one, uuid4(), None, NOW)
    booked = {} if entry is None else {leg.account.kind: leg.amount.amount_minor for leg in entry.postings}
    compared_minor = 0 if one.books_itself else one.told.amount_minor

    if kind is not TransactionKind.OTHER:
        assert booked.get(AccountKind.PSP_RECEIVABLE, 0) + compared_minor == one.net.amount_minor


def test_a_dispute_is_compared_with_its_fee_for_that_is_how_it_is_booked() -> None:
    one = transaction(TransactionKind.DISPUTE, -2000, 1500)

    assert one.told == Money("USD", -3500)
    assert entry_of(one, uuid4(), None, NOW) is None


def test_a_transaction_has_one_name_in_the_ledger_for_ever() -> None:
    assert transaction(TransactionKind.FEE, -10, 0).ledger_id == UUID("edf72a5c-ce78-5604-b073-e3af0aead485")
