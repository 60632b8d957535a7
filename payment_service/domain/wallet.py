"""What a rider has here beside their cards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payment_service.domain.ledger import AccountKind, Balance
from shared_kernel.money import Money

WALLET_KINDS = (AccountKind.RIDER_WALLET, AccountKind.RIDER_CREDIT)
"""The accounts of a rider's statement."""
RIDER_KINDS = (*WALLET_KINDS, AccountKind.RIDER_RECEIVABLE)


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """A rider's three accounts in one currency; what is held of the wallet and credit is held by rides."""

    wallet: Money
    wallet_held: Money
    credit: Money
    credit_held: Money
    arrears: Money
    arrears_in_collection: Money


def wallet_balances(balances: Iterable[Balance]) -> list[WalletBalance]:
    """Return a rider's balances by currency, from those of the accounts that there are."""
    by_currency: dict[str, dict[AccountKind, Balance]] = {}
    for balance in balances:
        by_currency.setdefault(balance.amount.currency_code, {})[balance.account.kind] = balance
    found: list[WalletBalance] = []
    for code in sorted(by_currency):
        amounts: list[Money] = []
        for kind in RIDER_KINDS:
            balance = by_currency[code].get(kind)
            amounts += [Money.zero(code)] * 2 if balance is None else [balance.amount, balance.held]
        found.append(WalletBalance(*amounts))
    return found


@dataclass(frozen=True, slots=True)
class WalletEntry:
    """A line of a rider's statement: what came into an account (or, below zero, went out), and what it had then.

    `entry_id` and `seq` name the posting; `ride_id` and `payment_id` are what it was about, where it was.
    """

    entry_id: UUID
    seq: int
    account: AccountKind
    kind: str
    amount: Money
    balance: Money
    ride_id: UUID | None
    payment_id: UUID | None
    created_at: datetime
