"""All that the service needs from outside: a PSP, and a store that works in transactions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from payment_service.domain.events import PaymentEvent
from payment_service.domain.operation import Operation
from payment_service.domain.orders import (
    AcceptDisputeOrder,
    CaptureOrder,
    ChargeOrder,
    EvidenceOrder,
    HoldOrder,
    IncrementOrder,
    RefundOrder,
    RemoveCardOrder,
    SetUpCardOrder,
    VoidOrder,
)
from payment_service.use_cases.audit_repository import Audits
from payment_service.use_cases.books_repository import Books
from payment_service.use_cases.card_setup_repository import CardSetups
from payment_service.use_cases.disputes_repository import Disputes
from payment_service.use_cases.driver_repository import DriverBooks, Patronages, Standings, Terms
from payment_service.use_cases.outcomes import Outcome, TransactionPage
from payment_service.use_cases.payout_psp import PayoutProvider
from payment_service.use_cases.payout_repository import PayoutAccounts, PayoutRuns, Payouts
from payment_service.use_cases.psp_events_repository import PspEvents
from payment_service.use_cases.psp_objects import PspObjects
from payment_service.use_cases.reconciliation_repository import Reconciliation
from payment_service.use_cases.refunds_repository import Refunds
from payment_service.use_cases.repositories import Ledger, Needs, Operations, PaymentMethods, Payments, Requests
from payment_service.use_cases.wallet_repository import Adjustments, Wallets
from payment_service.use_cases.withdrawal_repository import Withdrawals


class PaymentServiceProvider(PspObjects, PayoutProvider, Protocol):
    """A PSP. No method raises for what the network or the PSP does: that is an Outcome.

    `key` makes the effect happen at most once at the PSP: the same key must come with the same arguments.
    """

    async def create_customer(self, key: str, rider_id: UUID) -> Outcome: ...

    async def attach_card(self, key: str, customer_id: str, token: str) -> Outcome: ...

    async def set_up_card(self, key: str, operation_id: UUID, customer_id: str, order: SetUpCardOrder) -> Outcome: ...

    async def read_card_setup(self, psp_setup_id: str) -> Outcome:
        """Tell how a set-up stands: Succeeded with the card, Declined, or ActionRequired with what is to be done."""
        ...

    async def detach_card(self, key: str, order: RemoveCardOrder) -> Outcome: ...

    async def authorize(self, key: str, operation_id: UUID, order: HoldOrder) -> Outcome: ...

    async def increment(self, key: str, operation_id: UUID, order: IncrementOrder) -> Outcome: ...

    async def capture(self, key: str, operation_id: UUID, order: CaptureOrder) -> Outcome: ...

    async def void(self, key: str, order: VoidOrder) -> Outcome: ...

    async def charge(self, key: str, operation_id: UUID, order: ChargeOrder) -> Outcome: ...

    async def refund(self, key: str, operation_id: UUID, order: RefundOrder) -> Outcome: ...

    async def submit_evidence(self, key: str, operation_id: UUID, order: EvidenceOrder) -> Outcome: ...

    async def accept_dispute(self, key: str, order: AcceptDisputeOrder) -> Outcome: ...

    async def look_up(self, operation: Operation) -> Outcome | None:
        """Look for an operation's effect without sending it; None if the PSP shows no effect."""
        ...

    async def list_transactions(self, since: datetime | None, after: str, limit: int) -> TransactionPage | Outcome:
        """Return a page of what moved our balance at the PSP, newest first.

        Args:
            since: the oldest that is wanted; None for all.
            after: the id of the last transaction of the page before, empty for the first page.
            limit: how many, at most 100.
        """
        ...


class Failpoint(Protocol):
    """A named step of the work that was reached; a test may end the process there, in production nothing happens."""

    def __call__(self, name: str) -> None: ...


class Work(Protocol):
    """One transaction's view of the store.

    Locks are taken in this order: payment (or another operation's subject), operation, accounts' balances.
    """

    @property
    def requests(self) -> Requests: ...

    @property
    def payment_methods(self) -> PaymentMethods: ...

    @property
    def payments(self) -> Payments: ...

    @property
    def operations(self) -> Operations: ...

    @property
    def ledger(self) -> Ledger: ...

    @property
    def wallets(self) -> Wallets: ...

    @property
    def adjustments(self) -> Adjustments: ...

    @property
    def card_setups(self) -> CardSetups: ...

    @property
    def reconciliation(self) -> Reconciliation: ...

    @property
    def audits(self) -> Audits: ...

    @property
    def books(self) -> Books: ...

    @property
    def refunds(self) -> Refunds: ...

    @property
    def disputes(self) -> Disputes: ...

    @property
    def psp_events(self) -> PspEvents: ...

    @property
    def withdrawals(self) -> Withdrawals: ...

    @property
    def payout_accounts(self) -> PayoutAccounts: ...

    @property
    def payouts(self) -> Payouts: ...

    @property
    def payout_runs(self) -> PayoutRuns: ...

    @property
    def standings(self) -> Standings: ...

    @property
    def terms(self) -> Terms: ...

    @property
    def patronages(self) -> Patronages: ...

    @property
    def driver_books(self) -> DriverBooks: ...

    async def tell(self, event: PaymentEvent, at: datetime) -> None:
        """Write an event beside the change it reports."""
        ...


class GroupedWork(Work, Protocol):
    """One work of a group that shares a transaction."""

    def forget(self) -> None:
        """Take back all that this work claimed and was to write; RuntimeError where some of it is written already."""
        ...


class Store(Protocol):
    """The service's database."""

    def transaction(self) -> AbstractAsyncContextManager[Work]:
        """Run a block in one transaction: committed when it ends, rolled back when it raises."""
        ...

    def together(self, needs: Sequence[Needs], now: datetime) -> AbstractAsyncContextManager[Sequence[GroupedWork]]:
        """Run several works in one transaction, one after another; what each needs has been claimed and locked.

        No two of them may need the same request, ride, payment or operation.
        """
        ...

    def single(self) -> AbstractAsyncContextManager[Work]:
        """Run a block that asks or changes one thing, by one statement: a transaction without its begin and commit.

        What takes a second statement, or waits to be written with others, is refused: RuntimeError.
        """
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Work]:
        """Run a block of reads that all see the same moment."""
        ...
