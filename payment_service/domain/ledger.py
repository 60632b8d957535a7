"""The double-entry ledger: accounts, postings and entries. A debit is above zero, a credit below."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared_kernel.money import Money


class AccountKind(StrEnum):
    """The chart of accounts, as far as it is in use. Every account is in one currency."""

    PSP_RECEIVABLE = "psp_receivable"
    """Asset: captured and not yet settled by the PSP."""
    DRIVER = "driver"
    """Liability: what is owed to a driver; the owner is the driver's account."""
    TAX = "tax"
    """Liability: what is owed to a jurisdiction; the owner is its code."""
    COMMISSION = "commission"
    """Revenue: the platform's share of fares and cancel fees."""
    BOOKING_FEE = "booking_fee"
    """Revenue: booking fees."""


OWNED_KINDS = frozenset({AccountKind.DRIVER, AccountKind.TAX})


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """A bucket of the ledger; with a posting's currency it is one account. Driver and tax accounts have an owner."""

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
    """The business effects the ledger knows; with its source each happens at most once."""

    CAPTURE = "capture"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """An immutable set of postings that sums to zero in each currency (ValueError otherwise).

    `source_id` is what it happened to, `payment_id` the payment it belongs to.
    """

    id: UUID
    kind: EntryKind
    source_id: UUID
    payment_id: UUID
    created_at: datetime
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        sums: dict[str, int] = {}
        for posting in self.postings:
            code = posting.amount.currency_code
            sums[code] = sums.get(code, 0) + posting.amount.amount_minor
        if not self.postings or any(sums.values()) or not all(posting.amount.amount_minor for posting in self.postings):
            raise ValueError("an entry needs postings other than zero that sum to zero in each currency")


def merged(postings: Iterable[Posting]) -> list[Posting]:
    """Add up the postings of each account and currency, sorted by account, and leave out what adds up to zero."""
    sums: dict[tuple[Account, str], Money] = {}
    for posting in postings:
        key = posting.account, posting.amount.currency_code
        sums[key] = sums.get(key, Money.zero(key[1])) + posting.amount
    return [Posting(account, sums[account, code]) for account, code in sorted(sums) if sums[account, code].amount_minor]


@dataclass(frozen=True, slots=True)
class DriverEntry:
    """One change of what is owed to a driver; above zero the driver earns."""

    ride_id: UUID
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
