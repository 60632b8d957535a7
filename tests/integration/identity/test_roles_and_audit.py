"""Who may run the service, and the log of what they did."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.auth import Role
from chassis.clients import forward_token
from chassis.status import rpc_errors
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import accounts_pb2
from ridesharing.identity.v1 import audit_service_pb2 as audit_pb
from ridesharing.identity.v1 import identity_service_pb2 as identity_pb
from ridesharing.identity.v1 import role_service_pb2 as pb
from ridesharing.identity.v1.audit_service_pb2_grpc import AuditServiceStub
from ridesharing.identity.v1.role_service_pb2_grpc import RoleServiceStub
from shared_kernel.errors import Conflict, NotFound, PermissionRefused, Unauthenticated
from tests.integration.identity.conftest import PATIENCE_SECONDS, Runner, RunningIdentity, new_phone


async def grant(
    identity: RunningIdentity, phone: str, role: int = access_pb2.ROLE_OPERATOR, key: str = ""
) -> pb.RoleGrant:
    stub: Any = RoleServiceStub(identity.channel)
    request = pb.GrantRoleRequest(
        request_id=key or str(uuid4()), phone_number=phone, role=access_pb2.Role.ValueType(role), reason="night desk"
    )
    with rpc_errors():
        return (await stub.GrantRole(request, metadata=identity.admin, timeout=PATIENCE_SECONDS)).grant


async def revoke(identity: RunningIdentity, account: str, role: int = access_pb2.ROLE_OPERATOR) -> None:
    stub: Any = RoleServiceStub(identity.channel)
    request = pb.RevokeRoleRequest(
        request_id=str(uuid4()), account_id=account, role=access_pb2.Role.ValueType(role), reason="left"
    )
    with rpc_errors():
        await stub.RevokeRole(request, metadata=identity.admin)


async def verify(identity: RunningIdentity, **fields: Any) -> audit_pb.VerifyAuditLogResponse:
    stub: Any = AuditServiceStub(identity.channel)
    with rpc_errors():
        return await stub.VerifyAuditLog(audit_pb.VerifyAuditLogRequest(**fields), metadata=identity.operator)


async def entries(identity: RunningIdentity, subject: str) -> list[audit_pb.AuditEntry]:
    stub: Any = AuditServiceStub(identity.channel)
    with rpc_errors():
        answer = await stub.ListAuditEntries(
            audit_pb.ListAuditEntriesRequest(subject_id=subject), metadata=identity.operator
        )
    return list(answer.entries)


async def test_a_role_is_granted_used_and_taken_away(identity: RunningIdentity) -> None:
    phone = new_phone()
    account = (await identity.sign_in(phone)).account.account_id
    with pytest.raises(PermissionRefused) as early:
        await identity.sign_in(phone, role=access_pb2.ROLE_OPERATOR, device="desk")
    assert early.value.reason == "role_not_granted"
    given = await grant(identity, phone)
    assert (given.account_id, given.role, given.granted_by) == (account, access_pb2.ROLE_OPERATOR, str(UUID(int=8)))
    desk = (await identity.sign_in(phone, role=access_pb2.ROLE_OPERATOR, device="desk")).tokens
    assert desk.refresh_expire_time.seconds == identity.clock.now().timestamp() + 12 * 3600
    await identity.stub.ListDrivers(identity_pb.ListDriversRequest(), metadata=forward_token(desk.access_token))
    await revoke(identity, account)
    with pytest.raises(Unauthenticated):
        await identity.refresh(desk.refresh_token)
    with pytest.raises(PermissionRefused):
        await identity.sign_in(phone, role=access_pb2.ROLE_OPERATOR, device="desk")
    with pytest.raises(NotFound) as gone:
        await revoke(identity, account)
    assert gone.value.reason == "role_not_granted"
    assert [entry.act for entry in await entries(identity, account)] == ["role_revoked", "role_granted"]


async def test_an_unknown_phone_gets_no_role_and_no_account(identity: RunningIdentity) -> None:
    phone = new_phone()
    with pytest.raises(NotFound):
        await grant(identity, phone)
    await identity.request_code(phone)
    with pytest.raises(PermissionRefused):
        await identity.verify(phone, identity.notifications.codes_for(phone)[-1], role=access_pb2.ROLE_ADMIN)
    assert (await identity.sign_in(phone)).new_account


async def test_an_admin_cannot_take_their_own_role_away(identity: RunningIdentity) -> None:
    with pytest.raises(Conflict) as caught:
        await revoke(identity, str(UUID(int=8)), access_pb2.ROLE_ADMIN)
    assert caught.value.reason == "own_role"


@pytest.mark.parametrize("role", [Role.RIDER, Role.DRIVER, Role.SUPPORT, Role.OPERATOR])
async def test_only_admins_grant_roles(identity: RunningIdentity, role: Role) -> None:
    stub: Any = RoleServiceStub(identity.channel)
    request = pb.GrantRoleRequest(request_id="r", phone_number=new_phone(), role=access_pb2.ROLE_ADMIN, reason="me")
    with pytest.raises(PermissionRefused), rpc_errors():
        await stub.GrantRole(request, metadata=identity.bearer(role, uuid4()))


async def test_an_admin_may_what_operators_may_and_support_only_looks(identity: RunningIdentity) -> None:
    driver = str(uuid4())
    await identity.stub.ListDrivers(identity_pb.ListDriversRequest(), metadata=identity.admin)
    await identity.stub.ListDrivers(identity_pb.ListDriversRequest(), metadata=identity.bearer(Role.SUPPORT, uuid4()))
    with pytest.raises(PermissionRefused), rpc_errors():
        await identity.stub.SetDriverStatus(
            identity_pb.SetDriverStatusRequest(
                request_id="r", driver_id=driver, status=accounts_pb2.DRIVER_STATUS_APPROVED
            ),
            metadata=identity.bearer(Role.SUPPORT, uuid4()),
        )


async def test_the_same_grant_twice_is_one_entry(identity: RunningIdentity) -> None:
    phone = new_phone()
    account = (await identity.sign_in(phone)).account.account_id
    first = await grant(identity, phone, key="same")
    assert await grant(identity, phone, key="same") == first
    assert await grant(identity, phone) == first  # stands already
    assert len(await entries(identity, account)) == 1


async def test_acts_at_once_make_one_unbroken_chain(run_identity: Runner) -> None:
    async with run_identity() as identity:
        phones = [new_phone() for _ in range(20)]
        await asyncio.gather(*(identity.sign_in(phone) for phone in phones))
        await asyncio.gather(*(grant(identity, phone) for phone in phones))
        whole = await verify(identity)
        assert (whole.verified_count, whole.broken_sequence, whole.next_sequence, whole.head_sequence) == (20, 0, 0, 20)
        part = await verify(identity, first_sequence=8, entry_count=5)
        assert (part.verified_count, part.next_sequence) == (5, 13)


async def test_the_database_refuses_to_change_remove_or_put_in_an_entry(run_identity: Runner) -> None:
    async with run_identity() as identity:
        phone = new_phone()
        await identity.sign_in(phone)
        await grant(identity, phone)
        attacks = {
            "UPDATE audit_entries SET line = line": asyncpg.RestrictViolationError,
            "DELETE FROM audit_entries": asyncpg.RestrictViolationError,
            "TRUNCATE audit_entries": asyncpg.RestrictViolationError,
            # A true hash, but not behind the newest.
            "INSERT INTO audit_entries SELECT sequence + 5, line, hash, hash, act, actor_id, subject_id"
            " FROM audit_entries": asyncpg.CheckViolationError,
            # Behind the newest, but with a hash of something else.
            "INSERT INTO audit_entries SELECT 2, line, hash, previous_hash, act, actor_id, subject_id"
            " FROM audit_entries": asyncpg.CheckViolationError,
        }
        connection = await asyncpg.connect(identity.database_url)
        try:
            [owner] = await connection.fetch(
                "SELECT pg_get_userbyid(relowner) = current_user AS mine FROM pg_class WHERE relname = 'audit_entries'"
            )
            assert owner["mine"]
            for statement, error in attacks.items():
                with pytest.raises(error):
                    await connection.execute(statement)
            # Who may turn ordinary triggers off for a session does not turn these off.
            modes = await connection.fetch(
                "SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'audit_entries'::regclass AND NOT tgisinternal"
            )
            assert [row["tgenabled"] for row in modes] == [b"A", b"A"]
        finally:
            await connection.close()
        assert (await verify(identity)).verified_count == 1


async def test_what_is_changed_with_the_triggers_dropped_breaks_the_chain(run_identity: Runner) -> None:
    async with run_identity() as identity:
        phones = [new_phone() for _ in range(4)]
        for phone in phones:
            await identity.sign_in(phone)
            await grant(identity, phone)
        kept = await verify(identity)
        connection = await asyncpg.connect(identity.database_url)
        try:
            await connection.execute("ALTER TABLE audit_entries DISABLE TRIGGER ALL")
            await connection.execute("ALTER TABLE audit_entries DROP CONSTRAINT ck_audit_entries_hash")
            await connection.execute(
                "UPDATE audit_entries SET line = replace(line, 'night', 'light') WHERE sequence = 2"
            )
            changed = await verify(identity)
            assert (changed.verified_count, changed.broken_sequence) == (1, 2)
            # Whoever rewrites that entry's hash as well is found out at the next.
            await connection.execute(
                "UPDATE audit_entries SET hash = sha256(previous_hash || convert_to(line, 'UTF8')) WHERE sequence = 2"
            )
            assert (await verify(identity)).broken_sequence == 3
            await connection.execute("DELETE FROM audit_entries WHERE sequence >= 2")
            # A log that was cut short holds in itself; what was kept elsewhere tells.
            cut = await verify(identity, anchor_sequence=kept.head_sequence, anchor_hash=kept.head_hash)
            assert (cut.broken_sequence, cut.anchor_holds) == (0, False)
        finally:
            await connection.close()


async def test_a_decision_on_a_driver_and_its_entry_are_one(identity: RunningIdentity) -> None:
    account = await identity.sign_in(role=access_pb2.ROLE_DRIVER)
    token = forward_token(account.tokens.access_token)
    vehicle = accounts_pb2.Vehicle(model="Prius", color="red", plate="A 1", vehicle_class=accounts_pb2.VEHICLE_CLASS_XL)
    await identity.stub.SubmitDriverApplication(
        identity_pb.SubmitDriverApplicationRequest(request_id="a", display_name="Sam", vehicle=vehicle), metadata=token
    )
    driver = account.account.account_id
    for status, reason in (
        (accounts_pb2.DRIVER_STATUS_APPROVED, ""),
        (accounts_pb2.DRIVER_STATUS_APPROVED, "again changes nothing"),
        (accounts_pb2.DRIVER_STATUS_SUSPENDED, "a complaint"),
        (accounts_pb2.DRIVER_STATUS_APPROVED, "cleared"),
    ):
        await identity.stub.SetDriverStatus(
            identity_pb.SetDriverStatusRequest(request_id=str(uuid4()), driver_id=driver, status=status, reason=reason),
            metadata=identity.operator,
        )
    found = [(entry.act, entry.reason) for entry in reversed(await entries(identity, driver))]
    assert found == [("driver_approved", ""), ("driver_suspended", "a complaint"), ("driver_restored", "cleared")]
