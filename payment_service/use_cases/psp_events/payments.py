"""Payments that changed at the PSP: above all holds that it let go of by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from payment_service.domain.events import HoldExpired
from payment_service.domain.payment import Payment
from payment_service.domain.payment_moves import PaymentStatus
from payment_service.domain.psp_event import PspEvent
from payment_service.use_cases.outcomes import NotSent, Unknown
from payment_service.use_cases.ports import PaymentServiceProvider, Store, Work
from payment_service.use_cases.psp_events.handling import Applied, Handled, NotYet, Stuck, Unmatched
from payment_service.use_cases.psp_events.unresolved import settled
from payment_service.use_cases.psp_objects import SeenPayment, SeenPaymentState
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock

_OPEN_HERE = (PaymentStatus.HELD, PaymentStatus.EXPIRED)
_NOTHING_TAKEN = (PaymentStatus.DECLINED, PaymentStatus.VOIDED)
_LET_GO = (SeenPaymentState.RELEASED, SeenPaymentState.REFUSED)

_NO_NEWS = frozenset(
    {
        (PaymentStatus.HELD, SeenPaymentState.HELD),
        (PaymentStatus.CAPTURED, SeenPaymentState.CAPTURED),
        # Of before the capture.
        (PaymentStatus.CAPTURED, SeenPaymentState.HELD),
        (PaymentStatus.VOIDED, SeenPaymentState.RELEASED),
    }
)
"""What is written here, and what an event shows that says no more than that; most do, since most tell of our own
calls. The PSP need not be asked then: whatever changed after the event was made has an event of its own."""

Shown = Callable[[bytes], SeenPayment | None]
"""Reads from an event's payload the payment that it shows, as it was when the event was made."""


class PaymentEvents:
    """Handles `payment_intent.…`; the sweep of holds asks the same of those whose time has come."""

    def __init__(self, store: Store, psp: PaymentServiceProvider, shown: Shown, settle: Settle, clock: Clock) -> None:
        self._store = store
        self._psp = psp
        self._shown = shown
        self._settle = settle
        self._clock = clock

    async def __call__(self, events: Sequence[PspEvent]) -> Handled:
        event = events[-1]
        async with self._store.single() as work:
            payment = await work.payments.find_for_psp(event.psp_payment_id, event.operation_id)
        if payment is None:
            return Unmatched()
        if not any(self._is_news(payment, one) for one in events):
            return Applied()
        return await self.compare(payment, event.psp_payment_id)

    def _is_news(self, payment: Payment, event: PspEvent) -> bool:
        shown = self._shown(event.payload)
        ours = shown is not None and shown.psp_payment_id == payment.psp_payment_id
        return shown is None or not ours or (payment.status, shown.state) not in _NO_NEWS

    async def compare(self, payment: Payment, psp_payment_id: str) -> Handled:
        """Ask the PSP for a payment, and write down what it shows."""
        if not await settled(self._store, self._settle, payment):
            return NotYet("operation_open")
        seen = await self._psp.see_payment(psp_payment_id)
        if isinstance(seen, NotSent | Unknown):
            return NotYet(seen.detail)
        if seen is None:
            return Stuck("not_found_at_psp")
        async with self._store.transaction() as work:
            return await self._apply(work, payment.id, seen)

    async def _apply(self, work: Work, payment_id: UUID, seen: SeenPayment) -> Handled:
        payment = await work.payments.lock(payment_id)
        if await work.operations.open_of(payment_id) is not None:
            # Begun since: its own answer is on the way.
            return NotYet("operation_open")
        if payment.psp_payment_id not in ("", seen.psp_payment_id):
            return Stuck("other_payment")
        if payment.status is PaymentStatus.HELD and seen.state in _LET_GO:
            # The credit that is set aside stays so until the ride ends: it is charged all the same.
            payment = payment.expired()
            await work.payments.save(payment)
            await work.tell(HoldExpired(payment), self._clock.now())
            return Applied()
        if seen.state is SeenPaymentState.UNDER_WAY:
            return NotYet("under_way")
        contradiction = _contradiction(payment, seen.state)
        return Stuck(contradiction) if contradiction else Applied()


def _contradiction(payment: Payment, state: SeenPaymentState) -> str:
    """Name what the PSP shows and cannot be; empty where it fits."""
    match payment.status, state:
        case status, SeenPaymentState.CAPTURED if status in (*_OPEN_HERE, *_NOTHING_TAKEN):
            return "captured_elsewhere"
        case status, SeenPaymentState.HELD if status in _NOTHING_TAKEN:
            return "held_elsewhere"
        case PaymentStatus.CAPTURED, SeenPaymentState.RELEASED if payment.captured_minor:
            return "released_elsewhere"
        case _:
            return ""
