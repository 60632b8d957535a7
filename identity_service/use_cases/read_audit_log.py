"""Read the audit log, and check that it is as it was written."""

from __future__ import annotations

from collections.abc import Sequence

from identity_service.domain.audit import FIRST_HASH, AuditEntry, AuditVerdict, entry_hash
from identity_service.use_cases.ports import Store

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100
DEFAULT_RUN = 20_000
MAX_RUN = 50_000


class ReadAuditLog:
    """Pages through the log and verifies its chain."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self, before: int | None, page_size: int, *, subject_id: str, actor_id: str, act: str
    ) -> tuple[Sequence[AuditEntry], int | None]:
        """Return entries, the newest first, and before which sequence the next page begins (None on the last)."""
        size = min(page_size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
        async with self._store.transaction() as transaction:
            entries = await transaction.audit.page(before, size + 1, subject_id=subject_id, actor_id=actor_id, act=act)
        shown = entries[:size]
        return shown, shown[-1].sequence if len(entries) > size else None

    async def verify(self, first: int, count: int, anchor_sequence: int = 0, anchor_hash: bytes = b"") -> AuditVerdict:
        """Recompute the chain of at most `count` entries (0 for 20,000) from a sequence on (0 for the first)."""
        first, count = max(first, 1), min(count or DEFAULT_RUN, MAX_RUN)
        async with self._store.transaction() as transaction:
            head = await transaction.audit.head()
            before = await transaction.audit.run(first - 1, 1) if first > 1 else []
            entries = await transaction.audit.run(first, count)
            anchor = await transaction.audit.run(anchor_sequence, 1) if anchor_sequence else []
        previous = before[0].hash if before else FIRST_HASH
        good, broken = _good_part(entries, first, previous)
        if first > 1 and (not before or before[0].sequence != first - 1):
            good, broken = 0, first - 1
        last = first + good
        head_sequence = head.sequence if head else 0
        return AuditVerdict(
            verified_count=good,
            broken_sequence=broken,
            next_sequence=0 if broken or last > head_sequence else last,
            head_sequence=head_sequence,
            head_hash=head.hash if head else FIRST_HASH,
            anchor_holds=bool(anchor)
            and anchor[0].sequence == anchor_sequence
            and anchor[0].hash == anchor_hash
            and entry_hash(anchor[0].previous_hash, anchor[0].line) == anchor_hash,
        )


def _good_part(entries: Sequence[AuditEntry], first: int, previous: bytes) -> tuple[int, int]:
    """Return how many entries hold, and the sequence of the first that does not (0 if all do)."""
    for index, entry in enumerate(entries):
        expected = first + index
        holds = entry.sequence == expected and entry.previous_hash == previous
        if not holds or entry.hash != entry_hash(previous, entry.line):
            return index, expected
        previous = entry.hash
    return len(entries), 0
