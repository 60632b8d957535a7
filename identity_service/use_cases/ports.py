"""The store of accounts, sign-ins and drivers, as the use cases need it.

What is people's own and what staff do stand in `people_ports` and `staff_ports`, and what makes and keeps codes, tokens
and keys in `secret_ports`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from identity_service.domain.accounts import Account, Contact
from identity_service.domain.code_budgets import Charge
from identity_service.domain.drivers import Driver, DriverStatus
from identity_service.domain.events import Event
from identity_service.domain.one_time_codes import Allowance, Challenge, OwedCode
from identity_service.domain.sign_ins import EndReason, LiveSignIn, RefreshToken, SignIn, SignInRole
from identity_service.use_cases.people_ports import Documents, Erasures, Identities, MailAddresses, Places
from identity_service.use_cases.staff_ports import ApiKeys, AuditLog, Roles


class Accounts(Protocol):
    """People, found by id or by phone number; the number is kept sealed."""

    async def find(self, account_id: UUID, *, lock: bool = False) -> Account | None: ...

    async def find_by_phone(self, phone_number: str) -> Account | None: ...

    async def find_or_add(self, account: Account, phone_number: str) -> tuple[Account, bool]:
        """Return the account of a phone number, added if there was none, and whether it was. One winner of many."""
        ...

    async def save(self, account: Account) -> None: ...

    async def contact(self, account_id: UUID) -> Contact | None: ...

    async def reseal(self, at_most: int, now: datetime) -> int:
        """Seal numbers that older versions sealed otherwise with the people's own keys; return how many were seen."""
        ...


class Challenges(Protocol):
    """One-time codes that were asked for, and what each phone has used of its limits."""

    async def lock_allowance(self, phone_number: str, now: datetime) -> Allowance:
        """Return a phone's allowance, fresh if it has none, locked until the transaction ends."""
        ...

    async def save_allowance(self, phone_number: str, allowance: Allowance) -> None: ...

    async def count_since(self, since: datetime, at_most: int) -> int:
        """Count all challenges made since a time, up to a bound. Transactions under way are not seen."""
        ...

    async def find_request(self, phone_number: str, request_id: str) -> Challenge | None: ...

    async def charge(self, charges: Sequence[Charge], now: datetime) -> datetime | None:
        """Take charges out of their budgets; return when the first that is used up begins anew, None if none is.

        Where one is used up the transaction must not commit. The rows stay locked until it ends.
        """
        ...

    async def used_up(self, charge: Charge, now: datetime) -> datetime | None:
        """Return when a budget that has no room for a charge begins anew; None where it has room."""
        ...

    async def replace(self, challenge: Challenge, owed: OwedCode, next_send_at: datetime) -> None:
        """Add a challenge with its code owed, and close the phone's open one, if any. Under the allowance's lock."""
        ...

    async def lock_open(self, phone_number: str) -> Challenge | None: ...

    async def save(self, challenge: Challenge) -> None: ...

    async def claim_owed(self, now: datetime, at_most: int) -> Sequence[OwedCode]:
        """Take codes whose turn it is, passing over those others are taking, and set each one's next turn."""
        ...

    async def handed_over(self, challenge_id: UUID) -> None:
        """Forget the code and the number: notification has them now."""
        ...

    async def forget_expired(self, now: datetime) -> int:
        """Forget codes that can no longer be used; return how many."""
        ...


class SignIns(Protocol):
    """Signed-in devices and their refresh tokens."""

    async def begin(self, sign_in: SignIn, token: RefreshToken) -> Sequence[UUID]:
        """Add a sign-in with its first token; return those of the account on the same device, which ended, replaced."""
        ...

    async def lock_by_token(self, digest: bytes) -> tuple[SignIn, RefreshToken] | None:
        """Return a token and its family, which stays locked until the transaction ends."""
        ...

    async def rotate(self, spent: RefreshToken, successor: RefreshToken) -> None: ...

    async def end(self, sign_in_id: UUID, reason: EndReason, now: datetime) -> UUID | None:
        """End a sign-in and return whose it was; None where it had ended, or never was, and stays as it is."""
        ...

    async def is_new_device(self, account_id: UUID, device_id: str) -> bool:
        """Tell whether an account has signed in before, but never on this device, as far back as sign-ins are kept."""
        ...

    async def live(self, account_id: UUID, now: datetime, at_most: int) -> Sequence[LiveSignIn]:
        """Return an account's live sign-ins, the newest first."""
        ...

    async def end_own(self, account_id: UUID, sign_in_id: UUID, reason: EndReason, now: datetime) -> bool | None:
        """End a sign-in of an account; True if it ended now, False if before, None if it is none of the account's."""
        ...

    async def end_all(
        self,
        account_id: UUID,
        reason: EndReason,
        now: datetime,
        *,
        but: UUID | None = None,
        role: SignInRole | None = None,
    ) -> Sequence[UUID]:
        """End an account's live sign-ins, but for one, or only those of a role; return which ended."""
        ...


@dataclass(frozen=True, slots=True)
class DriverPage:
    """Drivers, newest application first, and where the next page begins (None on the last)."""

    drivers: Sequence[Driver]
    next_after: tuple[datetime, UUID] | None


class Drivers(Protocol):
    """Drivers' standing."""

    async def find(self, driver_id: UUID, *, owner: UUID | None = None, lock: bool = False) -> Driver | None:
        """Return a driver; with an owner, only the owner's own."""
        ...

    async def add(self, driver: Driver) -> bool:
        """Add a driver; False if the account has applied already."""
        ...

    async def save(self, driver: Driver) -> None: ...

    async def page(self, status: DriverStatus | None, after: tuple[datetime, UUID] | None, size: int) -> DriverPage: ...


@dataclass(frozen=True, slots=True)
class Request:
    """A mutation as its client named it: the same key with the same fields is the same request."""

    principal: str
    method: str
    key: str
    fields: tuple[object, ...]


class Requests(Protocol):
    """Answers to mutations, kept for a day so that a repeated request gets the first one's answer."""

    async def claim(self, request: Request) -> bytes | None:
        """Return the kept answer, or claim the request for this transaction.

        Raises:
            Conflict: `idempotency_key_reused`.
            InFlight: `request_in_flight`.
        """
        ...

    async def keep(self, request: Request, answer: bytes) -> None: ...


class Transaction(Protocol):
    """What one transaction can see and change."""

    @property
    def accounts(self) -> Accounts: ...

    @property
    def challenges(self) -> Challenges: ...

    @property
    def sign_ins(self) -> SignIns: ...

    @property
    def drivers(self) -> Drivers: ...

    @property
    def erasures(self) -> Erasures: ...

    @property
    def places(self) -> Places: ...

    @property
    def mail_addresses(self) -> MailAddresses: ...

    @property
    def identities(self) -> Identities: ...

    @property
    def api_keys(self) -> ApiKeys: ...

    @property
    def documents(self) -> Documents: ...

    @property
    def roles(self) -> Roles: ...

    @property
    def audit(self) -> AuditLog: ...

    @property
    def requests(self) -> Requests: ...

    async def record(self, event: Event) -> None:
        """Write an event with the state it reports; it is published after the commit."""
        ...


class Store(Protocol):
    """The database of identity."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Run a block in one transaction: committed when it ends, rolled back when it raises."""
        ...

    async def contact(self, account_id: UUID) -> Contact | None:
        """Return how a person is reached, in clear; asked for on every ride, and no transaction is opened for it."""
        ...
