"""Answer a dispute: hand in evidence, or give it up."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from payment_service.domain.dispute import Dispute, LossBorneBy
from payment_service.domain.operation import Operation
from payment_service.domain.orders import AcceptDisputeOrder, EvidenceOrder
from payment_service.use_cases.dispute_effects import driver_of
from payment_service.use_cases.mutate import Mutate, Step, UnresolvedError
from payment_service.use_cases.ports import Store, Work
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.settle import Settle
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, FieldViolation, InvalidInput, NotFound, Unknown
from shared_kernel.ids import IdSource

MAX_EVIDENCE_LENGTH = 150_000
"""Characters of all texts together: the PSP's bound."""


class AnswerDispute:
    """Both use cases."""

    def __init__(self, store: Store, mutate: Mutate, settle: Settle, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._mutate = mutate
        self._settle = settle
        self._clock = clock
        self._ids = ids

    async def submit_evidence(self, request: RequestKey, dispute_id: UUID, evidence: dict[str, str]) -> Dispute:
        """Hand in evidence, once; the bank decides by it.

        Raises:
            NotFound: `dispute_not_found`.
            InvalidInput: `invalid_evidence`, there is none or too much.
            Conflict: `dispute_closed`, `evidence_refused`.
            Unknown: `outcome_unknown`, the PSP did not answer; the same request with the same key will tell.
        """
        length = sum(len(text) for text in evidence.values())
        if not 0 < length <= MAX_EVIDENCE_LENGTH:
            violation = FieldViolation("evidence", f"must be 1 to {MAX_EVIDENCE_LENGTH} characters together")
            raise InvalidInput("invalid_evidence", "there is no evidence, or too much", violations=[violation])
        return await self._run(
            request, dispute_id, None, lambda dispute: EvidenceOrder(dispute.id, dispute.psp_dispute_id, evidence)
        )

    async def accept(self, request: RequestKey, dispute_id: UUID, borne_by: LossBorneBy | None) -> Dispute:
        """Give a dispute up: it is lost, and `borne_by` (as it stands where None) bears it.

        Raises:
            NotFound: `dispute_not_found`.
            InvalidInput: `invalid_borne_by`, no driver earned by the payment.
            Conflict: `dispute_closed`, the dispute is decided or the PSP refused; whoever bore the loss still does.
            Unknown: as above.
        """
        return await self._run(
            request,
            dispute_id,
            borne_by,
            lambda dispute: AcceptDisputeOrder(dispute.id, dispute.psp_dispute_id, borne_by),
        )

    async def _run(
        self,
        request: RequestKey,
        dispute_id: UUID,
        borne_by: LossBorneBy | None,
        order_of: Callable[[Dispute], EvidenceOrder | AcceptDisputeOrder],
    ) -> Dispute:
        async def begin(work: Work) -> Step:
            found = await work.disputes.get(dispute_id)
            if found is None:
                raise NotFound("dispute_not_found", "there is no such dispute")
            payment = await work.payments.lock(found.payment_id)
            other = await work.operations.open_of(payment.id)
            if other is not None:
                raise UnresolvedError(other.id)
            dispute = await work.disputes.lock(dispute_id)
            if dispute is None or dispute.status.is_over:
                raise Conflict("dispute_closed", "the dispute is decided")
            if (
                borne_by is LossBorneBy.DRIVER
                and dispute.borne_by is not LossBorneBy.DRIVER
                and await driver_of(work, payment) is None
            ):
                violation = FieldViolation("borne_by", "no driver earned by this payment")
                raise InvalidInput("invalid_borne_by", "there is no driver to bear it", violations=[violation])
            operation = Operation.begin(
                self._ids(),
                order_of(dispute),
                self._clock.now(),
                self._settle.lease_seconds,
                rider_id=payment.rider_id,
                payment_id=payment.id,
            )
            await work.operations.insert(operation)
            return operation

        if await self._mutate(request, begin) is None:
            raise Unknown("outcome_unknown", "the PSP has not answered yet", retry_after_seconds=1.0)
        async with self._store.snapshot() as work:
            dispute = await work.disputes.get(dispute_id)
        if dispute is None:
            raise NotFound("dispute_not_found", "there is no such dispute")
        return dispute
