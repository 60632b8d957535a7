"""The set-up of a card for charges in its holder's absence, who may have to prove to their bank who they are.

new ─> pending ─┬─> action_required ─┬─> succeeded
                └────────────────────┴─> declined
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared_kernel.errors import Conflict


class CardSetupStatus(StrEnum):
    """Where a set-up stands."""

    PENDING = "pending"
    """The PSP has not answered yet."""
    ACTION_REQUIRED = "action_required"
    """The card's bank asks for its holder."""
    SUCCEEDED = "succeeded"
    DECLINED = "declined"

    @property
    def is_over(self) -> bool:
        return self in (CardSetupStatus.SUCCEEDED, CardSetupStatus.DECLINED)


_NEXT: dict[str, tuple[CardSetupStatus, ...]] = {
    "new": (CardSetupStatus.PENDING,),
    CardSetupStatus.PENDING: (
        CardSetupStatus.ACTION_REQUIRED,
        CardSetupStatus.SUCCEEDED,
        CardSetupStatus.DECLINED,
    ),
    CardSetupStatus.ACTION_REQUIRED: (CardSetupStatus.SUCCEEDED, CardSetupStatus.DECLINED),
}
CARD_SETUP_TRANSITIONS = frozenset((previous, status) for previous, following in _NEXT.items() for status in following)
"""All legal moves; the database holds the same table (`card_setup_transition`)."""


@dataclass(frozen=True, slots=True)
class CardSetup:
    """One set-up. `psp_setup_id` is its name at the PSP once it answered, `payment_method_id` the card it brought."""

    id: UUID
    rider_id: UUID
    psp_setup_id: str
    payment_method_id: UUID | None
    status: CardSetupStatus
    decline_reason: str
    created_at: datetime

    @classmethod
    def begin(cls, setup_id: UUID, rider_id: UUID, now: datetime) -> CardSetup:
        return cls(setup_id, rider_id, "", None, CardSetupStatus.PENDING, "", now)

    def waits_for_holder(self, psp_setup_id: str) -> CardSetup:
        """Move to waiting for the card's holder; one that waits already stays as it is."""
        if self.status is CardSetupStatus.ACTION_REQUIRED:
            return self
        return self._moved(CardSetupStatus.ACTION_REQUIRED, psp_setup_id=psp_setup_id)

    def succeeded(self, psp_setup_id: str, payment_method_id: UUID) -> CardSetup:
        return self._moved(CardSetupStatus.SUCCEEDED, psp_setup_id=psp_setup_id, payment_method_id=payment_method_id)

    def declined(self, reason: str) -> CardSetup:
        return self._moved(CardSetupStatus.DECLINED, decline_reason=reason)

    def _moved(
        self,
        status: CardSetupStatus,
        *,
        psp_setup_id: str | None = None,
        payment_method_id: UUID | None = None,
        decline_reason: str = "",
    ) -> CardSetup:
        if (self.status, status) not in CARD_SETUP_TRANSITIONS:
            raise Conflict("invalid_transition", f"a set-up that is {self.status} cannot become {status}")
        return replace(
            self,
            status=status,
            psp_setup_id=self.psp_setup_id if psp_setup_id is None else psp_setup_id,
            payment_method_id=payment_method_id,
            decline_reason=decline_reason,
        )
