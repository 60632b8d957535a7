"""The audit log: what the people who run the service did, each entry bound to the one before it by its hash.

An entry is one line of canonical JSON (keys sorted, no spaces, UTF-8). Its hash is SHA-256 of the previous hash and
that line, so a changed, removed or inserted entry breaks every hash after it. No personal data stands in an entry: ids
do, and the words with which somebody gave a reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from identity_service.domain.actors import ActingStaff

FIRST_HASH = bytes(32)
"""What stands for the hash before the first entry."""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did, to what, and why."""

    actor: ActingStaff
    act: str
    subject_kind: str
    subject_id: str
    reason: str = ""
    details: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An act in its place of the log."""

    sequence: int
    occurred_at: datetime
    act: Act
    line: str
    previous_hash: bytes
    hash: bytes


def chained(act: Act, occurred_at: datetime, sequence: int, previous_hash: bytes) -> AuditEntry:
    """Put an act behind the entry with a hash; the first entry has the sequence 1 and `FIRST_HASH` before it."""
    line = json.dumps(
        {
            "sequence": sequence,
            "occurred_at": occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor_id": act.actor.actor_id,
            "actor_role": act.actor.role,
            "act": act.act,
            "subject_kind": act.subject_kind,
            "subject_id": act.subject_id,
            "reason": act.reason,
            "details": dict(act.details or {}),
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return AuditEntry(sequence, occurred_at, act, line, previous_hash, entry_hash(previous_hash, line))


def entry_hash(previous_hash: bytes, line: str) -> bytes:
    """Return the hash (32 bytes) of an entry's line behind another entry's hash."""
    return hashlib.sha256(previous_hash + line.encode()).digest()


def read_line(line: str) -> tuple[Act, datetime]:
    """Read an entry's line back."""
    fields = json.loads(line)
    actor = ActingStaff(fields["actor_id"], fields["actor_role"])
    act = Act(actor, fields["act"], fields["subject_kind"], fields["subject_id"], fields["reason"], fields["details"])
    return act, datetime.fromisoformat(fields["occurred_at"])


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What a check of a part of the log came to."""

    verified_count: int
    broken_sequence: int
    """The first entry that is not as it was written, or is missing; 0 if all hold."""
    next_sequence: int
    """Where to go on; 0 at the end."""
    head_sequence: int
    head_hash: bytes
    anchor_holds: bool
