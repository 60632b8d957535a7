"""The states of a payment and the legal moves between them: one table, held by the database as well.

                     ┌──────────> declined
new ─> hold_pending ─┴─> held ─> capture_pending ─> captured
                          │ ▲─> increment_pending ─┘(held)
                          ├───> void_pending ─────> voided
                          └───> expired ──────────> captured | voided
new ─> charge_pending ─> captured | declined
Cash and wallets need nobody's answer: new ─> held | declined | captured, held ─> captured | voided.
"""

from __future__ import annotations

from enum import StrEnum

from shared_kernel.errors import Conflict


class PaymentStatus(StrEnum):
    """Where a payment stands. A `…_pending` status means that an operation at the PSP is under way."""

    HOLD_PENDING = "hold_pending"
    HELD = "held"
    DECLINED = "declined"
    INCREMENT_PENDING = "increment_pending"
    CAPTURE_PENDING = "capture_pending"
    CHARGE_PENDING = "charge_pending"
    CAPTURED = "captured"
    VOID_PENDING = "void_pending"
    VOIDED = "voided"
    EXPIRED = "expired"
    """The PSP let go of the hold by itself."""

    @property
    def is_pending(self) -> bool:
        return self.value.endswith("_pending")

    @property
    def is_over(self) -> bool:
        """Whether no money is held and nothing is under way."""
        return self in (PaymentStatus.DECLINED, PaymentStatus.CAPTURED, PaymentStatus.VOIDED, PaymentStatus.EXPIRED)


NEW = "new"
"""What comes before the first status."""

_NEXT: dict[str, tuple[PaymentStatus, ...]] = {
    NEW: (
        PaymentStatus.HOLD_PENDING,
        PaymentStatus.CHARGE_PENDING,
        PaymentStatus.HELD,
        PaymentStatus.DECLINED,
        PaymentStatus.CAPTURED,
        PaymentStatus.VOIDED,  # a ride closed before any hold: its payment is only a tombstone
    ),
    PaymentStatus.HOLD_PENDING: (PaymentStatus.HELD, PaymentStatus.DECLINED),
    PaymentStatus.HELD: (
        PaymentStatus.INCREMENT_PENDING,
        PaymentStatus.CAPTURE_PENDING,
        PaymentStatus.VOID_PENDING,
        PaymentStatus.CAPTURED,
        PaymentStatus.VOIDED,
        PaymentStatus.EXPIRED,
    ),
    PaymentStatus.INCREMENT_PENDING: (PaymentStatus.HELD,),
    # Back to held: refused by the PSP.
    PaymentStatus.CAPTURE_PENDING: (PaymentStatus.CAPTURED, PaymentStatus.HELD),
    PaymentStatus.VOID_PENDING: (PaymentStatus.VOIDED, PaymentStatus.HELD),
    PaymentStatus.CHARGE_PENDING: (PaymentStatus.CAPTURED, PaymentStatus.DECLINED),
    # A ride that ends after its hold is charged all the same: the rider owes it.
    PaymentStatus.EXPIRED: (PaymentStatus.CAPTURED, PaymentStatus.VOIDED),
}
TRANSITIONS: frozenset[tuple[str, PaymentStatus]] = frozenset(
    (previous, status) for previous, following in _NEXT.items() for status in following
)
"""All legal moves. The database holds the same table (`payment_transition`) and refuses every other move."""


def refuse_move(previous: str, status: PaymentStatus) -> None:
    """Refuse an illegal move by name: Conflict `invalid_transition`."""
    if (previous, status) not in TRANSITIONS:
        raise Conflict(
            "invalid_transition",
            f"a payment that is {previous} cannot become {status}",
            metadata={"status": str(previous)},
        )
