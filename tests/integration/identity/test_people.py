"""What staff see of people: masked, in clear against a reason, and nothing without the person's key."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.auth import Role
from chassis.status import rpc_errors
from identity_service.adapters.ciphers import PhoneVault
from ridesharing.identity.v1 import audit_service_pb2 as audit_pb
from ridesharing.identity.v1 import identity_service_pb2 as identity_pb
from ridesharing.identity.v1 import person_service_pb2 as pb
from ridesharing.identity.v1.audit_service_pb2_grpc import AuditServiceStub
from ridesharing.identity.v1.person_service_pb2_grpc import PersonServiceStub
from shared_kernel.errors import InvalidInput, NotFound, PermissionRefused
from tests.integration.identity.conftest import Runner, RunningIdentity, new_phone


def people(identity: RunningIdentity) -> Any:
    return PersonServiceStub(identity.channel)


async def audited(identity: RunningIdentity, subject: str) -> list[tuple[str, str, str]]:
    stub: Any = AuditServiceStub(identity.channel)
    answer = await stub.ListAuditEntries(
        audit_pb.ListAuditEntriesRequest(subject_id=subject), metadata=identity.operator
    )
    return [(entry.act, entry.actor_role, entry.reason) for entry in answer.entries]


async def test_staff_see_a_person_masked_however_they_look(identity: RunningIdentity) -> None:
    phone = new_phone()
    account = (await identity.sign_in(phone)).account.account_id
    support = identity.bearer(Role.SUPPORT, uuid4())
    by_phone = await people(identity).FindPerson(pb.FindPersonRequest(phone_number=phone), metadata=support)
    by_id = await people(identity).GetPerson(pb.GetPersonRequest(account_id=account), metadata=support)
    assert by_phone.person == by_id.person
    assert by_id.person.masked_phone == f"•••{phone[-4:]}"
    assert phone not in str(by_id.person)
    assert await audited(identity, account) == []


async def test_a_number_in_clear_leaves_who_asked_and_why(identity: RunningIdentity) -> None:
    phone, support = new_phone(), uuid4()
    account = (await identity.sign_in(phone)).account.account_id
    answer = await people(identity).UnmaskPhone(
        pb.UnmaskPhoneRequest(account_id=account, reason="lost property"),
        metadata=identity.bearer(Role.SUPPORT, support),
    )
    assert answer.phone_number == phone
    assert await audited(identity, account) == [("phone_unmasked", "support", "lost property")]
    rows = await identity.fetch("SELECT line FROM audit_entries")
    assert [row for row in rows if phone in row["line"] or phone[1:] in row["line"]] == []


async def test_no_reason_no_number_and_no_entry(identity: RunningIdentity) -> None:
    account = (await identity.sign_in()).account.account_id
    for reason in ("", "hm", "          "):
        with pytest.raises(InvalidInput), rpc_errors():
            await people(identity).UnmaskPhone(
                pb.UnmaskPhoneRequest(account_id=account, reason=reason), metadata=identity.operator
            )
    with pytest.raises(PermissionRefused), rpc_errors():
        await people(identity).UnmaskPhone(
            pb.UnmaskPhoneRequest(account_id=account, reason="because"), metadata=identity.bearer(Role.DRIVER, uuid4())
        )
    with pytest.raises(NotFound), rpc_errors():
        await people(identity).UnmaskPhone(
            pb.UnmaskPhoneRequest(account_id=str(uuid4()), reason="because"), metadata=identity.operator
        )
    assert await audited(identity, account) == []


async def test_a_number_is_sealed_with_the_persons_own_key(identity: RunningIdentity) -> None:
    phone = new_phone()
    account = (await identity.sign_in(phone)).account.account_id
    [row] = await identity.fetch(
        "SELECT phone_sealed, wrapped_key FROM accounts JOIN person_keys USING (account_id) WHERE account_id = $1",
        account,
    )
    vault = PhoneVault(bytes.fromhex("22" * 32))
    assert vault.person(UUID(account), row["wrapped_key"]).open("phone", row["phone_sealed"]).decode() == phone
    # The key of somebody else opens nothing, nor does this one for another use.
    other, _ = vault.new_key(UUID(account))
    for opener, use in ((other, "phone"), (vault.person(UUID(account), row["wrapped_key"]), "document")):
        with pytest.raises(Exception) as caught:  # noqa: PT011 (the library's InvalidTag has no message)
            opener.open(use, row["phone_sealed"])
        assert type(caught.value).__name__ == "InvalidTag"


async def test_a_destroyed_key_never_comes_back(identity: RunningIdentity) -> None:
    account = (await identity.sign_in()).account.account_id
    connection = await asyncpg.connect(identity.database_url)
    try:
        [kept] = await connection.fetch("SELECT wrapped_key FROM person_keys WHERE account_id = $1", account)
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute("UPDATE person_keys SET wrapped_key = '\\x01' WHERE account_id = $1", account)
        await connection.execute(
            "UPDATE person_keys SET wrapped_key = NULL, destroyed_at = now() WHERE account_id = $1", account
        )
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(
                "UPDATE person_keys SET wrapped_key = $2, destroyed_at = NULL WHERE account_id = $1",
                account,
                kept["wrapped_key"],
            )
    finally:
        await connection.close()
    with pytest.raises(NotFound), rpc_errors():
        await people(identity).UnmaskPhone(
            pb.UnmaskPhoneRequest(account_id=account, reason="because"), metadata=identity.operator
        )


async def test_numbers_of_older_versions_are_read_and_then_sealed_anew(run_identity: Runner) -> None:
    async with run_identity() as identity:
        phone = new_phone()
        account = (await identity.sign_in(phone)).account.account_id
        vault = PhoneVault(bytes.fromhex("22" * 32))
        connection = await asyncpg.connect(identity.database_url)
        try:
            await connection.execute("DELETE FROM person_keys")
            await connection.execute("UPDATE accounts SET phone_sealed = $1", vault.seal_phone(UUID(account), phone))
        finally:
            await connection.close()
        service = identity.bearer(Role.SERVICE, "notification", "notification")
        request = identity_pb.GetContactRequest(account_id=account)
        assert (await identity.stub.GetContact(request, metadata=service)).phone_number == phone
        async with identity.store.transaction() as transaction:
            assert await transaction.accounts.reseal(10, identity.clock.now()) == 1
            assert await transaction.accounts.reseal(10, identity.clock.now()) == 0
        [row] = await identity.fetch("SELECT get_byte(phone_sealed, 0) AS form FROM accounts")
        assert row["form"] == 2
        assert (await identity.stub.GetContact(request, metadata=service)).phone_number == phone


def guest(phone: str, name: str = "Carmen", locale: str = "") -> pb.RegisterGuestRequest:
    return pb.RegisterGuestRequest(phone_number=phone, display_name=name, locale=locale)


async def test_somebody_who_calls_has_an_account_that_is_theirs_when_they_sign_in(identity: RunningIdentity) -> None:
    phone = new_phone()
    made = await people(identity).RegisterGuest(guest(phone, "Carmen", "es"), metadata=identity.operator)
    again = await people(identity).RegisterGuest(guest(phone, "Somebody else"), metadata=identity.operator)
    assert (made.new_account, again.new_account) == (True, False)
    assert (made.person, made.person.display_name, made.person.locale) == (again.person, "Carmen", "es")
    assert phone not in str(made.person)
    assert await audited(identity, made.person.account_id) == [("guest_registered", "operator", "")]
    signed_in = await identity.sign_in(phone)
    assert (signed_in.account.account_id, signed_in.new_account) == (made.person.account_id, False)


async def test_an_account_without_a_name_gets_the_one_that_the_caller_gives(identity: RunningIdentity) -> None:
    phone = new_phone()
    account = (await identity.sign_in(phone)).account
    assert account.display_name == ""
    named = await people(identity).RegisterGuest(guest(phone, "Carmen"), metadata=identity.operator)
    assert (named.person.account_id, named.person.display_name) == (account.account_id, "Carmen")


async def test_guests_are_for_operators_and_have_numbers_that_take_an_sms(identity: RunningIdentity) -> None:
    with pytest.raises(PermissionRefused), rpc_errors():
        await people(identity).RegisterGuest(guest(new_phone()), metadata=identity.bearer(Role.SUPPORT, uuid4()))
    with pytest.raises(InvalidInput) as premium, rpc_errors():
        await people(identity).RegisterGuest(guest("+19005550100"), metadata=identity.operator)
    assert premium.value.reason == "phone_not_supported"
