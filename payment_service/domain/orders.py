"""Orders to the PSP: what to do, complete, so that whoever takes an operation up again sends exactly this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from payment_service.domain.charge import ChargeLine
from payment_service.domain.dispute import LossBorneBy
from payment_service.domain.payout_orders import AddBankOrder, PayoutOrder
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class AddCardOrder:
    """Attach a card to the rider's customer at the PSP."""

    rider_id: UUID
    token: str
    kind: Literal["add_card"] = "add_card"


@dataclass(frozen=True, slots=True)
class SetUpCardOrder:
    """Set a card up for charges in its holder's absence."""

    setup_id: UUID
    rider_id: UUID
    token: str
    kind: Literal["set_up_card"] = "set_up_card"


@dataclass(frozen=True, slots=True)
class FinishCardSetupOrder:
    """Ask how a set-up stands after the card's holder acted."""

    setup_id: UUID
    psp_setup_id: str
    kind: Literal["finish_card_setup"] = "finish_card_setup"


@dataclass(frozen=True, slots=True)
class RemoveCardOrder:
    """Detach a card at the PSP."""

    psp_card_id: str
    kind: Literal["remove_card"] = "remove_card"


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """Authorize an amount on a card."""

    ride_id: UUID
    customer_id: str
    psp_card_id: str
    amount: Money
    kind: Literal["hold"] = "hold"


@dataclass(frozen=True, slots=True)
class IncrementOrder:
    """Raise what a card holds to an amount."""

    psp_payment_id: str
    amount: Money
    kind: Literal["increment"] = "increment"


@dataclass(frozen=True, slots=True)
class CaptureOrder:
    """Collect `amount` from a hold; the PSP lets go of the rest. `lines` and `driver_id` are what it is for."""

    psp_payment_id: str
    amount: Money
    lines: tuple[ChargeLine, ...]
    driver_id: UUID
    kind: Literal["capture"] = "capture"


@dataclass(frozen=True, slots=True)
class VoidOrder:
    """Release a hold."""

    psp_payment_id: str
    kind: Literal["void"] = "void"


@dataclass(frozen=True, slots=True)
class ChargeOrder:
    """Collect an amount from a card at once."""

    customer_id: str
    psp_card_id: str
    amount: Money
    kind: Literal["charge"] = "charge"


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Return a part of what a payment brought."""

    refund_id: UUID
    psp_payment_id: str
    amount: Money
    kind: Literal["refund"] = "refund"


@dataclass(frozen=True, slots=True)
class EvidenceOrder:
    """Hand in evidence against a dispute, for good: named texts."""

    dispute_id: UUID
    psp_dispute_id: str
    evidence: dict[str, str]
    kind: Literal["evidence"] = "evidence"


@dataclass(frozen=True, slots=True)
class AcceptDisputeOrder:
    """Give up a dispute; `borne_by` is whose loss it will be once it is given up, None for whose it is already."""

    dispute_id: UUID
    psp_dispute_id: str
    borne_by: LossBorneBy | None = None
    kind: Literal["accept_dispute"] = "accept_dispute"


CardOrder = AddCardOrder | SetUpCardOrder | FinishCardSetupOrder | RemoveCardOrder
DisputeOrder = EvidenceOrder | AcceptDisputeOrder
RideOrder = HoldOrder | IncrementOrder | CaptureOrder | VoidOrder | ChargeOrder
Order = CardOrder | RideOrder | RefundOrder | DisputeOrder | AddBankOrder | PayoutOrder
