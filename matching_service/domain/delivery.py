"""A delivery order: what a ride of kind delivery carries, for whom, and how it is shown that it came there.

    ARRIVED (at the shop) ── collect ──▶ IN_PROGRESS (carrying) ── hand over, with proof ──▶ COMPLETED
                                               └─ fail ──▶ RETURNING ── bring back ──▶ RETURNED (fare and return fee)

The ride's own start PIN is the shop's pickup code; the hand-over PIN is the recipient's.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from enum import StrEnum

from matching_service.domain.ride_kind import Capability
from shared_kernel.errors import Conflict

MAX_HAND_OVER_FAILURES = 5


class ItemSize(StrEnum):
    """How much there is to carry; the names are those of the contract's ItemSize."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class ProofKind(StrEnum):
    """How a hand-over is shown; the names are those of the contract's ProofKind."""

    PIN = "pin"
    """The recipient told the PIN."""
    PHOTO = "photo"
    """A photo of where the goods were left, kept elsewhere."""
    SIGNATURE = "signature"
    """The name of whoever signed for them."""


class DeliveryFailure(StrEnum):
    """Why the goods could not be handed over; the names are those of the contract's DeliveryFailure."""

    RECIPIENT_ABSENT = "recipient_absent"
    REFUSED = "refused"
    ADDRESS_WRONG = "address_wrong"
    AGE_NOT_SHOWN = "age_not_shown"
    PIN_NOT_KNOWN = "pin_not_known"


@dataclass(frozen=True, slots=True)
class DeliveryOrder:
    """What the person who orders says. Phone numbers are E.164 or empty, and are erased when the ride ends."""

    shop_name: str
    order_reference: str
    recipient_name: str
    items: str
    size: ItemSize
    capabilities: frozenset[Capability] = frozenset()
    """What the courier must be able to do beside taking deliveries."""
    pickup_code_required: bool = False
    """Whether the shop is told a code that the courier has to bring."""
    proof_required: ProofKind = ProofKind.PIN
    shop_phone: str = field(default="", repr=False)
    recipient_phone: str = field(default="", repr=False)

    @property
    def needs(self) -> frozenset[Capability]:
        """All that a courier must have declared."""
        return self.capabilities | {Capability.DELIVERY}

    def without_phones(self) -> DeliveryOrder:
        """Return what may be kept, and shown to drivers who only think about it."""
        return replace(self, shop_phone="", recipient_phone="")


@dataclass(frozen=True, slots=True)
class Proof:
    """That the goods came to the recipient. `reference` names the photo or who signed; with a PIN it is empty."""

    kind: ProofKind
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An order on its way."""

    order: DeliveryOrder
    hand_over_pin: str = field(repr=False)
    hand_over_failures: int = 0
    proof: Proof | None = None
    failure: DeliveryFailure | None = None

    @property
    def is_locked(self) -> bool:
        """Whether too many wrong PINs were entered: the goods go back."""
        return self.hand_over_failures >= MAX_HAND_OVER_FAILURES

    def refuse_unless_provable(self, kind: ProofKind, *, age_checked: bool) -> None:
        """Judge how the goods are to be handed over, before the PIN is looked at.

        Raises:
            Conflict: `proof_mismatch` (the order asks for another proof), `age_check_required`, `pin_locked`.
        """
        if kind is not self.order.proof_required:
            raise Conflict(
                "proof_mismatch",
                f"the order asks for {self.order.proof_required} as proof",
                metadata={"proof_required": self.order.proof_required.value},
            )
        if Capability.AGE_CHECK in self.order.capabilities and not age_checked:
            raise Conflict(
                "age_check_required", "the goods have an age limit: say that the recipient's age was checked"
            )
        if kind is ProofKind.PIN and self.is_locked:
            raise Conflict(
                "pin_locked", "too many wrong PINs were entered: report the failure and bring the goods back"
            )

    def is_pin(self, told: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.hand_over_pin.encode(), told.encode())

    def pin_failed(self) -> Delivery:
        """Count a wrong PIN."""
        return replace(self, hand_over_failures=self.hand_over_failures + 1)

    def proven(self, proof: Proof) -> Delivery:
        """Keep the proof."""
        return replace(self, proof=proof)

    def failed(self, cause: DeliveryFailure) -> Delivery:
        """Keep why the goods go back."""
        return replace(self, failure=cause)

    def over(self) -> Delivery:
        """Return what is kept when the ride has ended."""
        return replace(self, order=self.order.without_phones())
