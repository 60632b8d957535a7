"""The service's database as the use cases see it: one transaction, and what may be done in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.outbox import OutgoingEvent, row_of
from chassis.runtime import Wakeup
from chassis.telemetry import current_traceparent
from payment_service.adapters.audits import PostgresAudits
from payment_service.adapters.books import PostgresBooks
from payment_service.adapters.card_setups import PostgresCardSetups
from payment_service.adapters.disputes import PostgresDisputes
from payment_service.adapters.driver_books import PostgresDriverBooks
from payment_service.adapters.driver_terms import PostgresTerms
from payment_service.adapters.ledger import PostgresLedger
from payment_service.adapters.one_statement import OneStatement
from payment_service.adapters.operations import PostgresOperations
from payment_service.adapters.patronages import PostgresPatronages
from payment_service.adapters.payment_methods import PostgresPaymentMethods
from payment_service.adapters.payments import PostgresPayments
from payment_service.adapters.payout_accounts import PostgresPayoutAccounts, PostgresPayoutRuns
from payment_service.adapters.payouts import PostgresPayouts
from payment_service.adapters.psp_events import PostgresPspEvents
from payment_service.adapters.reconciliation import PostgresReconciliation
from payment_service.adapters.refunds import PostgresRefunds
from payment_service.adapters.requests import PostgresRequests, unclaim_all
from payment_service.adapters.send_writes import send_writes
from payment_service.adapters.standings import PostgresStandings
from payment_service.adapters.take_together import take_together
from payment_service.adapters.wallets import PostgresAdjustments, PostgresWallets
from payment_service.adapters.withdrawals import PostgresWithdrawals
from payment_service.adapters.write_behind import WriteBehind
from payment_service.domain.events import PaymentEvent
from payment_service.use_cases.repositories import Needs, RequestKey
from shared_kernel.ids import IdSource

EventEncoder = Callable[[PaymentEvent], Message]


class PostgresWork:
    """See `ports.Work`. What is only written waits until something is read, or until the end."""

    def __init__(
        self, inner: AsyncConnection, encode: EventEncoder, ids: IdSource, group: list[WriteBehind] | None = None
    ) -> None:
        connection = self.connection = WriteBehind(inner, send_writes, group)
        self.requests = PostgresRequests(connection)
        self.payment_methods = PostgresPaymentMethods(connection)
        self.payments = PostgresPayments(connection)
        self.operations = PostgresOperations(connection)
        self.ledger = PostgresLedger(connection)
        self.wallets = PostgresWallets(connection)
        self.adjustments = PostgresAdjustments(connection)
        self.card_setups = PostgresCardSetups(connection)
        self.refunds = PostgresRefunds(connection)
        self.disputes = PostgresDisputes(connection)
        self.psp_events = PostgresPspEvents(connection)
        self.withdrawals = PostgresWithdrawals(connection)
        self.payout_accounts = PostgresPayoutAccounts(connection)
        self.payouts = PostgresPayouts(connection)
        self.payout_runs = PostgresPayoutRuns(connection)
        self.standings = PostgresStandings(connection)
        self.terms = PostgresTerms(connection)
        self.patronages = PostgresPatronages(connection)
        self.driver_books = PostgresDriverBooks(connection)
        self.told = False
        self.claimed: RequestKey | None = None
        """What a group has claimed for this work."""
        self.forgotten = False
        self._encode = encode
        self._ids = ids

    @property
    def reconciliation(self) -> PostgresReconciliation:
        return PostgresReconciliation(self.connection)

    @property
    def audits(self) -> PostgresAudits:
        return PostgresAudits(self.connection)

    @property
    def books(self) -> PostgresBooks:
        return PostgresBooks(self.connection)

    async def tell(self, event: PaymentEvent, at: datetime) -> None:
        outgoing = OutgoingEvent(
            id=self._ids(),
            aggregate_id=event.aggregate_id,
            aggregate_version=event.aggregate_version,
            occurred_at=at,
            message=self._encode(event),
        )
        self.connection.waiting.events.append(row_of(outgoing, current_traceparent()))
        self.told = True

    def forget(self) -> None:
        if self.connection.has_sent:
            raise RuntimeError("some of it is written already")
        self.connection.forget()
        self.forgotten, self.told = True, False


class PostgresStore:
    """See `ports.Store`. Wakes the relay after a commit that wrote an event."""

    def __init__(self, database: Database, encode: EventEncoder, ids: IdSource, relay: Wakeup) -> None:
        self._database = database
        self._encode = encode
        self._ids = ids
        self._relay = relay

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[PostgresWork]:
        async with self._database.transaction() as connection:
            work = PostgresWork(connection, self._encode, self._ids)
            yield work
            await work.connection.flush()
        if work.told:
            self._relay.wake()

    @asynccontextmanager
    async def together(self, needs: Sequence[Needs], now: datetime) -> AsyncGenerator[Sequence[PostgresWork]]:
        async with self._database.transaction() as connection:
            group: list[WriteBehind] = []
            works = [PostgresWork(connection, self._encode, self._ids, group) for _ in needs]
            await take_together(connection, works, needs, now)
            yield works
            await group[0].flush()
            unused = [work.claimed for work in works if work.forgotten and work.claimed is not None]
            if unused:
                await unclaim_all(connection, unused)
        if any(work.told for work in works):
            self._relay.wake()

    @asynccontextmanager
    async def single(self) -> AsyncGenerator[PostgresWork]:
        async with self._database.connect() as connection:
            work = PostgresWork(OneStatement(connection), self._encode, self._ids)
            yield work
            if work.connection.waiting:
                raise RuntimeError("what waits to be written takes a transaction")

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[PostgresWork]:
        async with self._database.snapshot() as connection:
            yield PostgresWork(connection, self._encode, self._ids)
