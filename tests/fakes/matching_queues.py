"""In memory: what is owed of sagas and of edits, over the rows of a store."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from matching_service.domain.edit import EditState
from matching_service.domain.ride_states import PaymentState
from matching_service.use_cases.queue_ports import OwedEdit, OwedStep
from tests.fakes.matching_store import MemoryStore


class MemorySagaQueue:
    """The SagaQueue over the same rows."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedStep]:
        due = [
            (row.next_attempt_at, ride_id, row)
            for ride_id, row in self._store.tables.sagas.items()
            if row.next_attempt_at <= now and (row.leased_until is None or row.leased_until <= now)
        ]
        due.sort(key=lambda item: item[:2])
        for _, _, row in due[:limit]:
            row.leased_until = now + timedelta(seconds=lease_seconds)
        return [OwedStep(self._store.tables.rides[ride_id], row.attempts) for _, ride_id, row in due[:limit]]

    async def postpone(self, ride_id: UUID, state: PaymentState, until: datetime, error: str) -> None:
        row = self._store.tables.sagas.get(ride_id)
        if row is not None and self._store.tables.rides[ride_id].payment_state is state:
            row.next_attempt_at, row.leased_until, row.attempts, row.error = until, None, row.attempts + 1, error


class MemoryEditQueue:
    """The EditQueue over the same rows."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def claim(self, now: datetime, limit: int, lease_seconds: float) -> list[OwedEdit]:
        due = [
            (row.next_attempt_at, edit_id, row)
            for edit_id, row in self._store.tables.edit_timers.items()
            if row.next_attempt_at <= now and (row.leased_until is None or row.leased_until <= now)
        ]
        due.sort(key=lambda item: item[:2])
        for _, _, row in due[:limit]:
            row.leased_until = now + timedelta(seconds=lease_seconds)
        return [OwedEdit(self._store.tables.edits[edit_id], row.attempts) for _, edit_id, row in due[:limit]]

    async def postpone(self, edit_id: UUID, until: datetime, error: str) -> None:
        row = self._store.tables.edit_timers.get(edit_id)
        if row is not None and self._store.tables.edits[edit_id].state is EditState.HOLD_PENDING:
            row.next_attempt_at, row.leased_until, row.attempts, row.error = until, None, row.attempts + 1, error
