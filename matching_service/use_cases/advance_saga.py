"""The ride's saga: what a ride owes payment_service is asked for, with one key a step, until the outcome is known.

    HOLD_PENDING ── held ──▶ HELD ── trip, or an end with a fee ──▶ CAPTURE_PENDING ──▶ CAPTURED
         │  └─ held, ride over ─▶ VOID_PENDING ◀── an end without a fee ── HELD          (only forward)
         └─ declined ─▶ HOLD_DECLINED      └──▶ VOIDED

No call is made within a transaction. A time-out says nothing: the step stays owed and is asked for again with the same
key, so it happens at most once. A hold is released because the ride ended, never because a call timed out; a ride that
ends while its hold is pending first learns the hold's outcome.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta

from matching_service.domain.events import RideMatchingStarted, RidePaymentFailed, RidePaymentSettled
from matching_service.domain.ride import Ride
from matching_service.domain.ride_payment import hold_declined, hold_placed, payment_settled
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.use_cases.queue_ports import OwedStep, SagaQueue
from matching_service.use_cases.service_ports import PaymentOutcome, Payments, PaymentStatus
from matching_service.use_cases.store_ports import Store
from shared_kernel.clock import Clock
from shared_kernel.errors import (
    Conflict,
    DomainError,
    InvalidInput,
    NotFound,
)
from shared_kernel.origins import Follow, follow_nothing

CALL_SECONDS = 8.0
LEASE_SECONDS = 20.0
"""Longer than a call: a replica that dies gives its steps back after this."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0
MAX_CONCURRENT_CALLS = 16

_REFUSALS = (InvalidInput, NotFound, Conflict)
"""Answers that will not change by asking again."""


@dataclass(frozen=True, slots=True)
class AdvanceSaga:
    """Makes the calls that are owed and records their outcomes."""

    store: Store
    queue: SagaQueue
    payments: Payments
    clock: Clock
    jitter: random.Random
    call_seconds: float = CALL_SECONDS
    follow: Follow = follow_nothing

    async def __call__(self, limit: int = 64) -> int:
        """Make at most `limit` due steps, some at a time; return how many were due."""
        owed = await self.queue.claim(self.clock.now(), limit, LEASE_SECONDS)
        gate = asyncio.Semaphore(MAX_CONCURRENT_CALLS)

        async def within_gate(step: OwedStep) -> None:
            async with gate:
                await self._advance(step, self.call_seconds)

        outcomes = await asyncio.gather(*map(within_gate, owed), return_exceptions=True)
        # What one step met (the store does not answer) must not keep the others from being recorded.
        for failure in filter(None, outcomes):
            raise failure
        return len(owed)

    async def hold_now(self, ride: Ride, timeout_seconds: float) -> None:
        """Make the first attempt at a new ride's hold at once; the row's lease keeps the sweep away meanwhile."""
        await self._advance(OwedStep(ride, attempts=0), timeout_seconds)

    async def _advance(self, step: OwedStep, timeout_seconds: float) -> None:
        with self.follow(step.trace, f"saga {step.ride.payment_state.value}"):
            await self._make_step(step, timeout_seconds)

    async def _make_step(self, step: OwedStep, timeout_seconds: float) -> None:
        ride = step.ride
        try:
            outcome = await self._call(ride, timeout_seconds)
        except DomainError as error:
            if isinstance(error, _REFUSALS) and ride.payment_state is PaymentState.HOLD_PENDING:
                # No hold will ever stand under this key: for the ride that is a decline.
                outcome = PaymentOutcome(PaymentStatus.DECLINED, error.reason)
            else:
                await self._ask_again(step, error.reason)
                return
        target = _target(ride.payment_state, outcome)
        if target is None:
            await self._ask_again(step, f"payment_{outcome.status}")
            return
        await self._record(ride, target, outcome.decline_reason)

    async def _call(self, ride: Ride, timeout_seconds: float) -> PaymentOutcome:
        match ride.payment_state:
            case PaymentState.HOLD_PENDING:
                return await self.payments.place_hold(f"{ride.id}:hold", ride, timeout_seconds)
            case PaymentState.CAPTURE_PENDING if ride.driver is not None:
                lines, key = ride.terms.charge_lines(ride.owed), f"{ride.id}:capture"
                # Where goods went back, nobody took them in, and nobody paid the courier for them at the door.
                absent = ride.state is RideState.RETURNED
                return await self.payments.capture(
                    key, ride.id, ride.driver.driver_id, lines, timeout_seconds, payer_absent=absent
                )
            case PaymentState.VOID_PENDING:
                return await self.payments.void(f"{ride.id}:void", ride.id, timeout_seconds)
            case _:
                raise ValueError(f"a payment that is {ride.payment_state} owes nothing")

    async def _record(self, asked: Ride, target: PaymentState, decline_reason: str) -> None:
        async with self.store.transaction() as tx:
            ride = await tx.lock_ride(asked.id)
            if ride is None or ride.payment_state is not asked.payment_state:
                return  # another replica recorded it
            now = self.clock.now()
            if target is PaymentState.HELD:
                after = hold_placed(ride, now)
                if after.state is RideState.MATCHING:
                    await tx.tell(RideMatchingStarted(after, now))
            elif target is PaymentState.HOLD_DECLINED:
                after = hold_declined(ride, decline_reason or "card_declined", now)
                if after.state is RideState.PAYMENT_FAILED:
                    await tx.tell(RidePaymentFailed(after, now))
            else:
                after = payment_settled(ride, target)
                await tx.tell(RidePaymentSettled(after, now))
            await tx.save_ride(ride, after)

    async def _ask_again(self, step: OwedStep, error: str) -> None:
        wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(step.attempts, 16))
        until = self.clock.now() + timedelta(seconds=wait * self.jitter.uniform(0.5, 1.0))
        await self.queue.postpone(step.ride.id, step.ride.payment_state, until, error)


def _target(asked: PaymentState, outcome: PaymentOutcome) -> PaymentState | None:
    """Return where an outcome leads; None when it is not an outcome yet."""
    match asked, outcome.status:
        case PaymentState.HOLD_PENDING, PaymentStatus.HELD | PaymentStatus.EXPIRED:
            # What the PSP let go of is as good as held here: a capture makes a debt of the rider, a void nothing.
            return PaymentState.HELD
        case PaymentState.HOLD_PENDING, PaymentStatus.DECLINED | PaymentStatus.VOIDED:
            return PaymentState.HOLD_DECLINED
        case PaymentState.CAPTURE_PENDING, PaymentStatus.CAPTURED:
            return PaymentState.CAPTURED
        case PaymentState.VOID_PENDING, PaymentStatus.VOIDED | PaymentStatus.DECLINED:
            return PaymentState.VOIDED
        case _:
            return None
