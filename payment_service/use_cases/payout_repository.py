"""What the store keeps of drivers' bank accounts and payouts, as the use cases ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from payment_service.domain.payout import Payout, PayoutKind, PayoutStatus
from payment_service.domain.payout_account import PayoutAccount


class PayoutAccounts(Protocol):
    """Drivers' bank accounts, and the drivers' names at the PSP."""

    async def know_driver(self, driver_id: UUID) -> None:
        """Write a driver down unless known."""
        ...

    async def psp_account_of(self, driver_id: UUID) -> str | None: ...

    async def name_psp_account(self, driver_id: UUID, psp_account_id: str) -> str:
        """Keep a driver's name at the PSP unless there is one; return the one kept."""
        ...

    async def save(self, account: PayoutAccount) -> None:
        """Put a bank account in the place of the one before, unless that one was asked for later."""
        ...

    async def get(self, driver_id: UUID, currency_code: str) -> PayoutAccount | None: ...

    async def set_by(self, operation_id: UUID) -> PayoutAccount | None:
        """Return the account that an operation set, if it still counts."""
        ...

    async def next_after(self, driver_id: UUID, currency_code: str) -> PayoutAccount | None:
        """Return the account after one, in the order of driver and currency."""
        ...


class Payouts(Protocol):
    """Payouts."""

    async def insert(self, payout: Payout) -> bool:
        """Write a new payout; False if there is one for this period, or in place of the same one, already."""
        ...

    async def lock(self, payout_id: UUID) -> Payout:
        """Return a payout, locked until the end of the transaction; `payout_not_found` (NotFound)."""
        ...

    async def get(self, payout_id: UUID) -> Payout:
        """Return a payout; `payout_not_found` (NotFound)."""
        ...

    async def find_for_psp(self, psp_payout_id: str) -> Payout | None:
        """Return the payout of a name at the PSP."""
        ...

    async def in_place_of(self, payout_id: UUID) -> Payout | None:
        """Return the payout that was asked in place of one that failed."""
        ...

    async def save(self, payout: Payout) -> None:
        """Write a changed payout over the version before it."""
        ...

    async def asked_since(self, driver_id: UUID, kind: PayoutKind, since: datetime) -> Sequence[datetime]:
        """Return when a driver's payouts of a kind were asked since a time, the first one first."""
        ...

    async def page(
        self, driver_id: UUID | None, status: PayoutStatus | None, before: UUID | None, limit: int
    ) -> Sequence[Payout]:
        """Return payouts, newest first, before one of them."""
        ...

    async def take_due(self, now: datetime, until: datetime, limit: int) -> Sequence[Payout]:
        """Return payouts that are to be looked at, and put their next look off until a time, so that one looks."""
        ...


@dataclass(frozen=True, slots=True)
class PayoutRun:
    """A scheduled payout of everybody, as far as it has come: up to this account."""

    period_at: datetime
    after_driver_id: UUID
    after_currency_code: str


class PayoutRuns(Protocol):
    """Scheduled payouts of everybody."""

    async def take(self, period_at: datetime, now: datetime) -> PayoutRun | None:
        """Return the run of a period, begun if need be and locked; None if it is over or somebody else has it.

        A run of an earlier period that is not over ends here: this one pays all that is there.
        """
        ...

    async def move(self, run: PayoutRun, finished_at: datetime | None) -> None: ...
