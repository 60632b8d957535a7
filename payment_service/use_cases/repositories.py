"""What the store keeps, as the use cases ask for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from payment_service.domain.ledger import Account, Balance, Earnings, EntryKind, JournalEntry, TrialBalance
from payment_service.domain.operation import Operation
from payment_service.domain.payment import Payment, Purpose
from payment_service.domain.payment_method import PaymentMethod
from payment_service.use_cases.answers import Answer
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A mutation as its caller names it: who, which RPC, the key, and a digest of the fields that matter."""

    principal: str
    method: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class EarlierRequest:
    """What is known of a request that came before: its answer, or the operation that will bring it."""

    answer: Answer | None
    operation_id: UUID | None


@dataclass(frozen=True, slots=True)
class Needs:
    """What a piece of work will claim and lock first, so that a group of them can be served at once.

    A mutation that begins names its request and its ride (a capture the driver too, whose terms are read); the end of
    an operation names that and its payment.
    """

    request: RequestKey | None = None
    ride_id: UUID | None = None
    payment_id: UUID | None = None
    operation_id: UUID | None = None
    driver_id: UUID | None = None


class Requests(Protocol):
    """Requests and their answers."""

    async def claim(self, request: RequestKey, now: datetime) -> EarlierRequest | None:
        """Note a request, None if it is new; `idempotency_key_reused` (Conflict) if it came with other fields."""
        ...

    async def wait_for(self, request: RequestKey, operation_id: UUID) -> None:
        """Let an operation's answer be this request's."""
        ...

    async def answer(self, request: RequestKey, answer: Answer) -> None: ...

    async def answer_waiting(self, operation_id: UUID, answer: Answer) -> None:
        """Answer all requests that wait for an operation."""
        ...

    async def forget_waiting(self, operation_id: UUID) -> None:
        """Forget all requests that wait for an operation: should they come again, they are new."""
        ...

    async def operation_of(self, request: RequestKey) -> UUID | None:
        """Return the operation that a request waits for or that answered it; None for an unknown request."""
        ...

    async def answer_of(self, operation_id: UUID) -> Answer | None:
        """Return the answer that a finished operation brought."""
        ...


class PaymentMethods(Protocol):
    """Riders' cards and their names at the PSP."""

    async def lock_rider(self, rider_id: UUID) -> None:
        """Serialize changes of a rider's set of cards for the rest of the transaction."""
        ...

    async def count(self, rider_id: UUID) -> int:
        """Count a rider's cards, those being added included."""
        ...

    async def customer_of(self, rider_id: UUID) -> str | None: ...

    async def name_customer(self, rider_id: UUID, customer_id: str) -> str:
        """Keep a rider's name at the PSP unless there is one; return the one kept."""
        ...

    async def add(self, method: PaymentMethod) -> PaymentMethod:
        """Keep a card unless it is kept already; return the one kept."""
        ...

    async def lock(self, rider_id: UUID, payment_method_id: UUID) -> PaymentMethod:
        """Return a card that is not removed, and keep it so until the end; `payment_method_not_found` (NotFound)."""
        ...

    async def get(self, payment_method_id: UUID) -> PaymentMethod:
        """Return a card, removed or not; `payment_method_not_found` (NotFound)."""
        ...

    async def list_of(
        self, rider_id: UUID, limit: int, before: tuple[datetime, UUID] | None = None
    ) -> Sequence[PaymentMethod]:
        """Return a rider's cards, newest first, those before a (created_at, id) if one is named."""
        ...

    async def default_of(self, rider_id: UUID) -> UUID | None:
        """Return the card that is taken where none is named; None for a rider without a card."""
        ...

    async def make_default(self, rider_id: UUID, payment_method_id: UUID) -> None:
        """Make a card of a rider, whose lock is held, the default one."""
        ...

    async def remove(self, payment_method_id: UUID, now: datetime) -> None: ...


