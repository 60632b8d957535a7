"""Say who helps, runs and administers the service."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from identity_service.domain.actors import ActingStaff
from identity_service.domain.audit import Act
from identity_service.domain.events import SessionEnded
from identity_service.domain.roles import RoleGrant, check_revocable
from identity_service.domain.sign_ins import EndReason, SignInRole
from identity_service.domain.texts import clean_text
from identity_service.use_cases.answers import dump_json, load_json
from identity_service.use_cases.ports import Request, Store, Transaction
from identity_service.use_cases.staff_ports import RoleGrantPage
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100


class GrantRoles:
    """Grants roles and takes them away, each time with an entry in the audit log."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def grant(
        self, staff: ActingStaff, request_id: str, holder: UUID | str, role: SignInRole, reason: str
    ) -> RoleGrant:
        """Grant a role to an account, named by its id or its phone number.

        Raises:
            NotFound: `account_not_found`.
            InvalidInput: `invalid_argument`.
            Conflict: `idempotency_key_reused`.
        """
        why, now = clean_text("reason", reason), self._clock.now()
        request = Request(staff.actor_id, "GrantRole", request_id, (str(holder), role.value, why))
        async with self._store.transaction() as transaction:
            kept = await transaction.requests.claim(request)
            if kept is not None:
                return _load(kept)
            account_id = await _account_of(transaction, holder)
            standing, fresh = await transaction.roles.add(RoleGrant(account_id, role, staff.actor_id, now))
            await transaction.requests.keep(request, _dump(standing))
            if fresh:
                await transaction.audit.append(
                    Act(staff, "role_granted", "account", str(account_id), why, {"role": role.value})
                )
        return standing

    async def revoke(
        self, staff: ActingStaff, request_id: str, account_id: UUID, role: SignInRole, reason: str
    ) -> None:
        """Take a role away and end the sign-ins made in it.

        Raises:
            NotFound: `role_not_granted`.
            Conflict: `own_role`, `idempotency_key_reused`.
            InvalidInput: `invalid_argument`.
        """
        check_revocable(staff.actor_id, account_id, role)
        why, now = clean_text("reason", reason), self._clock.now()
        request = Request(staff.actor_id, "RevokeRole", request_id, (str(account_id), role.value, why))
        async with self._store.transaction() as transaction:
            if await transaction.requests.claim(request) is not None:
                return
            if not await transaction.roles.remove(account_id, role):
                raise NotFound("role_not_granted", "this account does not have that role")
            ended = await transaction.sign_ins.end_all(account_id, EndReason.ROLE_REVOKED, now, role=role)
            for sign_in_id in ended:
                await transaction.record(SessionEnded(sign_in_id, account_id, EndReason.ROLE_REVOKED))
            await transaction.requests.keep(request, b"{}")
            details = {"role": role.value, "ended_sessions": str(len(ended))}
            await transaction.audit.append(Act(staff, "role_revoked", "account", str(account_id), why, details))

    async def page(self, after: tuple[datetime, UUID] | None, page_size: int) -> RoleGrantPage:
        """Return a page of grants, the newest first; a size of 0 stands for 50, and 100 is the most."""
        size = min(page_size or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
        async with self._store.transaction() as transaction:
            return await transaction.roles.page(after, size)


async def _account_of(transaction: Transaction, holder: UUID | str) -> UUID:
    if isinstance(holder, UUID):
        account = await transaction.accounts.find(holder)
    else:
        account = await transaction.accounts.find_by_phone(holder)
    if account is None:
        raise NotFound("account_not_found", "there is no such account: the person signs in as a rider first")
    return account.account_id


def _dump(grant: RoleGrant) -> bytes:
    return dump_json(
        {
            "account_id": grant.account_id,
            "role": grant.role.value,
            "granted_by": grant.granted_by,
            "granted_at": grant.granted_at,
        }
    )


def _load(kept: bytes) -> RoleGrant:
    fields = load_json(kept)
    return RoleGrant(
        UUID(fields["account_id"]),
        SignInRole(fields["role"]),
        fields["granted_by"],
        datetime.fromisoformat(fields["granted_at"]),
    )
