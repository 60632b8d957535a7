"""Settle an operation: call the PSP with no transaction held, then write down in one transaction what came of it.

Used by the mutations right after their intent is committed, by a repeated request, and by the sweep.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from payment_service.domain.operation import Operation, may_send, retry_after_seconds
from payment_service.domain.orders import CardOrder, HoldOrder
from payment_service.domain.payout_orders import AddBankOrder
from payment_service.use_cases.answers import Answer
from payment_service.use_cases.conclude import Conclude
from payment_service.use_cases.outcomes import Declined, NotSent, Outcome, Pending, Unknown
from payment_service.use_cases.ports import Failpoint, PaymentServiceProvider, Store, Work
from payment_service.use_cases.repositories import Needs
from payment_service.use_cases.send import send
from payment_service.use_cases.subjects import lock_subject
from payment_service.use_cases.together import Together
from shared_kernel.clock import Clock

_log = logging.getLogger(__name__)


class Settle:
    """Carries operations to their end."""

    def __init__(
        self,
        store: Store,
        psp: PaymentServiceProvider,
        conclude: Conclude,
        clock: Clock,
        failpoint: Failpoint,
        *,
        psp_timeout_seconds: float,
        lease_seconds: float,
    ) -> None:
        """Make it.

        Args:
            store: where operations are kept.
            psp: who is called.
            conclude: what a definite outcome does.
            clock: tells the time.
            failpoint: told of every step.
            psp_timeout_seconds: bound of all calls for one try; below the callers' deadlines.
            lease_seconds: after which another process takes a try for dead; well above the bound.
        """
        self._store = store
        self._psp = psp
        self._conclude = conclude
        self._clock = clock
        self._failpoint = failpoint
        self._psp_timeout_seconds = psp_timeout_seconds
        self.lease_seconds = lease_seconds
        self._together = Together(store, clock)
        self._running: set[asyncio.Task[Answer | None]] = set()
        self.answered_at: datetime | None = None
        """When the PSP last told this process anything for certain."""
        self.unanswered_at: datetime | None = None
        """When it last told nothing, or nothing for certain."""

    async def run(self, operation: Operation) -> Answer | None:
        """Send a leased operation and conclude it; return its answer, or None while its outcome is unknown.

        A caller that goes away (deadline, cancel) does not stop it: what was sent is to be written down.
        """
        task = asyncio.create_task(self._run(operation))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def take_up(self, operation_id: UUID) -> tuple[bool, Answer | None]:
        """Settle an unfinished operation that nobody holds. Returns whether it was ours to take, and its answer."""
        now = self._clock.now()
        async with self._store.transaction() as work:
            operation = await work.operations.take(operation_id, now, now + timedelta(seconds=self.lease_seconds))
        if operation is None:
            return False, None
        return True, await self.run(operation)

    async def drain(self) -> None:
        """Wait for what is being sent; each has the bound of one try and one transaction."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=self.lease_seconds)

    def _ended(self, task: asyncio.Task[Answer | None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            # Whoever waits is told as well, but a caller that went away waits no more.
            _log.warning("an operation was left to its lease", exc_info=task.exception())

    async def _run(self, operation: Operation) -> Answer | None:
        kind = operation.order.kind
        self._failpoint(f"{kind}.intended")
        outcome = await self._ask(operation)
        self._failpoint(f"{kind}.asked")
        if not isinstance(outcome, Unknown | NotSent):
            self.answered_at = self._clock.now()
        else:
            self.unanswered_at = self._clock.now()
            _log.warning(
                "the outcome of an operation is not known yet",
                extra={"operation_id": str(operation.id), "kind": kind, "detail": outcome.detail},
            )

        async def record(work: Work) -> Answer | None:
            await lock_subject(work, operation)
            current = await work.operations.lock(operation.id)
            if current.state.is_finished:
                # Somebody who took it over was quicker; the PSP told both the same.
                return await work.requests.answer_of(current.id)
            answer = None
            if not isinstance(outcome, Unknown | NotSent | Pending):
                answer = await self._conclude(work, current, outcome)
            elif current.tries == operation.tries:
                await self._rest(work, current, outcome)
            self._failpoint(f"{kind}.concluded")
            return answer

        if operation.payment_id is None:
            async with self._store.transaction() as work:
                answer = await record(work)
        else:
            needs = Needs(payment_id=operation.payment_id, operation_id=operation.id)
            answer = await self._together(needs, record)
        self._failpoint(f"{kind}.recorded")
        return answer

    async def _rest(self, work: Work, operation: Operation, outcome: Unknown | NotSent | Pending) -> None:
        now = self._clock.now()
        detail = "pending"
        if isinstance(outcome, Pending):
            operation = replace(operation, psp_object_id=outcome.psp_object_id)
        else:
            detail = outcome.detail
            if isinstance(outcome, Unknown) and outcome.key_is_spent:
                operation = operation.with_new_key(now)
        wait = timedelta(seconds=retry_after_seconds(operation.tries))
        await work.operations.rest(operation, now + wait, detail)

    async def _ask(self, operation: Operation) -> Outcome:
        try:
            async with asyncio.timeout(self._psp_timeout_seconds):
                leaves_a_trace = not isinstance(operation.order, CardOrder | AddBankOrder)
                if operation.psp_object_id:
                    return await self._psp.look_up(operation) or Unknown("not_found")
                if not may_send(operation, self._clock.now()):
                    seen = await self._psp.look_up(operation) if leaves_a_trace else None
                    return seen or _after_a_day(operation)
                outcome = await send(self._psp, self._store, operation)
                if isinstance(outcome, Unknown) and outcome.key_is_spent and leaves_a_trace:
                    # The key is spent on a failure that proves nothing: only a look tells what was done.
                    return await self._psp.look_up(operation) or outcome
                return outcome
        except TimeoutError:
            return Unknown("time_out")


def _after_a_day(operation: Operation) -> Outcome:
    # The PSP has forgotten the key and shows no effect: nothing of it can happen any more.
    if isinstance(operation.order, HoldOrder):
        # Nobody waits for this car any longer.
        return Declined("abandoned")
    # To attach, set up or detach a card twice is to do it once; the others have been looked for.
    return Unknown("no_effect", key_is_spent=True)
