"""What the mutations share: claim the request, begin an operation in the same transaction, settle it, answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from payment_service.domain.operation import Operation
from payment_service.domain.payment import Payment
from payment_service.use_cases.answers import Answer, PaymentAnswer, Refusal
from payment_service.use_cases.carry_on import Begun, CarryOn
from payment_service.use_cases.ports import Failpoint, Store, Work
from payment_service.use_cases.repositories import Needs, RequestKey
from payment_service.use_cases.settle import Settle
from payment_service.use_cases.together import Together
from shared_kernel.clock import Clock
from shared_kernel.errors import InFlight, NotFound

_MAX_ROUNDS = 3
"""How often a mutation begins again because another operation had to be settled first."""


@dataclass(frozen=True, slots=True)
class Join:
    """Nothing to begin: an operation under way brings the answer."""

    operation_id: UUID


Step = Operation | Join | Answer
"""What a mutation's first transaction decided: send this, join that, or answer at once."""


class UnresolvedError(Exception):
    """Another operation on the payment has to be settled before this mutation may begin."""

    def __init__(self, operation_id: UUID) -> None:
        super().__init__(str(operation_id))
        self.operation_id = operation_id


class Mutate:
    """Runs mutations."""

    def __init__(self, store: Store, settle: Settle, clock: Clock, failpoint: Failpoint) -> None:
        self._store = store
        self._settle = settle
        self._clock = clock
        self._failpoint = failpoint
        self._together = Together(store, clock)
        self._carry_on = CarryOn(settle.lease_seconds)

    async def __call__(
        self,
        request: RequestKey,
        begin: Callable[[Work], Awaitable[Step]],
        *,
        ride_id: UUID | None = None,
        driver_id: UUID | None = None,
    ) -> Answer | None:
        """Answer a request: from what is stored, or by beginning it.

        A caller that goes away (deadline, cancel) does not stop what has begun: the same request finds its answer.

        Args:
            request: the caller's key.
            begin: checks, changes and writes the intent, in the transaction that claims the request.
            ride_id: whose own payment `begin` locks first; requests that name one are begun together with others.
            driver_id: whose terms `begin` applies.

        Returns:
            The answer, or None while an outcome is unknown; ask again with the same key.

        Raises:
            InFlight: `request_in_flight`, the same request is being worked on.
            Unavailable: `database_busy`, too many are being worked on.
            DomainError: what `begin` raises (then nothing was done), or a refusal by the PSP.
        """
        return await self._carry_on(lambda begun: self._run(request, begin, begun, ride_id, driver_id))

    async def drain(self, within_seconds: float) -> None:
        """Wait for requests whose callers went away."""
        await self._carry_on.drain(within_seconds)

    async def _run(
        self,
        request: RequestKey,
        begin: Callable[[Work], Awaitable[Step]],
        begun: Begun,
        ride_id: UUID | None,
        driver_id: UUID | None,
    ) -> Answer | None:
        for _ in range(_MAX_ROUNDS):
            try:
                step, repeated = await self._first_step(request, begin, begun, ride_id, driver_id)
            except UnresolvedError as other:
                _, settled = await self._settle.take_up(other.operation_id)
                if settled is None and await self._is_open(other.operation_id):
                    return None
                continue
            answer = await self._follow(request, step, repeated)
            if isinstance(answer, Refusal):
                raise answer.as_error()
            return answer
        return None

    async def _first_step(
        self,
        request: RequestKey,
        begin: Callable[[Work], Awaitable[Step]],
        begun: Begun,
        ride_id: UUID | None,
        driver_id: UUID | None,
    ) -> tuple[Step, bool]:
        async def claim_and_begin(work: Work) -> tuple[Step, bool]:
            begun()
            earlier = await work.requests.claim(request, self._clock.now())
            if earlier is not None:
                if earlier.answer is not None:
                    return earlier.answer, True
                if earlier.operation_id is None:
                    raise ValueError("a request was committed without an answer and without an operation")
                return Join(earlier.operation_id), True
            step = await begin(work)
            match step:
                case Operation():
                    await work.requests.wait_for(request, step.id)
                case Join():
                    await work.requests.wait_for(request, step.operation_id)
                case _:
                    await work.requests.answer(request, step)
            self._failpoint(f"{request.method}.claimed")
            return step, False

        if ride_id is None:
            async with self._store.transaction() as work:
                step, repeated = await claim_and_begin(work)
        else:
            step, repeated = await self._together(
                Needs(request=request, ride_id=ride_id, driver_id=driver_id), claim_and_begin
            )
        if not repeated:
            self._failpoint(f"{request.method}.begun")
        return step, repeated

    async def _follow(self, request: RequestKey, step: Step, repeated: bool) -> Answer | None:
        if isinstance(step, Operation):
            return await self._settle.run(step)
        if not isinstance(step, Join):
            return step
        taken, answer = await self._settle.take_up(step.operation_id)
        if taken:
            return answer
        async with self._store.transaction() as work:
            earlier = await work.requests.claim(request, self._clock.now())
            if earlier is None:
                # It was refused and forgotten meanwhile. Not claimed again: the next ask begins it.
                raise InFlight("request_in_flight", "the outcome is not known yet: ask again", retry_after_seconds=1.0)
        if earlier.answer is not None:
            return earlier.answer
        if repeated:
            raise InFlight("request_in_flight", "the same request is being worked on", retry_after_seconds=1.0)
        return None

    async def _is_open(self, operation_id: UUID) -> bool:
        async with self._store.transaction() as work:
            return not (await work.operations.get(operation_id)).state.is_finished


async def payment_after(store: Store, request: RequestKey, answer: Answer | None, ride_id: UUID) -> Payment:
    """Return the payment an answer tells; for an outcome not known yet, the payment as it stands now, if it is pending.

    Raises:
        InFlight: `request_in_flight`, nothing is known of the request, and the payment reads as if all were.
        DomainError: the refusal that has come meanwhile.
    """
    if isinstance(answer, PaymentAnswer):
        return answer.payment
    async with store.transaction() as work:
        payment = await work.payments.get_of_ride(ride_id)
        if payment is None:
            raise NotFound("payment_not_found", "there is no payment for this ride")
        if payment.status.is_pending:
            return payment
        # What was under way has ended just now, and its answer was stored together with the payment's new state.
        operation_id = await work.requests.operation_of(request)
        brought = None if operation_id is None else await work.requests.answer_of(operation_id)
    match brought:
        case PaymentAnswer():
            return brought.payment
        case Refusal():
            raise brought.as_error()
        case _:
            # What was asked for has not begun: to tell the payment as it stands would look like its answer.
            raise InFlight("request_in_flight", "the outcome is not known yet: ask again", retry_after_seconds=1.0)
