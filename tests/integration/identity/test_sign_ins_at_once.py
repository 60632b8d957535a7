"""Sign-ins at the same moment as what ends them, and as one another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from identity_service.domain.erasures import erasure
from identity_service.domain.sign_ins import EndReason, SignInRole
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import federation_service_pb2 as pb
from ridesharing.identity.v1 import role_service_pb2 as role_pb
from ridesharing.identity.v1.federation_service_pb2_grpc import FederationServiceStub
from ridesharing.identity.v1.role_service_pb2_grpc import RoleServiceStub
from shared_kernel.errors import PermissionRefused
from tests.fakes.oidc_provider import CLIENT_ID, oidc_provider
from tests.integration.identity.conftest import Runner, RunningIdentity, new_phone


@pytest.fixture
async def identity(run_identity: Runner) -> AsyncGenerator[RunningIdentity]:
    async with run_identity() as identity:
        yield identity


async def with_a_code(identity: RunningIdentity, phone: str) -> str:
    identity.clock.advance(seconds=60)
    await identity.request_code(phone)
    return identity.notifications.codes_for(phone)[-1]


async def live_sign_ins(identity: RunningIdentity, account_id: UUID) -> int:
    query = "SELECT count(*) AS live FROM sign_ins WHERE account_id = $1 AND ended_at IS NULL"
    return int((await identity.fetch(query, account_id))[0]["live"])


async def test_no_session_begins_in_a_role_that_is_taken_away_meanwhile(identity: RunningIdentity) -> None:
    phone = new_phone()
    account_id = UUID((await identity.sign_in(phone)).account.account_id)
    grant = role_pb.GrantRoleRequest(
        request_id="g", account_id=str(account_id), role=access_pb2.ROLE_OPERATOR, reason="helps out"
    )
    await RoleServiceStub(identity.channel).GrantRole(grant, metadata=identity.admin)
    code = await with_a_code(identity, phone)
    async with identity.store.transaction() as transaction:
        assert await transaction.roles.remove(account_id, SignInRole.OPERATOR)
        signing_in = asyncio.create_task(
            identity.verify(phone, code, role=access_pb2.ROLE_OPERATOR, device="another device")
        )
        await identity.until_it_waits(signing_in)
        now = identity.clock.now()
        await transaction.sign_ins.end_all(account_id, EndReason.ROLE_REVOKED, now, role=SignInRole.OPERATOR)
    with pytest.raises(PermissionRefused, match="role"):
        await signing_in
    assert await live_sign_ins(identity, account_id) == 1


async def test_no_session_begins_beside_an_erasure_that_ends_them_all(identity: RunningIdentity) -> None:
    phone = new_phone()
    account_id = UUID((await identity.sign_in(phone)).account.account_id)
    code = await with_a_code(identity, phone)
    async with identity.store.transaction() as transaction:
        await transaction.accounts.find(account_id, lock=True)
        now = identity.clock.now()
        await transaction.erasures.add(erasure(account_id, now))
        signing_in = asyncio.create_task(identity.verify(phone, code, device="another device"))
        await identity.until_it_waits(signing_in)
        await transaction.sign_ins.end_all(account_id, EndReason.ERASED, now)
    with pytest.raises(PermissionRefused, match="eras"):
        await signing_in
    assert await live_sign_ins(identity, account_id) == 0


async def test_sign_ins_of_one_device_at_once_follow_one_another(run_identity: Runner) -> None:
    with oidc_provider() as provider:
        settings = [{"issuer": provider.issuer, "audiences": [CLIENT_ID]}]
        async with run_identity(identity_oidc_providers=settings) as identity:
            phone = new_phone()
            account_id = UUID((await identity.sign_in(phone, device="the device")).account.account_id)
            vouched = {"phone_number": phone, "phone_number_verified": True}
            requests: list[pb.SignInWithIdTokenRequest] = []
            for _ in range(8):
                identity.clock.advance(seconds=1)
                token = provider.token(identity.clock.now(), **vouched)
                requests.append(
                    pb.SignInWithIdTokenRequest(
                        id_token=token, nonce="n-1", role=access_pb2.ROLE_RIDER, device_id="the device"
                    )
                )
            stub = FederationServiceStub(identity.channel)
            answers = await asyncio.gather(*(stub.SignInWithIdToken(request) for request in requests))
            assert {UUID(answer.account.account_id) for answer in answers} == {account_id}
            assert await live_sign_ins(identity, account_id) == 1


async def test_who_has_all_identities_that_one_may_have_signs_in_by_a_verified_number_all_the_same(
    run_identity: Runner,
) -> None:
    with oidc_provider() as provider:
        settings = [{"issuer": provider.issuer, "audiences": [CLIENT_ID]}]
        async with run_identity(identity_oidc_providers=settings) as identity:
            phone = new_phone()
            account_id = UUID((await identity.sign_in(phone)).account.account_id)
            stub = FederationServiceStub(identity.channel)
            for number in range(7):
                identity.clock.advance(seconds=1)
                token = provider.token(
                    identity.clock.now(), sub=f"many {number}", phone_number=phone, phone_number_verified=True
                )
                request = pb.SignInWithIdTokenRequest(
                    id_token=token, nonce="n-1", role=access_pb2.ROLE_RIDER, device_id=f"device {number}"
                )
                assert (await stub.SignInWithIdToken(request)).account.account_id == str(account_id)
            query = "SELECT count(*) AS linked FROM external_identities WHERE account_id = $1"
            assert (await identity.fetch(query, account_id))[0]["linked"] == 5
