"""The answers of mutations, as they are kept for requests that come again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from payment_service.domain.adjustment import RiderAdjustment
from payment_service.domain.payment import Payment
from shared_kernel.errors import Conflict, DomainError, FieldViolation, InvalidInput


@dataclass(frozen=True, slots=True)
class PaymentAnswer:
    """The payment as the mutation left it."""

    payment: Payment
    kind: Literal["payment"] = "payment"


@dataclass(frozen=True, slots=True)
class CardAdded:
    """The card that was added."""

    payment_method_id: UUID
    kind: Literal["card_added"] = "card_added"


@dataclass(frozen=True, slots=True)
class CardSetUp:
    """The set-up of a card; it stands as its row does."""

    setup_id: UUID
    kind: Literal["card_set_up"] = "card_set_up"


@dataclass(frozen=True, slots=True)
class CardChosen:
    """The card that became the default."""

    payment_method_id: UUID
    kind: Literal["card_chosen"] = "card_chosen"


@dataclass(frozen=True, slots=True)
class CardRemoved:
    """A card was removed."""

    kind: Literal["card_removed"] = "card_removed"


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What an operator changed."""

    adjustment: RiderAdjustment
    kind: Literal["adjusted"] = "adjusted"


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """The refund that was asked for."""

    refund_id: UUID
    kind: Literal["refund"] = "refund"


@dataclass(frozen=True, slots=True)
class DisputeAnswer:
    """The dispute that was answered or given up."""

    dispute_id: UUID
    kind: Literal["dispute"] = "dispute"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was withdrawn from a wallet; how it stands is told by its refunds."""

    withdrawal_id: UUID
    kind: Literal["withdrawn"] = "withdrawn"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that stands: asking again gives it again. One that `passes` is told and not kept: the PSP may think
    otherwise when the same is asked again.
    """

    error: Literal["conflict", "invalid_input"]
    reason: str
    message: str
    psp_reason: str
    field: str = ""
    """The field of the request that is at fault, where one is; the message says what is wrong with it."""
    passes: bool = False
    kind: Literal["refusal"] = "refusal"

    def as_error(self) -> DomainError:
        make = Conflict if self.error == "conflict" else InvalidInput
        return make(
            self.reason,
            self.message,
            violations=[FieldViolation(self.field, self.message)] if self.field else (),
            metadata={"psp_reason": self.psp_reason} if self.psp_reason else None,
        )


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The reconciliation run that is under way."""

    run_id: UUID
    kind: Literal["run_started"] = "run_started"


@dataclass(frozen=True, slots=True)
class ItemResolved:
    """The reconciliation item that was resolved."""

    item_id: UUID
    kind: Literal["item_resolved"] = "item_resolved"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was asked for has a row of its own, which tells the rest."""

    id: UUID
    kind: Literal["recorded"] = "recorded"


CardsAnswer = CardAdded | CardSetUp | CardChosen | CardRemoved
BackAnswer = RefundAnswer | DisputeAnswer
ReconciliationAnswer = RunStarted | ItemResolved
Answer = PaymentAnswer | CardsAnswer | Adjusted | Withdrawn | BackAnswer | ReconciliationAnswer | Recorded | Refusal
