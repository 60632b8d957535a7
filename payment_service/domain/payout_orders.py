"""Orders to the PSP about drivers' money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class AddBankOrder:
    """Add a bank account to the driver's account at the PSP, which is opened first if there is none."""

    driver_id: UUID
    token: str
    country_code: str
    kind: Literal["add_bank"] = "add_bank"


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """Move an amount from the platform's balance at the PSP to a driver's account there."""

    payout_id: UUID
    psp_account_id: str
    amount: Money
    kind: Literal["transfer"] = "transfer"


@dataclass(frozen=True, slots=True)
class SendPayoutOrder:
    """Send an amount from a driver's account at the PSP to the driver's bank."""

    payout_id: UUID
    psp_account_id: str
    psp_bank_id: str
    amount: Money
    kind: Literal["send_payout"] = "send_payout"


@dataclass(frozen=True, slots=True)
class TakeBackOrder:
    """Take a transfer back, whole, from a driver's account at the PSP to the platform's balance."""

    payout_id: UUID
    psp_transfer_id: str
    kind: Literal["take_back"] = "take_back"


PayoutOrder = TransferOrder | SendPayoutOrder | TakeBackOrder
"""Orders about a payout: each is a step of it, with an operation and a key of its own."""
