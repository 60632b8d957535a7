"""Cards a rider may pay with. Their numbers never come here: the PSP keeps them and gives us a name for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MAX_PAYMENT_METHODS = 20
"""How many cards a rider may keep."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card as the PSP tells it: its name there, scheme, last four digits, month (1 to 12) and year of expiry."""

    psp_card_id: str
    brand: str
    last_digits: str
    expire_month: int
    expire_year: int


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A card of a rider; `customer_id` is the rider's name at the PSP.

    `is_default` is true for the one card of a rider that is taken where none is named.
    """

    id: UUID
    rider_id: UUID
    customer_id: str
    psp_card_id: str
    brand: str
    last_digits: str
    expire_month: int
    expire_year: int
    created_at: datetime
    is_default: bool
