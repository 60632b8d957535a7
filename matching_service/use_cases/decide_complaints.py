"""Decide a complaint: give money back by payment_service, with one key a decision, or say no and why.

The decision is kept before payment_service is asked. What does not answer definitely is asked again with the same key;
a refusal opens the complaint again, for another decision.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from matching_service.domain.complaint import (
    Complaint,
    ComplaintState,
    RefundDecision,
    complaint_not_found,
)
from matching_service.domain.events import ComplaintDecided
from matching_service.use_cases.advance_saga import (
    CALL_SECONDS,
    FIRST_WAIT_SECONDS,
    LEASE_SECONDS,
    LONGEST_WAIT_SECONDS,
    MAX_CONCURRENT_CALLS,
)
from matching_service.use_cases.complaint_ports import (
    ComplaintReader,
    ComplaintStore,
    ComplaintTransaction,
    OwedRefund,
    RefundOutcome,
    RefundQueue,
    Refunds,
    RefundStatus,
)
from matching_service.use_cases.store_ports import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, DomainError, InvalidInput, NotFound

NOW_SECONDS = 3.0
"""How long the operator waits for the refund's outcome; the sweep goes on after that."""
_BUSY = "payment_busy"


@dataclass(frozen=True, slots=True)
class AdvanceRefunds:
    """Asks payment_service for refunds that are owed and records their outcomes; every replica may run it at once."""

    store: ComplaintStore
    queue: RefundQueue
    refunds: Refunds
    clock: Clock
    jitter: random.Random
    call_seconds: float = CALL_SECONDS

    async def __call__(self, limit: int = 64) -> int:
        """Make at most `limit` due refunds, some at a time; return how many were due."""
        owed = await self.queue.claim(self.clock.now(), limit, LEASE_SECONDS)
        gate = asyncio.Semaphore(MAX_CONCURRENT_CALLS)

        async def within_gate(step: OwedRefund) -> None:
            async with gate:
                await self._advance(step, self.call_seconds)

        outcomes = await asyncio.gather(*map(within_gate, owed), return_exceptions=True)
        for failure in filter(None, outcomes):
            raise failure
        return len(owed)

    async def refund_now(self, complaint: Complaint, timeout_seconds: float) -> None:
        """Make the first attempt at once; the row's lease keeps the sweep away meanwhile."""
        await self._advance(OwedRefund(complaint, attempts=0), timeout_seconds)

    async def _advance(self, step: OwedRefund, timeout_seconds: float) -> None:
        complaint = step.complaint
        if complaint.refund is None:
            raise ValueError("a complaint without a decision owes no refund")
        outcome: RefundOutcome | None = None
        refusal = ""
        reason = f"complaint {complaint.id}: {complaint.reason}"
        try:
            outcome = await self.refunds.refund(
                complaint.refund_key, complaint.ride_id, complaint.refund, reason, timeout_seconds
            )
            if outcome.status is RefundStatus.FAILED:
                refusal = outcome.failure_reason or "refund_failed"
        except (InvalidInput, NotFound, Conflict) as error:
            if error.reason == _BUSY:
                await self._ask_again(step, error.reason)
                return
            refusal = error.reason
        except DomainError as error:
            await self._ask_again(step, error.reason)
            return
        await self._record(complaint, outcome, refusal)

    async def _record(self, asked: Complaint, outcome: RefundOutcome | None, refusal: str) -> None:
        async with self.store.transaction() as tx:
            ride = await tx.lock_ride(asked.ride_id)
            complaint = await tx.complaints.lock(asked.id)
            if ride is None or complaint is None or complaint.version != asked.version:
                return  # another replica recorded it
            if refusal or outcome is None:
                # Nobody is told: the operator decides again.
                await tx.complaints.save(complaint.refund_refused(refusal))
                return
            refunded = complaint.refunded(outcome.refund_id, self.clock.now())
            await tx.complaints.save(refunded)
            await tx.tell(ComplaintDecided(ride, self.clock.now(), refunded))

    async def _ask_again(self, step: OwedRefund, error: str) -> None:
        wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(step.attempts, 16))
        until = self.clock.now() + timedelta(seconds=wait * self.jitter.uniform(0.5, 1.0))
        await self.queue.postpone(step.complaint.id, until, error)


@dataclass(frozen=True, slots=True)
class DecideComplaint:
    """RefundComplaint and RejectComplaint."""

    store: ComplaintStore
    reader: ComplaintReader
    advance: AdvanceRefunds
    clock: Clock
    now_seconds: float = NOW_SECONDS

    async def refund(
        self, request_id: str, operator_id: UUID, complaint_id: UUID, decision: RefundDecision, answer: str
    ) -> Complaint:
        """Give money back. Returns REFUNDED, or REFUND_PENDING while the outcome is not known.

        Raises:
            NotFound: `complaint_not_found`.
            Conflict: `complaint_decided`, or `refund_refused` (the complaint is open again; why is in the metadata).
                The same key raises the same refusal again, until there is another decision.
        """
        amount = "" if decision.amount is None else f"{decision.amount.currency_code} {decision.amount.amount_minor}"
        fields = (str(complaint_id), amount, decision.borne_by.value, answer)
        request = RequestKey(operator_id, "RefundComplaint", request_id, fields)
        async with self.store.transaction() as tx:
            first = await tx.claim(request) is None
            complaint = await _locked(tx, complaint_id)
            if first:
                complaint = complaint.refunding(operator_id, decision, answer)
                await tx.complaints.save(complaint)
                await tx.complete(complaint_id.bytes)
        if first:
            # Without a transaction: the call may take its time, and its outcome may stay unknown.
            await self.advance.refund_now(complaint, self.now_seconds)
            complaint = await self.reader.get(complaint_id) or complaint
        if complaint.state is ComplaintState.OPEN and complaint.refusal:
            raise Conflict(
                "refund_refused",
                f"the refund was refused: {complaint.refusal}",
                metadata={"refusal_reason": complaint.refusal},
            )
        return complaint

    async def reject(self, request_id: str, operator_id: UUID, complaint_id: UUID, answer: str) -> Complaint:
        """Say no. Raises NotFound `complaint_not_found`, Conflict `complaint_decided`."""
        request = RequestKey(operator_id, "RejectComplaint", request_id, (str(complaint_id), answer))
        found = await self.reader.get(complaint_id)
        async with self.store.transaction() as tx:
            first = await tx.claim(request) is None
            # A complaint is of the same ride for good; the ride is locked before it.
            ride = None if found is None else await tx.lock_ride(found.ride_id)
            complaint = await _locked(tx, complaint_id)
            if first:
                complaint = complaint.rejected(operator_id, answer, self.clock.now())
                await tx.complaints.save(complaint)
                if ride is not None:
                    await tx.tell(ComplaintDecided(ride, self.clock.now(), complaint))
                await tx.complete(complaint_id.bytes)
        return complaint


async def _locked(tx: ComplaintTransaction, complaint_id: UUID) -> Complaint:
    complaint = await tx.complaints.lock(complaint_id)
    if complaint is None:
        raise complaint_not_found()
    return complaint
