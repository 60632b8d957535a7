"""The service, broken on purpose in five ways that cost money. Each must be noticed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, cast
from unittest.mock import patch
from uuid import UUID, uuid4

from payment_service.adapters.requests import PostgresRequests
from payment_service.adapters.stripe_psp import StripePsp
from payment_service.domain import payment
from payment_service.domain.operation import Operation
from payment_service.domain.orders import CaptureOrder, HoldOrder, VoidOrder
from payment_service.use_cases import capture_payment
from payment_service.use_cases.answers import Answer
from payment_service.use_cases.conclude import Conclude
from payment_service.use_cases.outcomes import Declined, Outcome, Unknown
from payment_service.use_cases.repositories import EarlierRequest, RequestKey
from payment_service.use_cases.settle import Settle
from tests.proof.stage import Stage


@contextlib.contextmanager
def no_key_check(stage: Stage) -> Generator[None]:
    """Whatever came before with a key, the request counts as new."""
    claim = PostgresRequests.claim

    async def forgetful(self: PostgresRequests, request: RequestKey, now: datetime) -> EarlierRequest | None:
        anew = RequestKey(request.principal, request.method, f"{uuid4()}", request.fingerprint)
        object.__setattr__(request, "key", anew.key)
        return await claim(self, anew, now)

    with patch.object(PostgresRequests, "claim", forgetful):
        yield


@contextlib.contextmanager
def fresh_key_on_retry(stage: Stage) -> Generator[None]:
    """Every sending to the PSP has a key of its own."""
    with patch.object(Operation, "psp_key", property(lambda operation: f"{operation.id}:{uuid4()}")):
        yield


@contextlib.contextmanager
def no_state_guard(stage: Stage) -> Generator[None]:
    """A payment may become anything, here and by the database."""
    every = (
        "INSERT INTO payment_transition SELECT DISTINCT one.previous, other.status "
        "FROM payment_transition AS one, payment_transition AS other ON CONFLICT DO NOTHING"
    )
    stage.run(stage.records.execute(every))
    with patch.object(payment, "refuse_move", _pass), patch.object(capture_payment, "refuse_move", _pass):
        yield


@contextlib.contextmanager
def void_on_time_out(stage: Stage) -> Generator[None]:
    """What is not answered counts as failed, and a hold is released after it."""
    authorize, capture = StripePsp.authorize, StripePsp.capture

    async def hasty_authorize(self: StripePsp, key: str, operation_id: UUID, order: HoldOrder) -> Outcome:
        outcome = await authorize(self, key, operation_id, order)
        return Declined("time_out") if isinstance(outcome, Unknown) else outcome

    async def hasty_capture(self: StripePsp, key: str, operation_id: UUID, order: CaptureOrder) -> Outcome:
        outcome = await capture(self, key, operation_id, order)
        if not isinstance(outcome, Unknown):
            return outcome
        await self.void(f"{key}:void", VoidOrder(order.psp_payment_id))
        return Declined("time_out")

    with (
        patch.object(StripePsp, "authorize", hasty_authorize),
        patch.object(StripePsp, "capture", hasty_capture),
    ):
        yield


@contextlib.contextmanager
def answer_before_commit(stage: Stage) -> Generator[None]:
    """The caller is answered as soon as the answer is known, before the transaction that records it commits."""
    told: dict[UUID, asyncio.Future[Answer]] = {}
    conclude, run = Conclude.__call__, cast("Any", Settle)._run

    async def telling(self: Conclude, work: Any, operation: Operation, outcome: Any) -> Answer:
        answer = await conclude(self, work, operation, outcome)
        waiting = told.pop(operation.id, None)
        if waiting is not None:
            waiting.set_result(answer)
        return answer

    async def hasty(self: Settle, operation: Operation) -> Answer | None:
        answer = told[operation.id] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(run(self, operation))
        await asyncio.wait({task, answer}, return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else task.result()

    with patch.object(Conclude, "__call__", telling), patch.object(Settle, "_run", hasty):
        yield


def _pass(previous: str, status: str) -> None:
    del previous, status


VARIANTS: dict[str, Callable[[Stage], AbstractContextManager[None]]] = {
    variant.__name__: variant
    for variant in (no_key_check, fresh_key_on_retry, no_state_guard, void_on_time_out, answer_before_commit)
}
