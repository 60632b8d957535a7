"""The store: one database transaction with its repositories, its events and its kept answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import idempotency
from chassis.database import Database
from chassis.idempotency import Claimed, Replay
from chassis.outbox import append_events
from chassis.runtime import Wakeup
from identity_service.adapters import tables
from identity_service.adapters.ciphers import PhoneVault
from identity_service.adapters.event_messages import outgoing
from identity_service.adapters.postgres_accounts import PostgresAccounts
from identity_service.adapters.postgres_api_keys import PostgresApiKeys
from identity_service.adapters.postgres_audit import PostgresAuditLog
from identity_service.adapters.postgres_challenges import PostgresChallenges
from identity_service.adapters.postgres_documents import PostgresDocuments
from identity_service.adapters.postgres_drivers import PostgresDrivers
from identity_service.adapters.postgres_erasures import PostgresErasures
from identity_service.adapters.postgres_identities import PostgresIdentities
from identity_service.adapters.postgres_mail_addresses import PostgresMailAddresses
from identity_service.adapters.postgres_places import PostgresPlaces
from identity_service.adapters.postgres_roles import PostgresRoles
from identity_service.adapters.postgres_sign_ins import PostgresSignIns
from identity_service.domain.accounts import Contact
from identity_service.domain.events import Event
from identity_service.use_cases.ports import Request
from shared_kernel.clock import Clock
from shared_kernel.ids import IdSource


class PostgresRequests:
    """Kept answers as one transaction sees them."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._claimed: dict[Request, Claimed] = {}

    async def claim(self, request: Request) -> bytes | None:
        """Return the kept answer, or claim the request."""
        outcome = await idempotency.claim(
            self._connection,
            tables.idempotency,
            principal=request.principal,
            method=request.method,
            key=request.key,
            fingerprint=idempotency.fingerprint(*request.fields),
            now=self._clock.now(),
        )
        if isinstance(outcome, Replay):
            return outcome.response
        self._claimed[request] = outcome
        return None

    async def keep(self, request: Request, answer: bytes) -> None:
        """Keep the answer of a claimed request."""
        await idempotency.complete(self._connection, tables.idempotency, self._claimed[request], answer)


@dataclass(slots=True)
class PostgresTransaction:
    """What one transaction can see and change."""

    accounts: PostgresAccounts
    challenges: PostgresChallenges
    sign_ins: PostgresSignIns
    drivers: PostgresDrivers
    documents: PostgresDocuments
    erasures: PostgresErasures
    places: PostgresPlaces
    mail_addresses: PostgresMailAddresses
    identities: PostgresIdentities
    api_keys: PostgresApiKeys
    roles: PostgresRoles
    audit: PostgresAuditLog
    requests: PostgresRequests
    connection: AsyncConnection
    clock: Clock
    new_id: IdSource
    event_count: int = field(default=0, init=False)

    async def record(self, event: Event) -> None:
        """Write an event into the outbox."""
        await append_events(self.connection, tables.outbox, [outgoing(event, self.new_id(), self.clock.now())])
        self.event_count += 1


class PostgresStore:
    """Identity's database."""

    def __init__(
        self, database: Database, vault: PhoneVault, clock: Clock, new_id: IdSource, relay_wakeup: Wakeup
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._new_id = new_id
        self._relay_wakeup = relay_wakeup

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[PostgresTransaction]:
        """Run a block in one transaction and wake the relay after the commit if it recorded events."""
        async with self._database.transaction() as connection:
            transaction = PostgresTransaction(
                PostgresAccounts(connection, self._vault),
                PostgresChallenges(connection, self._vault),
                PostgresSignIns(connection),
                PostgresDrivers(connection),
                PostgresDocuments(connection, self._vault),
                PostgresErasures(connection, self._vault),
                PostgresPlaces(connection, self._vault),
                PostgresMailAddresses(connection, self._vault),
                PostgresIdentities(connection),
                PostgresApiKeys(connection),
                PostgresRoles(connection),
                PostgresAuditLog(connection, self._clock),
                PostgresRequests(connection, self._clock),
                connection,
                self._clock,
                self._new_id,
            )
            yield transaction
        if transaction.event_count:
            self._relay_wakeup.wake()

    async def contact(self, account_id: UUID) -> Contact | None:
        """Return how a person is reached, in clear."""
        async with self._database.connect() as connection:
            return await PostgresAccounts(connection, self._vault).contact(account_id)
