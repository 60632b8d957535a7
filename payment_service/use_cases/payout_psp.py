"""What drivers' money needs of a PSP: accounts for drivers there, transfers to them, and payouts to banks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from payment_service.domain.payout_orders import SendPayoutOrder, TakeBackOrder, TransferOrder
from payment_service.use_cases.outcomes import Declined, NotSent, Outcome, Unknown
from shared_kernel.money import Money


class PayoutFate(StrEnum):
    """What has become of a payout at the PSP."""

    UNDER_WAY = "under_way"
    PAID = "paid"
    FAILED = "failed"
    """Refused or returned by the bank: the money is in the driver's account at the PSP."""


@dataclass(frozen=True, slots=True)
class PayoutSeen:
    """A payout as it stands at the PSP; a reason where it failed."""

    fate: PayoutFate
    failure_reason: str = ""


SHORT = Declined("balance_insufficient")
"""Not now: what should be moved is not available there yet. Nothing was done, and a new key may be tried later."""


class PayoutProvider(Protocol):
    """See `ports.PaymentServiceProvider`: nothing is raised, and a key makes an effect happen at most once."""

    async def open_driver_account(self, key: str, driver_id: UUID, country_code: str) -> Outcome: ...

    async def add_bank(self, key: str, operation_id: UUID, psp_account_id: str, token: str) -> Outcome:
        """Add a bank account; `Succeeded.bank` tells which, `invalid_bank_token` that there is none of that name."""
        ...

    def payable(self, amount: Money) -> Money:
        """Return how much of an amount can be paid out: a PSP does not pay every currency to its last digit."""
        ...

    async def transfer(self, key: str, operation_id: UUID, order: TransferOrder) -> Outcome: ...

    async def send_payout(self, key: str, operation_id: UUID, order: SendPayoutOrder) -> Outcome: ...

    async def take_back(self, key: str, order: TakeBackOrder) -> Outcome:
        """Reverse a transfer; one that is reversed already is a success."""
        ...

    async def see_payout(self, psp_account_id: str, psp_payout_id: str) -> PayoutSeen | Declined | NotSent | Unknown:
        """Look at a payout as it stands now."""
        ...
