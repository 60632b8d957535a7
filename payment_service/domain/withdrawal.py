"""Money of a wallet on its way back to the cards that it came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payment_service.domain.payment import Payment
from payment_service.domain.refund import RefundStatus
from shared_kernel.errors import Conflict
from shared_kernel.money import Money

MAX_PARTS = 20
"""How many top-ups one withdrawal goes back by, at most."""


@dataclass(frozen=True, slots=True)
class WithdrawalPart:
    """What goes back by the refund of one top-up, and how that refund stands."""

    refund_id: UUID
    payment_id: UUID
    amount: Money
    status: RefundStatus


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One withdrawal; its parts add up to its amount, and each ends by itself."""

    id: UUID
    rider_id: UUID
    amount: Money
    parts: tuple[WithdrawalPart, ...]
    created_at: datetime

    def sum_of(self, status: RefundStatus) -> Money:
        """Add up the parts whose refund stands so."""
        total = Money.zero(self.amount.currency_code)
        for part in self.parts:
            if part.status is status:
                total += part.amount
        return total


def split_over(top_ups: Sequence[Payment], amount: Money) -> list[tuple[Payment, Money]]:
    """Split an amount over top-ups, in their order, as far as each can still be refunded.

    Raises:
        Conflict: `exceeds_top_ups`, or `too_many_top_ups` where more than `MAX_PARTS` would have to be refunded.
    """
    parts: list[tuple[Payment, Money]] = []
    left_minor = amount.amount_minor
    for top_up in top_ups:
        part_minor = min(left_minor, top_up.refundable.amount_minor)
        if part_minor > 0:
            parts.append((top_up, Money(amount.currency_code, part_minor)))
            left_minor -= part_minor
    if left_minor:
        withdrawable_minor = amount.amount_minor - left_minor
        raise Conflict(
            "exceeds_top_ups",
            f"no more than {Money(amount.currency_code, withdrawable_minor)} of the wallet came from cards",
            metadata={"withdrawable_minor": str(withdrawable_minor), "currency_code": amount.currency_code},
        )
    if len(parts) > MAX_PARTS:
        most = _sum(amount.currency_code, (part for _, part in parts[:MAX_PARTS]))
        raise Conflict(
            "too_many_top_ups",
            f"no more than {most} can be withdrawn at once",
            metadata={"most_minor": str(most.amount_minor), "currency_code": amount.currency_code},
        )
    return parts


def _sum(currency_code: str, amounts: Iterable[Money]) -> Money:
    total = Money.zero(currency_code)
    for amount in amounts:
        total += amount
    return total
