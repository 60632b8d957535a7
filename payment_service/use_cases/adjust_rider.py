"""Change a rider's accounts by an operator's word: grant credit, take it back, give up a debt."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from payment_service.domain.adjustment import AdjustmentKind, RiderAdjustment
from payment_service.use_cases.answers import Adjusted
from payment_service.use_cases.mutate import Mutate, Step
from payment_service.use_cases.ports import Work
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput
from shared_kernel.ids import IdSource
from shared_kernel.money import MAX_AMOUNT_MINOR, Money

_TOO_MUCH = {
    AdjustmentKind.CREDIT_REVOKED: ("insufficient_credit", "the rider has no more than {} of credit to take back"),
    AdjustmentKind.WRITE_OFF: ("exceeds_arrears", "the rider owes no more than {} that is not being collected"),
}


@dataclass(frozen=True, slots=True)
class AdjustmentRequest:
    """What an operator asks for, of an amount above zero, and why."""

    kind: AdjustmentKind
    rider_id: UUID
    operator_id: UUID
    amount: Money
    reason: str


class AdjustRider:
    """The use case; everything happens here, so the answer is always definite."""

    def __init__(self, mutate: Mutate, clock: Clock, ids: IdSource) -> None:
        self._mutate = mutate
        self._clock = clock
        self._ids = ids

    async def __call__(self, request: RequestKey, wanted: AdjustmentRequest) -> RiderAdjustment:
        """Return what was done.

        Raises:
            InvalidInput: `invalid_amount`, also where the rider's credit would be more than one amount may be.
            Conflict: `insufficient_credit`, `exceeds_arrears`, with the amount that there is.
        """
        adjustment = RiderAdjustment(
            id=self._ids(),
            kind=wanted.kind,
            rider_id=wanted.rider_id,
            operator_id=wanted.operator_id,
            amount=wanted.amount,
            reason=wanted.reason,
            created_at=self._clock.now(),
        )

        async def begin(work: Work) -> Step:
            # One at a time: an account that nothing came to yet has no balance that could be locked.
            await work.payment_methods.lock_rider(adjustment.rider_id)
            if adjustment.kind in _TOO_MUCH:
                await _refuse_too_much(work, adjustment)
            else:
                await _refuse_more_than_can_be_told(work, adjustment)
            await work.adjustments.insert(adjustment)
            await work.ledger.post(adjustment.entry(self._ids()))
            return Adjusted(adjustment)

        answer = await self._mutate(request, begin)
        if not isinstance(answer, Adjusted):
            raise TypeError(f"an adjustment was answered with {answer}")
        return answer.adjustment


async def _refuse_too_much(work: Work, adjustment: RiderAdjustment) -> None:
    account, amount = adjustment.rider_account, adjustment.amount
    available = (await work.ledger.lock(account, currency_code=amount.currency_code))[account].available
    if available < amount:
        reason, message = _TOO_MUCH[adjustment.kind]
        metadata = {"available_minor": str(available.amount_minor), "currency_code": amount.currency_code}
        raise Conflict(reason, message.format(available), metadata=metadata)


async def _refuse_more_than_can_be_told(work: Work, adjustment: RiderAdjustment) -> None:
    account, amount = adjustment.rider_account, adjustment.amount
    standing = (await work.ledger.lock(account, currency_code=amount.currency_code))[account].amount
    if standing.amount_minor + amount.amount_minor > MAX_AMOUNT_MINOR:
        violation = FieldViolation("amount.amount_minor", f"must be at most {MAX_AMOUNT_MINOR - standing.amount_minor}")
        raise InvalidInput("invalid_amount", "the rider would have too much credit", violations=[violation])
