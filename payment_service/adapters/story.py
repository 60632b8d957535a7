"""What happened around payments, from every table that knows of them: reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.domain.statement import StoryEvent
from shared_kernel.money import Money

_COLUMNS = ("at", "subject", "subject_id", "payment_id", "kind", "state", "currency_code", "amount_minor")
# Each gives the columns above; all others are facts.
_SOURCES = (
    text(
        """
        SELECT created_at AS at, 'payment' AS subject, id::text AS subject_id, id AS payment_id,
            purpose || ' by ' || funding AS kind, status AS state, currency_code, requested_minor AS amount_minor,
            psp_payment_id AS psp_object_id, decline_reason, version::text AS version,
            captured_at
        FROM payment WHERE id = ANY(:ids)
        ORDER BY at, subject_id LIMIT :limit
        """
    ),
    text(
        """
        SELECT created_at AS at, 'operation' AS subject, id::text AS subject_id, payment_id, kind, state,
            instruction -> 'amount' ->> 'currency_code' AS currency_code,
            (instruction -> 'amount' ->> 'amount_minor')::bigint AS amount_minor,
            psp_object_id, attempt::text AS attempt, tries::text AS tries, detail,
            CASE WHEN finished_at IS NULL THEN due_at END AS due_at,
            finished_at
        FROM psp_operation WHERE payment_id = ANY(:ids)
        ORDER BY at, subject_id LIMIT :limit
        """
    ),
    text(
        """
        SELECT request.created_at AS at, 'request' AS subject, operation.id::text AS subject_id, operation.payment_id,
            request.method AS kind, CASE WHEN request.answer IS NULL THEN 'waiting' ELSE 'answered' END AS state,
            NULL AS currency_code, NULL::bigint AS amount_minor, request.principal, request.key
        FROM psp_operation AS operation JOIN request ON request.operation_id = operation.id
        WHERE operation.payment_id = ANY(:ids)
        ORDER BY at, subject_id LIMIT :limit
        """
    ),
    text(
        """
        SELECT entry.created_at AS at, 'entry' AS subject, entry.id::text AS subject_id, entry.payment_id, entry.kind,
            CASE WHEN entry.reverses IS NULL THEN 'posted' ELSE 'reversal' END AS state,
            min(posting.currency_code) AS currency_code,
            sum(posting.amount_minor) FILTER (WHERE posting.amount_minor > 0)::bigint AS amount_minor,
            string_agg(
                account.kind || CASE account.owner WHEN '' THEN '' ELSE ':' || account.owner END
                    || ' ' || to_char(posting.amount_minor, 'FMSG999999999999999990'),
                ', ' ORDER BY posting.seq
            ) AS postings, entry.reverses::text AS reverses
        FROM journal_entry AS entry JOIN posting ON posting.entry_id = entry.id
        JOIN account ON account.id = posting.account_id
        WHERE entry.payment_id = ANY(:ids)
        GROUP BY entry.id
        ORDER BY at, subject_id LIMIT :limit
        """
    ),
    text(
        """
        SELECT created_at AS at, 'psp_transaction' AS subject, id AS subject_id, subject_id AS payment_id, type AS kind,
            state, currency_code, amount_minor, fee_minor::text AS fee_minor, source_id AS psp_object_id,
            available_at
        FROM psp_balance_transaction
        WHERE subject_id = ANY(:ids)
            OR subject_id IN (SELECT id FROM refund WHERE payment_id = ANY(:ids))
            OR subject_id IN (SELECT id FROM dispute WHERE payment_id = ANY(:ids))
        ORDER BY at, subject_id LIMIT :limit
        """
    ),
    text(
        """
        SELECT created_at AS at, 'refund' AS subject, id::text AS subject_id, payment_id,
            'to ' || destination || ', borne ' || borne_by AS kind, status AS state, currency_code, amount_minor,
            reason, psp_refund_id AS psp_object_id, failure_reason, paid_at, failed_at
        FROM refund WHERE payment_id = ANY(:ids)
        ORDER BY at, subject_id LIMIT :limit
        """
    ),
    text(
        """
        SELECT created_at AS at, 'dispute' AS subject, id::text AS subject_id, payment_id, reason AS kind,
            status AS state, currency_code, amount_minor, psp_dispute_id AS psp_object_id,
            withdrawn_minor::text AS withdrawn_minor, reinstated_minor::text AS reinstated_minor,
            fee_minor::text AS fee_minor, evidence_due_at, closed_at
        FROM dispute WHERE payment_id = ANY(:ids)
        ORDER BY at, subject_id LIMIT :limit
        """
    ),
    text(
        """
        SELECT psp_event.received_at AS at, 'psp_event' AS subject, psp_event.id AS subject_id,
            payment.id AS payment_id, psp_event.type AS kind, psp_event.state, NULL AS currency_code,
            NULL::bigint AS amount_minor, psp_event.object_id AS psp_object_id, psp_event.tries::text AS tries,
            psp_event.detail
        FROM payment JOIN psp_event ON psp_event.psp_payment_id = payment.psp_payment_id
        WHERE payment.id = ANY(:ids) AND payment.psp_payment_id <> ''
        ORDER BY at, subject_id LIMIT :limit
        """
    ),
)


class PostgresStory:
    """See `books_repository.Books`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def story_of(self, payment_ids: Sequence[UUID], limit: int) -> Sequence[StoryEvent]:
        told: list[list[StoryEvent]] = []
        for source in _SOURCES:
            rows = await self._connection.execute(source, {"ids": list(payment_ids), "limit": limit})
            told.append([_event(row) for row in rows.mappings()])
        return list(merge(*told, key=_place))[:limit]


def _place(event: StoryEvent) -> datetime:
    # The PSP tells whole seconds: its part of one comes behind ours.
    return event.at + timedelta(seconds=1) if event.subject == "psp_transaction" else event.at


def _event(row: Mapping[Any, Any]) -> StoryEvent:
    amount = None
    if row["currency_code"] and row["amount_minor"] is not None:
        amount = Money(row["currency_code"], row["amount_minor"])
    facts = {name: _fact(value) for name, value in row.items() if name not in _COLUMNS and value not in (None, "")}
    return StoryEvent(
        at=row["at"],
        subject=row["subject"],
        subject_id=row["subject_id"],
        payment_id=row["payment_id"],
        kind=row["kind"],
        state=row["state"],
        amount=amount,
        facts=facts,
    )


def _fact(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
