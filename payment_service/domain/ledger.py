"""The double-entry ledger: accounts, postings and entries. A debit is above zero, a credit below."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared_kernel.money import Money


class AccountKind(StrEnum):
    """The chart of accounts. Every account is in one currency. The database holds the same list (`account_kind`)."""

    # Assets
    BANK = "bank"
    PSP_RECEIVABLE = "psp_receivable"
    """Captured and not yet settled by the PSP. Clearing."""
    DISPUTE_RECEIVABLE = "dispute_receivable"
    """Withdrawn by the PSP for a dispute that is not decided. Clearing."""
    RIDER_RECEIVABLE = "rider_receivable"
    """What a rider owes; held is what is being collected."""
    # Liabilities
    DRIVER = "driver"
    """What is owed to a driver; below zero where cash rides left commission and tax with them."""
    RIDER_WALLET = "rider_wallet"
    """What a rider paid in beforehand; held is what rides hold."""
    RIDER_CREDIT = "rider_credit"
    """What a rider was granted; held is what rides hold."""
    TAX = "tax"
    """What is owed to a jurisdiction; the owner is its code."""
    REFUND_TRANSIT = "refund_transit"
    """Refunds asked and not yet paid. Clearing."""
    PAYOUT_TRANSIT = "payout_transit"
    """Payouts begun and not yet paid. Clearing."""
    SUSPENSE = "suspense"
    """What the PSP settled and nobody can explain yet. Clearing."""
    # Revenue
    COMMISSION = "commission"
    BOOKING_FEE = "booking_fee"
    SUBSCRIPTION = "subscription"
    # Expenses
    PROMO = "promo"
    GOODWILL = "goodwill"
    """Refunds that the platform bears alone."""
    PSP_FEE = "psp_fee"
    DISPUTE_FEE = "dispute_fee"
    CHARGEBACK_LOSS = "chargeback_loss"
    BAD_DEBT = "bad_debt"
    PATRONAGE = "patronage"
    """Surplus given back to member drivers."""


OWNED_KINDS = frozenset(
    {
        AccountKind.DRIVER,
        AccountKind.TAX,
        AccountKind.RIDER_RECEIVABLE,
        AccountKind.RIDER_WALLET,
        AccountKind.RIDER_CREDIT,
    }
)
CLEARING_KINDS = (
    AccountKind.PSP_RECEIVABLE,
    AccountKind.DISPUTE_RECEIVABLE,
    AccountKind.REFUND_TRANSIT,
    AccountKind.PAYOUT_TRANSIT,
    AccountKind.SUSPENSE,
)
"""Accounts that must come back to zero: what stays in them is what reconciliation has to explain."""
DEBIT_KINDS = frozenset(
    {
        AccountKind.BANK,
        AccountKind.PSP_RECEIVABLE,
        AccountKind.DISPUTE_RECEIVABLE,
        AccountKind.RIDER_RECEIVABLE,
        AccountKind.PROMO,
        AccountKind.GOODWILL,
        AccountKind.PSP_FEE,
        AccountKind.DISPUTE_FEE,
        AccountKind.CHARGEBACK_LOSS,
        AccountKind.BAD_DEBT,
        AccountKind.PATRONAGE,
    }
)
"""Assets and expenses: debits make them grow."""


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """A bucket of the ledger; with a posting's currency it is one account. Kinds in `OWNED_KINDS` have an owner."""

    kind: AccountKind
    owner: str = ""

    def __post_init__(self) -> None:
        if (self.kind in OWNED_KINDS) != bool(self.owner):
            raise ValueError(f"a {self.kind} account {'needs an' if self.kind in OWNED_KINDS else 'has no'} owner")

    def __str__(self) -> str:
        return f"{self.kind}:{self.owner}" if self.owner else self.kind.value


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg of an entry."""

    account: Account
    amount: Money


class EntryKind(StrEnum):
    """The business effects the ledger knows (`entry_kind` in the database); with its source each happens once."""

    CAPTURE = "capture"
    COLLECTION = "collection"
    """A rider's debt was collected by card."""
    TIP = "tip"
    TOP_UP = "top_up"
    WITHDRAWAL = "withdrawal"
    CREDIT_GRANT = "credit_grant"
    CREDIT_REVOKED = "credit_revoked"
    WRITE_OFF = "write_off"
    REFUND = "refund"
    REFUND_PAID = "refund_paid"
    REFUND_FAILED = "refund_failed"
    REFUND_RETURNED = "refund_returned"
    DISPUTE_WITHDRAWN = "dispute_withdrawn"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    PAYOUT = "payout"
    PAYOUT_PAID = "payout_paid"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_RETURNED = "payout_returned"
    DRIVER_PAYMENT = "driver_payment"
    """A driver paid in at a desk."""
    SUBSCRIPTION_FEE = "subscription_fee"
    PATRONAGE = "patronage"
    PSP_FEE = "psp_fee"
    SETTLEMENT = "settlement"
    SUSPENSE = "suspense"
    SUSPENSE_CLEARED = "suspense_cleared"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """An immutable set of postings that sums to zero in each currency (ValueError otherwise).

    `source_id` is what it happened to, `payment_id` the payment it belongs to, where there is one, and `reverses` the
    entry that it takes back.
    """

    id: UUID
    kind: EntryKind
    source_id: UUID
    payment_id: UUID | None
    created_at: datetime
    postings: tuple[Posting, ...]
    reverses: UUID | None = None

    def __post_init__(self) -> None:
        sums: dict[str, int] = {}
        for posting in self.postings:
            code = posting.amount.currency_code
            sums[code] = sums.get(code, 0) + posting.amount.amount_minor
        if not self.postings or any(sums.values()) or not all(posting.amount.amount_minor for posting in self.postings):
            raise ValueError("an entry needs postings other than zero that sum to zero in each currency")


def merged(postings: Iterable[Posting]) -> list[Posting]:
    """Add up the postings of each account and currency, sorted by account, and leave out what adds up to zero."""
    sums: dict[tuple[Account, str], int] = {}
    for posting in postings:
        key = posting.account, posting.amount.currency_code
        sums[key] = sums.get(key, 0) + posting.amount.amount_minor
    return [Posting(account, Money(code, sums[account, code])) for account, code in sorted(sums) if sums[account, code]]


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds, in the direction in which it grows; `held` of it is spoken for.

    For accounts in `OWNED_KINDS` (tax aside) the database keeps it with every posting, and where `available` may not
    fall below zero it refuses that.
    """

    account: Account
    amount: Money
    held: Money

    @property
    def available(self) -> Money:
        return self.amount - self.held


@dataclass(frozen=True, slots=True)
class DriverEntry:
    """One change of what is owed to a driver; above zero the driver earns."""

    ride_id: UUID | None
    kind: str
    amount: Money
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Earnings:
    """What is owed to a driver: a balance a currency, and the latest changes, newest first."""

    balances: tuple[Money, ...]
    entries: tuple[DriverEntry, ...]


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """All postings of a currency added up (zero, or the ledger is broken), and how many entries they belong to."""

    currency_code: str
    sum_minor: int
    entry_count: int


@dataclass(frozen=True, slots=True)
class KindBalance:
    """Debits less credits of all accounts of a kind in a currency."""

    account_kind: str
    currency_code: str
    balance_minor: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """The whole ledger in sums, as of one moment."""

    currencies: tuple[CurrencySum, ...]
    accounts: tuple[KindBalance, ...]
    read_at: datetime