class Payments(Protocol):
    """Payments."""

    async def insert(self, payment: Payment) -> bool:
        """Write a new payment; False if the ride has one for this purpose already."""
        ...

    async def lock_of_ride(self, ride_id: UUID) -> Payment | None:
        """Return the ride's own payment, locked until the end of the transaction."""
        ...

    async def lock(self, payment_id: UUID) -> Payment:
        """Return a payment, locked until the end of the transaction."""
        ...

    async def get_of_ride(self, ride_id: UUID) -> Payment | None:
        """Return the ride's own payment."""
        ...

    async def all_of_ride(self, ride_id: UUID) -> Sequence[Payment]:
        """Return all payments of a ride, the oldest first: its own, what was above the hold, tips."""
        ...

    async def tip_of_ride(self, ride_id: UUID) -> Payment | None:
        """Return the ride's tip that is collected or under way."""
        ...

    async def charging(self, rider_id: UUID, purpose: Purpose, currency_code: str) -> Sequence[Payment]:
        """Return a rider's payments for a purpose and in a currency that are being charged."""
        ...

    async def lock_top_ups(self, rider_id: UUID, currency_code: str, limit: int) -> Sequence[Payment]:
        """Return a rider's top-ups that can still be refunded, the newest first, locked; the rider's lock is held."""
        ...

    async def save(self, payment: Payment) -> None:
        """Write a changed payment over the version before it."""
        ...

    async def find_for_psp(self, psp_payment_id: str, operation_id: UUID | None) -> Payment | None:
        """Return the payment that the PSP names so, or that an operation is about."""
        ...

    async def get(self, payment_id: UUID) -> Payment | None: ...

    async def held_past(self, now: datetime, after: tuple[datetime, UUID] | None, limit: int) -> Sequence[Payment]:
        """Return held payments whose hold's time has come, in its order, behind a (capture_before, id)."""
        ...

    async def any_open_with(self, payment_method_id: UUID) -> bool:
        """Tell whether a payment with this card is held or under way."""
        ...


class Operations(Protocol):
    """Operations at the PSP; at most one a payment (or other subject) is unfinished."""

    async def insert(self, operation: Operation) -> None: ...

    async def get(self, operation_id: UUID) -> Operation: ...

    async def lock(self, operation_id: UUID) -> Operation: ...

    async def open_of(self, payment_id: UUID) -> Operation | None:
        """Return the unfinished operation of a payment."""
        ...

    async def open_of_subject(self, subject_id: UUID) -> Operation | None:
        """Return the unfinished operation of a subject that is not a payment."""
        ...

    async def hurry(self, subject_id: UUID, now: datetime, *, even_leased: bool) -> None:
        """Let the unfinished operation of a subject be due now: one that rests, or also one whose lease is a wait."""
        ...

    async def take(self, operation_id: UUID, now: datetime, lease_until: datetime) -> Operation | None:
        """Lease an unfinished operation for sending; None if somebody holds its lease or it is finished."""
        ...

    async def take_due(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[Operation]:
        """Lease unfinished operations whose time has come, the longest waiting first."""
        ...

    async def rest(self, operation: Operation, next_attempt_at: datetime, detail: str) -> None:
        """Put an operation back as unknown until a time; only while this sender's lease counts."""
        ...

    async def shorten_rests(self, due_at: datetime, limit: int) -> None:
        """Let operations that rest for longer be due then; not those that the PSP has begun, which take their time."""
        ...

    async def finish(self, operation: Operation, now: datetime, detail: str) -> None: ...


class Ledger(Protocol):
    """The double-entry ledger."""

    async def post(self, entry: JournalEntry) -> None:
        """Write an entry; the balances of its accounts move with it."""
        ...

    async def booked_of(self, source_ids: Iterable[UUID]) -> frozenset[UUID]:
        """Return those sources for which something is booked already."""
        ...

    @property
    def touched_drivers(self) -> Collection[tuple[UUID, str]]:
        """The drivers (with a currency) whose accounts this transaction has posted to."""
        ...

    async def id_of(self, kind: EntryKind, source_id: UUID) -> UUID:
        """Return the id of the entry of a kind about a thing that it happened to."""
        ...

    async def lock(self, *accounts: Account, currency_code: str) -> Mapping[Account, Balance]:
        """Return the balances of accounts of people, locked until the end; zero for one that nothing came to yet."""
        ...

    async def hold(self, account: Account, amount: Money) -> None:
        """Set a part of an account's balance aside; the database refuses what is not there."""
        ...

    async def release(self, account: Account, amount: Money) -> None:
        """Give back what was set aside."""
        ...

    async def entry_of(self, kind: EntryKind, source_id: UUID) -> JournalEntry | None:
        """Return the entry of a kind that a thing has, to be reversed."""
        ...

    async def entries_of(
        self, payment_ids: Sequence[UUID], limit: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[JournalEntry]:
        """Return the entries of payments, oldest first, those after a (created_at, id) if one is named."""
        ...

    async def earnings_of(self, driver_id: UUID) -> Earnings:
        """Return what is owed to a driver with the latest 50 entries."""
        ...

    async def trial_balance(self, now: datetime) -> TrialBalance: ...
