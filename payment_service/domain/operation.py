"""Operations at the PSP: an intent written down before the call, and kept until its outcome is known.

sending ──definite answer──> succeeded | refused
   │ ▲
   │ └── taken up again (same key, same order), or after the lease of a process that died
   └──time-out, reset, 5xx──> unknown
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from payment_service.domain.orders import Order


class OperationState(StrEnum):
    """See the drawing above."""

    SENDING = "sending"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"

    @property
    def is_finished(self) -> bool:
        return self in (OperationState.SUCCEEDED, OperationState.REFUSED)


@dataclass(frozen=True, slots=True)
class Operation:
    """One intent, about a payment or another subject (a payout, a dispute), of each of which one is open at a time.

    The PSP's idempotency key is `id:attempt`.

    `due_at` is when anybody may take it up unasked: while sending the end of the lease, then the end of its rest.
    `tries` counts the sendings, and tells a sender whose lease has passed from the one that took over. `attempt` rises
    only after proof that the last key had no effect, and `keyed_at` is when the present key came up. `psp_object_id` is
    known where the PSP has begun and not ended: then the object is asked, not the order sent again.
    """

    id: UUID
    rider_id: UUID | None
    payment_id: UUID | None
    order: Order
    state: OperationState
    attempt: int
    tries: int
    created_at: datetime
    keyed_at: datetime
    due_at: datetime
    psp_object_id: str = ""
    subject_id: UUID | None = None

    @property
    def psp_key(self) -> str:
        return f"{self.id}:{self.attempt}"

    def with_new_key(self, now: datetime) -> Operation:
        """Return it with a new key at the PSP: only after proof that the last one had no effect."""
        return replace(self, attempt=self.attempt + 1, keyed_at=now)

    @classmethod
    def begin(
        cls,
        operation_id: UUID,
        order: Order,
        now: datetime,
        lease_seconds: float,
        *,
        rider_id: UUID | None = None,
        payment_id: UUID | None = None,
        subject_id: UUID | None = None,
    ) -> Operation:
        """Begin an operation that the caller is about to send; with a lease of zero, the sweep sends it at once."""
        return cls(
            id=operation_id,
            rider_id=rider_id,
            payment_id=payment_id,
            order=order,
            state=OperationState.SENDING,
            attempt=1,
            tries=1,
            created_at=now,
            keyed_at=now,
            due_at=now + timedelta(seconds=lease_seconds),
            subject_id=subject_id,
        )


_RESEND_FOR = timedelta(hours=23)
_FIRST_RETRY_SECONDS = 10.0
_LONGEST_RETRY_SECONDS = 900.0


def may_send(operation: Operation, now: datetime) -> bool:
    """Tell whether the order may still be sent: the PSP forgets keys after a day, and then only a look is safe."""
    return now - operation.keyed_at < _RESEND_FOR


def retry_after_seconds(tries: int) -> float:
    """Return how long an unknown outcome rests before the next try: 10 s, doubling up to 15 minutes.

    While the PSP answers others, the sweep wakes those that rest for more than half a minute, a few at a look.
    """
    return min(_LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2.0 ** min(tries - 1, 20))
