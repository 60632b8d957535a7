"""One-time codes in Postgres: what each phone has used of its limits, open challenges, and codes still owed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.ciphers import PhoneVault
from identity_service.adapters.sign_in_tables import otp_allowances, otp_budgets, otp_challenges
from identity_service.domain.code_budgets import Charge
from identity_service.domain.one_time_codes import Allowance, Challenge, OwedCode, resend_delay

_log = logging.getLogger(__name__)

_FORGOTTEN: dict[str, Any] = {"owed_sealed": None, "next_send_at": None}


class PostgresChallenges:
    """Challenges as one transaction sees them."""

    def __init__(self, connection: AsyncConnection, vault: PhoneVault) -> None:
        self._connection = connection
        self._vault = vault

    async def lock_allowance(self, phone_number: str, now: datetime) -> Allowance:
        """Return a phone's allowance, locked."""
        fresh, index = Allowance.fresh(now), self._vault.index(phone_number)
        statement = upsert(otp_allowances).values(
            phone_index=index,
            next_request_at=fresh.next_request_at,
            hour_started_at=fresh.hour_started_at,
            hour_count=fresh.hour_count,
        )
        # An update that changes nothing locks the row and returns it, whoever made it.
        locked = statement.on_conflict_do_update(
            index_elements=[otp_allowances.c.phone_index], set_={"phone_index": statement.excluded.phone_index}
        ).returning(otp_allowances)
        row = (await self._connection.execute(locked)).one()
        return Allowance(row.next_request_at, row.hour_started_at, row.hour_count)

    async def save_allowance(self, phone_number: str, allowance: Allowance) -> None:
        """Write what a phone has used."""
        await self._connection.execute(
            update(otp_allowances)
            .where(otp_allowances.c.phone_index == self._vault.index(phone_number))
            .values(
                next_request_at=allowance.next_request_at,
                hour_started_at=allowance.hour_started_at,
                hour_count=allowance.hour_count,
            )
        )

    async def count_since(self, since: datetime, at_most: int) -> int:
        """Count challenges made since a time, up to a bound."""
        recent = select(otp_challenges.c.challenge_id).where(otp_challenges.c.created_at > since).limit(at_most)
        return int(await self._connection.scalar(select(func.count()).select_from(recent.subquery())) or 0)

    async def find_request(self, phone_number: str, request_id: str) -> Challenge | None:
        """Return the challenge that a request made."""
        query = select(otp_challenges).where(
            otp_challenges.c.phone_index == self._vault.index(phone_number), otp_challenges.c.request_id == request_id
        )
        row = (await self._connection.execute(query)).first()
        return _challenge(row) if row else None

    async def charge(self, charges: Sequence[Charge], now: datetime) -> datetime | None:
        """Take charges out of their budgets; when the first that is used up begins anew, None if none is."""
        for charge in charges:
            statement = upsert(otp_budgets).values(
                kind=charge.kind.value, key_digest=self._budget_key(charge), window_started_at=now, used=charge.amount
            )
            over = otp_budgets.c.window_started_at <= now - charge.window
            more = otp_budgets.c.used + statement.excluded.used
            taken = statement.on_conflict_do_update(
                index_elements=[otp_budgets.c.kind, otp_budgets.c.key_digest],
                set_={
                    "used": case((over, statement.excluded.used), else_=more),
                    "window_started_at": case((over, now), else_=otp_budgets.c.window_started_at),
                },
            ).returning(otp_budgets.c.used, otp_budgets.c.window_started_at)
            row = (await self._connection.execute(taken)).one()
            if row.used > charge.limit:
                _log.warning("a budget of one-time codes is used up", extra={"budget": charge.kind.value})
                return row.window_started_at + charge.window
        return None

    async def used_up(self, charge: Charge, now: datetime) -> datetime | None:
        """Return when a budget without room for a charge begins anew."""
        query = select(otp_budgets.c.used, otp_budgets.c.window_started_at).where(
            otp_budgets.c.kind == charge.kind.value, otp_budgets.c.key_digest == self._budget_key(charge)
        )
        row = (await self._connection.execute(query)).first()
        if row is None or row.window_started_at <= now - charge.window or row.used + charge.amount <= charge.limit:
            return None
        return row.window_started_at + charge.window

    def _budget_key(self, charge: Charge) -> bytes:
        return self._vault.budget_key(charge.kind.value, charge.key)

    async def replace(self, challenge: Challenge, owed: OwedCode, next_send_at: datetime) -> None:
        """Add a challenge with its code owed; the phone's open one closes and what it owed is forgotten."""
        index = self._vault.index(owed.subject or owed.target)
        open_one = (otp_challenges.c.phone_index == index) & otp_challenges.c.closed_at.is_(None)
        await self._connection.execute(
            update(otp_challenges).where(open_one).values(closed_at=challenge.created_at, **_FORGOTTEN)
        )
        await self._connection.execute(
            insert(otp_challenges).values(
                challenge_id=challenge.challenge_id,
                phone_index=index,
                request_id=challenge.request_id,
                locale=challenge.locale,
                code_digest=challenge.code_digest,
                created_at=challenge.created_at,
                expires_at=challenge.expires_at,
                next_request_at=challenge.next_request_at,
                tries=challenge.tries,
                owed_sealed=self._vault.seal_owed(challenge.challenge_id, owed.target, owed.code),
                next_send_at=next_send_at,
                send_attempts=1,
            )
        )

    async def lock_open(self, phone_number: str) -> Challenge | None:
        """Return a phone's open challenge, locked."""
        query = select(otp_challenges).where(
            otp_challenges.c.phone_index == self._vault.index(phone_number), otp_challenges.c.closed_at.is_(None)
        )
        row = (await self._connection.execute(query.with_for_update())).first()
        return _challenge(row) if row else None

    async def save(self, challenge: Challenge) -> None:
        """Write the guesses; a closed challenge owes nothing any more."""
        forgotten = _FORGOTTEN if challenge.closed_at else {}
        await self._connection.execute(
            update(otp_challenges)
            .where(otp_challenges.c.challenge_id == challenge.challenge_id)
            .values(tries=challenge.tries, closed_at=challenge.closed_at, **forgotten)
        )

    async def claim_owed(self, now: datetime, at_most: int) -> Sequence[OwedCode]:
        """Take owed codes whose turn it is and set each one's next turn."""
        due = (
            select(otp_challenges)
            .where(otp_challenges.c.next_send_at <= now, otp_challenges.c.expires_at > now)
            .order_by(otp_challenges.c.next_send_at)
            .limit(at_most)
            .with_for_update(skip_locked=True)
        )
        rows = (await self._connection.execute(due)).all()
        for row in rows:
            attempts = row.send_attempts + 1
            await self._connection.execute(
                update(otp_challenges)
                .where(otp_challenges.c.challenge_id == row.challenge_id)
                .values(send_attempts=attempts, next_send_at=now + resend_delay(attempts))
            )
        return [
            OwedCode(
                row.challenge_id,
                *self._vault.open_owed(row.challenge_id, row.owed_sealed),
                locale=row.locale,
                expires_at=row.expires_at,
            )
            for row in rows
        ]

    async def handed_over(self, challenge_id: UUID) -> None:
        """Forget the code and the number."""
        await self._connection.execute(
            update(otp_challenges).where(otp_challenges.c.challenge_id == challenge_id).values(**_FORGOTTEN)
        )

    async def forget_expired(self, now: datetime) -> int:
        """Forget owed codes that can no longer be used."""
        statement = (
            update(otp_challenges)
            .where(otp_challenges.c.next_send_at.is_not(None), otp_challenges.c.expires_at <= now)
            .values(**_FORGOTTEN)
        )
        return (await self._connection.execute(statement)).rowcount


def _challenge(row: Row[Any]) -> Challenge:
    return Challenge(
        challenge_id=row.challenge_id,
        request_id=row.request_id,
        locale=row.locale,
        code_digest=row.code_digest,
        created_at=row.created_at,
        expires_at=row.expires_at,
        next_request_at=row.next_request_at,
        tries=row.tries,
        closed_at=row.closed_at,
    )
