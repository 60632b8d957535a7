"""Where a driver is paid. Numbers of bank accounts never come here: the PSP keeps them and gives us names for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank account as the PSP tells it: its name there, its currency and country, and what a person knows it by."""

    psp_bank_id: str
    currency_code: str
    country_code: str
    bank_name: str
    last_digits: str


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """The bank account that a driver's payouts in its currency go to.

    `operation_id` is the operation that set it: of two that are asked, the later one counts, in whatever order the PSP
    answers (ids are made in the order of time).
    """

    driver_id: UUID
    currency_code: str
    psp_account_id: str
    psp_bank_id: str
    country_code: str
    bank_name: str
    last_digits: str
    operation_id: UUID
    set_at: datetime
