"""AuditService: what the people who run the service did."""

from __future__ import annotations

from identity_service.domain.audit import AuditEntry
from identity_service.entrypoints import wire
from identity_service.entrypoints.callers import Context
from identity_service.use_cases.read_audit_log import ReadAuditLog
from ridesharing.identity.v1 import audit_service_pb2 as pb
from ridesharing.identity.v1 import audit_service_pb2_grpc
from shared_kernel.errors import FieldViolation, InvalidInput

SERVICE_NAME = "ridesharing.identity.v1.AuditService"


class AuditServicer(audit_service_pb2_grpc.AuditServiceServicer):
    """See the contract."""

    def __init__(self, log: ReadAuditLog) -> None:
        self._log = log

    async def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, context: Context
    ) -> pb.ListAuditEntriesResponse:
        entries, before = await self._log.page(
            _before(request.page_token),
            request.page_size,
            subject_id=request.subject_id,
            actor_id=request.actor_id,
            act=request.act,
        )
        return pb.ListAuditEntriesResponse(
            entries=[_entry(entry) for entry in entries], next_page_token=str(before) if before else ""
        )

    async def VerifyAuditLog(self, request: pb.VerifyAuditLogRequest, context: Context) -> pb.VerifyAuditLogResponse:
        verdict = await self._log.verify(
            request.first_sequence,
            request.entry_count,
            request.anchor_sequence,
            bytes.fromhex(request.anchor_hash),
        )
        return pb.VerifyAuditLogResponse(
            verified_count=verdict.verified_count,
            broken_sequence=verdict.broken_sequence,
            next_sequence=verdict.next_sequence,
            head_sequence=verdict.head_sequence,
            head_hash=verdict.head_hash.hex(),
            anchor_holds=verdict.anchor_holds,
        )


def _before(token: str) -> int | None:
    if not token:
        return None
    if not (token.isascii() and token.isdigit() and len(token) <= 18):
        violation = FieldViolation("page_token", "must be the next_page_token of an answer")
        raise InvalidInput("invalid_page_token", "the page token is not one that was given out", violations=[violation])
    return int(token)


def _entry(entry: AuditEntry) -> pb.AuditEntry:
    act = entry.act
    return pb.AuditEntry(
        sequence=entry.sequence,
        occur_time=wire.to_timestamp(entry.occurred_at),
        actor_id=act.actor.actor_id,
        actor_role=act.actor.role,
        act=act.act,
        subject_kind=act.subject_kind,
        subject_id=act.subject_id,
        reason=act.reason,
        details=dict(act.details or {}),
        previous_hash=entry.previous_hash.hex(),
        hash=entry.hash.hex(),
    )
