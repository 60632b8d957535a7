"""Edits under way: the hold is raised with one key an edit until its outcome is known; drivers' time runs out.

The ride stays as it is until the hold stands on the new fare: a decline refuses the edit, and the trip goes on to where
it was going. A time-out says nothing; the edit stays owed and is asked for again with the same key. When the ride ends
meanwhile the edit lapses, and the capture takes what is owed from a hold that may stand on more. So it does when a
driver who came meanwhile, and must be asked for a much longer trip, does not agree.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta

from matching_service.domain.edit import EditState, RideEdit
from matching_service.domain.ride_payment import hold_raised
from matching_service.use_cases.advance_saga import (
    CALL_SECONDS,
    FIRST_WAIT_SECONDS,
    LEASE_SECONDS,
    LONGEST_WAIT_SECONDS,
    MAX_CONCURRENT_CALLS,
)
from matching_service.use_cases.apply_edit import agree_to_edit, close_edit
from matching_service.use_cases.edit_policies import EditPolicies
from matching_service.use_cases.queue_ports import EditQueue, OwedEdit
from matching_service.use_cases.service_ports import Payments, PaymentStatus
from matching_service.use_cases.store_ports import Store
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, DomainError, InvalidInput, NotFound
from shared_kernel.origins import Follow, follow_nothing


@dataclass(frozen=True, slots=True)
class AdvanceEdits:
    """A sweep; every replica may run it at once."""

    store: Store
    queue: EditQueue
    payments: Payments
    policies: EditPolicies
    clock: Clock
    jitter: random.Random
    call_seconds: float = CALL_SECONDS
    follow: Follow = follow_nothing

    async def __call__(self, limit: int = 64) -> int:
        """Take at most `limit` due edits on, some at a time; return how many were due."""
        owed = await self.queue.claim(self.clock.now(), limit, LEASE_SECONDS)
        gate = asyncio.Semaphore(MAX_CONCURRENT_CALLS)

        async def within_gate(step: OwedEdit) -> None:
            async with gate:
                if step.edit.state is EditState.AWAITING_DRIVER:
                    await self._close_unanswered(step.edit)
                else:
                    with self.follow(step.trace, "edit hold_pending"):
                        await self._raise_hold(step, self.call_seconds)

        outcomes = await asyncio.gather(*map(within_gate, owed), return_exceptions=True)
        for failure in filter(None, outcomes):
            raise failure
        return len(owed)

    async def raise_now(self, edit: RideEdit, timeout_seconds: float) -> None:
        """Make the first attempt at once; the row's lease keeps the sweep away meanwhile."""
        await self._raise_hold(OwedEdit(edit, attempts=0), timeout_seconds)

    async def _close_unanswered(self, seen: RideEdit) -> None:
        async with self.store.transaction() as tx:
            ride = await tx.lock_ride(seen.ride_id)
            edit = await tx.lock_edit(seen.ride_id, seen.id)
            now = self.clock.now()
            if ride is None or edit is None or edit.state is not EditState.AWAITING_DRIVER:
                return
            if edit.answer_until is not None and now >= edit.answer_until:
                await close_edit(tx, ride, edit.lapsed("driver_did_not_answer", now), now)

    async def _raise_hold(self, step: OwedEdit, timeout_seconds: float) -> None:
        edit = step.edit
        refusal = ""
        try:
            total = edit.plan.fare.total
            outcome = await self.payments.increment(f"{edit.id}:increment", edit.ride_id, total, timeout_seconds)
            if outcome.status is not PaymentStatus.HELD:
                await self._ask_again(step, f"payment_{outcome.status}")
                return
        except InvalidInput as error:
            # As much is held already: by an edit that lapsed before the outcome of its own was known.
            refusal = "" if error.reason == "invalid_amount" else error.reason
        except (NotFound, Conflict) as error:
            refusal = error.reason
        except DomainError as error:
            await self._ask_again(step, error.reason)
            return
        await self._record(edit, refusal)

    async def _record(self, asked: RideEdit, refusal: str) -> None:
        try:
            await self._judge(asked, refusal)
        except Conflict as error:
            if error.reason != "schedule_overlap":
                raise
            # The edited ride would reach into another one of its rider's, which the hold did not ask about. Asked for
            # again and again it would still, and nothing else of the ride could be edited meanwhile.
            await self._judge(asked, error.reason)

    async def _judge(self, asked: RideEdit, refusal: str) -> None:
        policy = await self.policies.of(asked.ride_id)
        async with self.store.transaction() as tx:
            ride = await tx.lock_ride(asked.ride_id)
            edit = await tx.lock_edit(asked.ride_id, asked.id)
            if ride is None or edit is None or edit.state is not EditState.HOLD_PENDING:
                return  # another replica recorded it
            now = self.clock.now()
            if refusal:
                await close_edit(tx, ride, edit.refused(refusal, now), now)
                return
            raised = hold_raised(ride, edit.plan.fare.total)
            await tx.save_ride(ride, raised)
            await agree_to_edit(tx, raised, edit, policy, now)

    async def _ask_again(self, step: OwedEdit, error: str) -> None:
        wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(step.attempts, 16))
        until = self.clock.now() + timedelta(seconds=wait * self.jitter.uniform(0.5, 1.0))
        await self.queue.postpone(step.edit.id, until, error)
