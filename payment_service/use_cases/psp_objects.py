"""Objects at the PSP as they are now: what webhooks and sweeps compare with what is written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from payment_service.domain.dispute import SeenDispute
from payment_service.domain.refund import SeenRefund
from payment_service.use_cases.outcomes import NotSent, Unknown


class SeenPaymentState(StrEnum):
    """What the PSP shows of a payment."""

    HELD = "held"
    CAPTURED = "captured"
    RELEASED = "released"
    """Canceled: by us, or by the PSP itself, when the hold's time was over."""
    UNDER_WAY = "under_way"
    REFUSED = "refused"
    """Waits for another card, or for its holder: nothing is held, or no longer."""


@dataclass(frozen=True, slots=True)
class SeenPayment:
    """A payment as the PSP shows it."""

    psp_payment_id: str
    state: SeenPaymentState


@dataclass(frozen=True, slots=True)
class SeenDisputes:
    """A page of disputes, newest first; `after` names its last one, empty where no page follows."""

    disputes: Sequence[SeenDispute]
    after: str


NoAnswer = NotSent | Unknown
"""Nothing can be said: to be asked again."""


class PspObjects(Protocol):
    """The PSP's objects. None where it has no such object; no method raises for what the network or the PSP does."""

    async def see_payment(self, psp_payment_id: str) -> SeenPayment | NoAnswer | None: ...

    async def see_refund(self, psp_refund_id: str) -> SeenRefund | NoAnswer | None: ...

    async def see_refunds_of(self, psp_payment_id: str) -> Sequence[SeenRefund] | NoAnswer:
        """Return a payment's refunds, newest first, at most 100."""
        ...

    async def see_dispute(self, psp_dispute_id: str) -> SeenDispute | NoAnswer | None: ...

    async def see_disputes_since(self, since: datetime, after: str) -> SeenDisputes | NoAnswer:
        """Return the disputes opened since a time, newest first, behind the one named `after`, if it names one."""
        ...
