"""The part of the PSP in memory that drivers are paid through: their accounts there, transfers, payouts to banks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from payment_service.domain.operation import Operation
from payment_service.domain.payout_account import Bank
from payment_service.domain.payout_orders import PayoutOrder, SendPayoutOrder, TakeBackOrder, TransferOrder
from payment_service.domain.psp_transaction import PspTransaction, TransactionKind
from payment_service.use_cases.outcomes import Declined, NotSent, Outcome, Succeeded, Unknown
from payment_service.use_cases.payout_psp import SHORT, PayoutFate, PayoutSeen
from shared_kernel.money import Money

BANKS = {
    "btok_us_verified": "6789",
    "btok_us_verified_noAccount": "1116",
    "btok_us_verified_accountClosed": "1113",
    "btok_sandbox_returned": "7771",
}
_FAILS = {"1116": "no_account", "1113": "account_closed", "7771": "account_closed"}
_RETURNED = "7771"


@dataclass
class Transfer:
    """Money given to a driver's account; the counters show whether anything happened twice."""

    id: str
    operation_id: UUID
    account_id: str
    amount_minor: int
    reversals: int = 0


@dataclass
class BankPayout:
    """Money sent from a driver's account to a bank."""

    id: str
    operation_id: UUID
    account_id: str
    amount_minor: int
    last_digits: str
    fate: PayoutFate = PayoutFate.UNDER_WAY
    failure_reason: str = ""


@dataclass
class FakeConnect(ABC):
    """See `payout_psp.PayoutProvider`."""

    balance_minor: int = 10**9
    """What the platform can transfer."""
    transfers: dict[str, Transfer] = field(default_factory=dict[str, Transfer])
    bank_payouts: dict[str, BankPayout] = field(default_factory=dict[str, BankPayout])
    accounts: dict[str, UUID] = field(default_factory=dict[str, UUID])
    step_minor: int = 1
    """What is paid out is a multiple of this."""
    refuse_payouts: str = ""
    """Why payouts to banks are refused."""
    sees_nothing: bool = False
    """While set, payouts cannot be looked at."""
    banks: dict[str, tuple[str, Bank]] = field(default_factory=dict[str, tuple[str, Bank]])

    @abstractmethod
    async def _once(self, method: str, key: str, effect: Callable[[], Outcome]) -> Outcome:
        """Have an effect once a key, or go wrong as planned."""

    @abstractmethod
    def lists(
        self,
        kind: TransactionKind,
        amount: Money,
        *,
        fee_minor: int | None = None,
        parent_id: str = "",
        source_id: str = "",
    ) -> PspTransaction:
        """Let the platform's balance move."""

    @abstractmethod
    def _name(self, kind: str, number: int) -> str:
        """Make a name that no other has."""

    async def open_driver_account(self, key: str, driver_id: UUID, country_code: str) -> Outcome:
        def effect() -> Outcome:
            account_id = self._name("acct", len(self.accounts) + 1)
            self.accounts[account_id] = driver_id
            return Succeeded(account_id)

        return await self._once("open_driver_account", key, effect)

    async def add_bank(self, key: str, operation_id: UUID, psp_account_id: str, token: str) -> Outcome:
        def effect() -> Outcome:
            if token not in BANKS:
                return Declined("invalid_bank_token")
            bank_id = self._name("ba", len(self.banks) + 1)
            bank = Bank(bank_id, "USD", "US", "STRIPE TEST BANK", BANKS[token])
            self.banks[bank_id] = (psp_account_id, bank)
            return Succeeded(bank_id, bank=bank)

        return await self._once("add_bank", key, effect)

    def payable(self, amount: Money) -> Money:
        if amount.amount_minor < 0:
            return amount
        return Money(amount.currency_code, amount.amount_minor - amount.amount_minor % self.step_minor)

    async def transfer(self, key: str, operation_id: UUID, order: TransferOrder) -> Outcome:
        def effect() -> Outcome:
            if order.amount.amount_minor % self.step_minor:
                return Declined("amount_not_payable")
            if order.amount.amount_minor > self.balance_minor:
                return SHORT
            transfer = Transfer(
                self._name("tr", len(self.transfers) + 1), operation_id, order.psp_account_id, order.amount.amount_minor
            )
            self.balance_minor -= transfer.amount_minor
            self.transfers[transfer.id] = transfer
            self.lists(TransactionKind.TRANSFER, -order.amount, source_id=transfer.id)
            return Succeeded(transfer.id)

        return await self._once("transfer", key, effect)

    async def send_payout(self, key: str, operation_id: UUID, order: SendPayoutOrder) -> Outcome:
        def effect() -> Outcome:
            if self.refuse_payouts:
                return Declined(self.refuse_payouts)
            if self.available_minor(order.psp_account_id) < order.amount.amount_minor:
                return SHORT
            _, bank = self.banks[order.psp_bank_id]
            payout = BankPayout(
                self._name("po", len(self.bank_payouts) + 1),
                operation_id,
                order.psp_account_id,
                order.amount.amount_minor,
                bank.last_digits,
            )
            self.bank_payouts[payout.id] = payout
            return Succeeded(payout.id)

        return await self._once("send_payout", key, effect)

    async def take_back(self, key: str, order: TakeBackOrder) -> Outcome:
        def effect() -> Outcome:
            transfer = self.transfers[order.psp_transfer_id]
            if not transfer.reversals:
                if self.available_minor(transfer.account_id) < transfer.amount_minor:
                    return SHORT
                transfer.reversals += 1
                self.balance_minor += transfer.amount_minor
                self.lists(TransactionKind.TRANSFER, Money("USD", transfer.amount_minor), parent_id=transfer.id)
            return Succeeded(transfer.id)

        return await self._once("take_back", key, effect)

    async def see_payout(self, psp_account_id: str, psp_payout_id: str) -> PayoutSeen | Declined | NotSent | Unknown:
        if self.sees_nothing:
            return Unknown("ReadTimeout")
        payout = self.bank_payouts[psp_payout_id]
        return PayoutSeen(payout.fate, payout.failure_reason)

    def look_up_payout(self, operation: Operation, order: PayoutOrder) -> Outcome | None:
        match order:
            case TransferOrder():
                made = [it.id for it in self.transfers.values() if it.operation_id == operation.id]
            case SendPayoutOrder():
                made = [it.id for it in self.bank_payouts.values() if it.operation_id == operation.id]
            case TakeBackOrder():
                made = [it.id for it in self.transfers.values() if it.id == order.psp_transfer_id and it.reversals]
        return Succeeded(made[0]) if made else None

    def available_minor(self, account_id: str) -> int:
        """Return what is in a driver's account."""
        given = sum(it.amount_minor for it in self.transfers.values() if it.account_id == account_id)
        taken = sum(it.amount_minor for it in self.transfers.values() if it.account_id == account_id and it.reversals)
        return given - taken - self.paid_out_minor(account_id)

    def paid_out_minor(self, account_id: str) -> int:
        """Return what has left a driver's account for a bank and has not come back."""
        return sum(
            it.amount_minor
            for it in self.bank_payouts.values()
            if it.account_id == account_id and it.fate is not PayoutFate.FAILED
        )

    def banks_work(self) -> None:
        """Let the banks do with payouts what they do: book them, refuse them, or return them the second time."""
        for payout in self.bank_payouts.values():
            fails = payout.last_digits in _FAILS
            if payout.fate is PayoutFate.UNDER_WAY and (not fails or payout.last_digits == _RETURNED):
                payout.fate = PayoutFate.PAID
            elif fails:
                payout.fate, payout.failure_reason = PayoutFate.FAILED, _FAILS[payout.last_digits]
