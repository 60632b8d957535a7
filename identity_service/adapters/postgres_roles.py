"""Granted roles in Postgres."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.adapters.staff_tables import role_grants
from identity_service.domain.roles import RoleGrant
from identity_service.domain.sign_ins import SignInRole
from identity_service.use_cases.staff_ports import RoleGrantPage


class PostgresRoles:
    """Grants as one transaction sees them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, grant: RoleGrant) -> tuple[RoleGrant, bool]:
        """Add a grant; return the one that stands, and whether it is this one."""
        added = (
            insert(role_grants)
            .values(
                account_id=grant.account_id,
                role=grant.role.value,
                granted_by=grant.granted_by,
                granted_at=grant.granted_at,
            )
            .on_conflict_do_nothing()
        )
        if (await self._connection.execute(added)).rowcount:
            return grant, True
        query = select(role_grants).where(
            role_grants.c.account_id == grant.account_id, role_grants.c.role == grant.role.value
        )
        row = (await self._connection.execute(query)).one()
        return RoleGrant(row.account_id, SignInRole(row.role), row.granted_by, row.granted_at), False

    async def remove(self, account_id: UUID, role: SignInRole) -> bool:
        """Take a grant away; False if there was none."""
        statement = delete(role_grants).where(role_grants.c.account_id == account_id, role_grants.c.role == role.value)
        return (await self._connection.execute(statement)).rowcount == 1

    async def has(self, account_id: UUID, role: SignInRole, *, lock: bool = False) -> bool:
        """Tell whether a role is granted; one that is locked is not taken away until the transaction ends."""
        query = select(role_grants.c.role).where(
            role_grants.c.account_id == account_id, role_grants.c.role == role.value
        )
        locked = query.with_for_update(read=True) if lock else query
        return (await self._connection.execute(locked)).first() is not None

    async def page(self, after: tuple[datetime, UUID] | None, size: int) -> RoleGrantPage:
        """Return grants, the newest first."""
        query = select(role_grants).order_by(
            role_grants.c.granted_at.desc(), role_grants.c.account_id.desc(), role_grants.c.role
        )
        if after is not None:
            query = query.where(tuple_(role_grants.c.granted_at, role_grants.c.account_id) < tuple_(*after))
        # An account has three roles at most: what was granted to the last one at the same moment comes along.
        rows = (await self._connection.execute(query.limit(size + 3))).all()
        cut = size
        while 0 < cut < len(rows) and _place(rows[cut]) == _place(rows[cut - 1]):
            cut += 1
        grants = [RoleGrant(row.account_id, SignInRole(row.role), row.granted_by, row.granted_at) for row in rows[:cut]]
        return RoleGrantPage(grants, _place(rows[cut - 1]) if len(rows) > cut else None)


def _place(row: object) -> tuple[datetime, UUID]:
    found: tuple[datetime, UUID] = (getattr(row, "granted_at"), getattr(row, "account_id"))  # noqa: B009 (rows are untyped)
    return found
