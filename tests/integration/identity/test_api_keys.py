"""Partners' programs come with keys, and may what their scopes say."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from chassis.access import admit
from chassis.auth import Role, TokenVerifier
from chassis.clients import forward_token
from chassis.status import rpc_errors
from identity_service.domain.api_keys import KNOWN_SCOPES
from ridesharing.identity.v1 import api_key_service_pb2 as pb
from ridesharing.identity.v1 import identity_service_pb2 as identity_pb
from ridesharing.identity.v1.api_key_service_pb2_grpc import ApiKeyServiceStub
from ridesharing.matching.v1 import mds_service_pb2
from shared_kernel.errors import Conflict, InFlight, InvalidInput, NotFound, PermissionRefused, Unauthenticated
from tests.integration.identity.conftest import Runner, RunningIdentity

TRIPS = "/ridesharing.matching.v1.MdsService/ExportTrips"
assert mds_service_pb2  # its contract is read by name


async def create(
    identity: RunningIdentity, *, days: int = 30, scopes: tuple[str, ...] = ("agencies:read",), key: str = ""
) -> Any:
    stub: Any = ApiKeyServiceStub(identity.channel)
    request = pb.CreateApiKeyRequest(name="city", scopes=scopes, lifetime_days=days, request_id=key)
    with rpc_errors():
        return await stub.CreateApiKey(request, metadata=identity.admin)


async def exchange(identity: RunningIdentity, secret: str) -> pb.ExchangeApiKeyResponse:
    stub: Any = ApiKeyServiceStub(identity.channel)
    with rpc_errors():
        return await stub.ExchangeApiKey(pb.ExchangeApiKeyRequest(secret=secret))


async def revoke(identity: RunningIdentity, api_key_id: str) -> None:
    stub: Any = ApiKeyServiceStub(identity.channel)
    with rpc_errors():
        await stub.RevokeApiKey(
            pb.RevokeApiKeyRequest(api_key_id=api_key_id, reason="contract ended"), metadata=identity.admin
        )


async def shown(identity: RunningIdentity, api_key_id: str) -> pb.ApiKey:
    stub: Any = ApiKeyServiceStub(identity.channel)
    answer = await stub.ListApiKeys(pb.ListApiKeysRequest(), metadata=identity.admin)
    return next(key for key in answer.api_keys if key.api_key_id == api_key_id)


async def test_a_key_opens_what_its_scopes_say_and_nothing_else(identity: RunningIdentity) -> None:
    made = await create(identity)
    token = (await exchange(identity, made.secret)).access_token
    verifier = TokenVerifier.from_file(identity.keys / "jwks.json", identity.clock)
    actor = admit(TRIPS, forward_token(token), verifier)
    assert (actor.role, str(actor.account_id), actor.scopes) == (
        Role.PARTNER,
        made.api_key.api_key_id,
        {"agencies:read"},
    )
    with pytest.raises(PermissionRefused), rpc_errors():
        await identity.stub.ListDrivers(identity_pb.ListDriversRequest(), metadata=forward_token(token))
    with pytest.raises(PermissionRefused) as other:
        admit(TRIPS, identity.bearer_partner("bookings:write"), verifier)
    assert other.value.reason == "scope_missing"


async def test_a_key_is_shown_whole_once_and_kept_as_a_digest(identity: RunningIdentity) -> None:
    made = await create(identity)
    assert made.secret.startswith(made.api_key.prefix)
    key = await shown(identity, made.api_key.api_key_id)
    assert (key.prefix, len(key.prefix), key.HasField("last_use_time")) == (made.secret[:11], 11, False)
    [row] = await identity.fetch(
        "SELECT to_jsonb(api_keys)::text AS kept FROM api_keys WHERE api_key_id = $1", UUID(key.api_key_id)
    )
    assert made.secret not in row["kept"]
    assert made.secret[11:] not in row["kept"]
    await exchange(identity, made.secret)
    used = await shown(identity, made.api_key.api_key_id)
    assert used.last_use_time.seconds == identity.clock.now().timestamp()


async def test_unknown_changed_expired_and_revoked_keys_are_refused_alike(run_identity: Runner) -> None:
    async with run_identity() as identity:
        good, revoked, short = await create(identity), await create(identity), await create(identity, days=1)
        await revoke(identity, revoked.api_key.api_key_id)
        await revoke(identity, revoked.api_key.api_key_id)  # once more changes nothing
        identity.clock.advance(days=1)
        changed = good.secret[:-1] + ("A" if good.secret[-1] != "A" else "B")
        for secret in ("jk_unknown", changed, revoked.secret, short.secret, good.api_key.prefix):
            with pytest.raises(Unauthenticated) as caught:
                await exchange(identity, secret)
            assert caught.value.reason == "api_key_invalid"
        assert (await exchange(identity, good.secret)).access_token
        acts = await identity.fetch("SELECT act, line FROM audit_entries ORDER BY sequence")
        assert [row["act"] for row in acts] == ["api_key_created"] * 3 + ["api_key_revoked"]
        assert [row for row in acts if good.secret in row["line"]] == []
        with pytest.raises(NotFound):
            await revoke(identity, str(UUID(int=1)))


async def test_the_same_request_makes_one_key_and_is_told_it_whole_again(identity: RunningIdentity) -> None:
    outcomes = await asyncio.gather(*[create(identity, key="city-1") for _ in range(10)], return_exceptions=True)
    made = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert made
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)} <= {InFlight}
    again = await create(identity, key="city-1")
    assert {(each.api_key.api_key_id, each.secret) for each in (*made, again)} == {
        (again.api_key.api_key_id, again.secret)
    }
    assert (await exchange(identity, again.secret)).access_token
    with pytest.raises(Conflict) as caught:
        await create(identity, key="city-1", days=31)
    assert caught.value.reason == "idempotency_key_reused"
    assert (await create(identity, key="city-2")).api_key.api_key_id != again.api_key.api_key_id
    # Without a key, as programs of the release before ask, each call makes one.
    assert (await create(identity)).secret != (await create(identity)).secret


async def test_what_is_kept_for_a_repeated_request_is_sealed(identity: RunningIdentity) -> None:
    made = await create(identity, key="sealed-1")
    rows = await identity.fetch("SELECT * FROM idempotency_keys WHERE key = $1", "sealed-1")
    assert len(rows) == 1
    for kept in rows[0].values():
        text = kept.decode(errors="replace") if isinstance(kept, bytes) else str(kept)
        assert made.secret not in text
        assert made.secret[11:] not in text
        assert made.secret.encode().hex() not in text


async def test_scopes_that_partners_cannot_have_are_refused(identity: RunningIdentity) -> None:
    for scopes in (("operate_rides:write",), ("agencies:read", "*")):
        with pytest.raises(InvalidInput) as caught:
            await create(identity, scopes=scopes)
        assert caught.value.reason == "unknown_scope"
    assert {"agencies:read"} == KNOWN_SCOPES


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SUPPORT, Role.RIDER])
async def test_only_admins_make_keys(identity: RunningIdentity, role: Role) -> None:
    stub: Any = ApiKeyServiceStub(identity.channel)
    request = pb.CreateApiKeyRequest(name="mine", scopes=["agencies:read"], lifetime_days=1)
    with pytest.raises(PermissionRefused), rpc_errors():
        await stub.CreateApiKey(request, metadata=identity.bearer(role, UUID(int=9)))
