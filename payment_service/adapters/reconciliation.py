"""Runs and the PSP's list in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters import psp_subjects
from payment_service.adapters.comparisons import PostgresComparisons
from payment_service.adapters.reconciliation_items import PostgresItems
from payment_service.adapters.reconciliation_tables import psp_balance_transaction as listed
from payment_service.adapters.reconciliation_tables import reconciliation_run as runs
from payment_service.domain.psp_transaction import PspTransaction, Subject, TransactionKind
from payment_service.domain.reconciliation import Phase, Run, RunStatus
from payment_service.use_cases.reconciliation_repository import Kept, MatchState
from shared_kernel.errors import NotFound
from shared_kernel.money import Money

_RUN_NAMES = [field.name for field in fields(Run)]
_SELECT_RUN = select(*(runs.c[name] for name in _RUN_NAMES))
_UNMATCHED = listed.c.state.in_((MatchState.NEW, MatchState.WAITING, MatchState.DIFFERS))


class PostgresReconciliation(PostgresItems, PostgresComparisons):
    """See `reconciliation_repository.Reconciliation`."""

    def __init__(self, connection: AsyncConnection) -> None:
        PostgresItems.__init__(self, connection)
        PostgresComparisons.__init__(self, connection)
        self._connection = connection

    async def begin(self, run: Run) -> Run:
        values = {name: getattr(run, name) for name in _RUN_NAMES}
        fresh = insert(runs).values(values).on_conflict_do_nothing().returning(runs.c.id)
        if (await self._connection.execute(fresh)).first() is not None:
            return run
        in_the_way = _SELECT_RUN.where((runs.c.status == RunStatus.RUNNING) | (runs.c.day == run.day))
        row = (await self._connection.execute(in_the_way.order_by(runs.c.id.desc()).limit(1))).first()
        if row is None:
            # It ended between the two statements.
            return await self.begin(run)
        return _run(row)

    async def last_completed(self) -> Run | None:
        statement = _SELECT_RUN.where(runs.c.status == RunStatus.COMPLETED).order_by(runs.c.id.desc()).limit(1)
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _run(row)

    async def has_run_of(self, day: date) -> bool:
        statement = select(select(runs.c.id).where(runs.c.day == day).exists())
        return bool((await self._connection.execute(statement)).scalar_one())

    async def take_run(self, now: datetime, lease_until: datetime) -> Run | None:
        mine = and_(runs.c.status == RunStatus.RUNNING, runs.c.due_at <= now)
        statement = update(runs).where(mine).values(due_at=lease_until).returning(*_SELECT_RUN.selected_columns)
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _run(row)

    async def save_run(self, run: Run) -> bool:
        values = {name: getattr(run, name) for name in _RUN_NAMES if name not in ("id", "day", "started_at", "steps")}
        mine = and_(runs.c.id == run.id, runs.c.steps == run.steps, runs.c.status == RunStatus.RUNNING)
        result = await self._connection.execute(update(runs).where(mine).values(steps=run.steps + 1, **values))
        return result.rowcount == 1

    async def take_audit(self, now: datetime, lease_until: datetime) -> UUID | None:
        latest = runs.c.day == select(func.max(runs.c.day)).scalar_subquery()
        free = or_(runs.c.audit_until.is_(None), runs.c.audit_until <= now)
        mine = and_(latest, runs.c.audited_at.is_(None), free)
        statement = update(runs).where(mine).values(audit_until=lease_until).returning(runs.c.id)
        row = (await self._connection.execute(statement)).first()
        return None if row is None else row.id

    async def audited(self, run_id: UUID, now: datetime) -> None:
        await self._connection.execute(update(runs).where(runs.c.id == run_id).values(audited_at=now))

    async def get_run(self, run_id: UUID) -> Run:
        row = (await self._connection.execute(_SELECT_RUN.where(runs.c.id == run_id))).first()
        if row is None:
            raise NotFound("run_not_found", "there is no such reconciliation run")
        return _run(row)

    async def list_runs(self, before: UUID | None, limit: int) -> Sequence[Run]:
        statement = _SELECT_RUN.order_by(runs.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(runs.c.id < before)
        return [_run(row) for row in await self._connection.execute(statement)]

    async def keep(self, transactions: Sequence[PspTransaction], now: datetime) -> Kept:
        if not transactions:
            return Kept(0, ())
        statement = insert(listed).values([_values(transaction, now) for transaction in transactions])
        fresh = statement.on_conflict_do_nothing().returning(listed.c.id)
        new = set((await self._connection.execute(fresh)).scalars())
        known = {one.id: one for one in transactions if one.id not in new}
        rows = await self._connection.execute(select(listed).where(listed.c.id.in_(known)))
        before = [_transaction(row) for row in rows]
        changed = tuple(one for one in before if (one.amount, one.fee) != (known[one.id].amount, known[one.id].fee))
        return Kept(len(new), changed)

    async def lock_unmatched(self, after: str, limit: int) -> Sequence[PspTransaction]:
        statement = select(listed).where(_UNMATCHED, listed.c.id > after).order_by(listed.c.id).limit(limit)
        rows = await self._connection.execute(statement.with_for_update(key_share=True))
        return [_transaction(row) for row in rows]

    async def subjects_of(self, transactions: Sequence[PspTransaction]) -> Mapping[str, Subject]:
        return await psp_subjects.subjects_of(self._connection, transactions)

    async def belongs(self, transaction_id: str, subject: Subject) -> None:
        statement = update(listed).where(listed.c.id == transaction_id)
        await self._connection.execute(statement.values(subject_kind=subject.kind, subject_id=subject.id))

    async def mark(self, state: MatchState, transaction_ids: Sequence[str]) -> None:
        await self._connection.execute(update(listed).where(listed.c.id.in_(transaction_ids)).values(state=state))

    async def mark_subject(self, state: MatchState, subject_id: UUID) -> int:
        theirs = and_(listed.c.subject_id == subject_id, _UNMATCHED)
        return (await self._connection.execute(update(listed).where(theirs).values(state=state))).rowcount

    async def resolve_subject(self, subject_id: UUID) -> None:
        told = and_(listed.c.subject_id == subject_id, listed.c.state == MatchState.DIFFERS)
        await self._connection.execute(update(listed).where(told).values(state=MatchState.RESOLVED))


def _run(row: Row[Any]) -> Run:
    values: dict[str, Any] = dict(row._mapping)  # pyright: ignore[reportPrivateUsage]: SQLAlchemy's documented name
    values |= {"status": RunStatus(row.status), "phase": Phase(row.phase)}
    return Run(**values)


def _values(transaction: PspTransaction, now: datetime) -> dict[str, Any]:
    return {
        "id": transaction.id,
        "kind": transaction.kind,
        "type": transaction.type,
        "amount_minor": transaction.amount.amount_minor,
        "fee_minor": transaction.fee.amount_minor,
        "currency_code": transaction.amount.currency_code,
        "source_id": transaction.source_id,
        "parent_id": transaction.parent_id,
        "created_at": transaction.created_at,
        "available_at": transaction.available_at,
        "imported_at": now,
    }


def _transaction(row: Row[Any]) -> PspTransaction:
    return PspTransaction(
        id=row.id,
        kind=TransactionKind(row.kind),
        type=row.type,
        amount=Money(row.currency_code, row.amount_minor),
        fee=Money(row.currency_code, row.fee_minor),
        source_id=row.source_id,
        parent_id=row.parent_id,
        created_at=row.created_at,
        available_at=row.available_at,
    )
