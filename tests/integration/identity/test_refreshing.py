"""Rotation of refresh tokens, and what becomes of those that are used twice."""

import asyncio
from collections.abc import Callable

import jwt
import pytest

from chassis.auth import TokenVerifier
from chassis.clients import forward_token
from chassis.status import rpc_errors
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import accounts_pb2
from ridesharing.identity.v1 import identity_service_pb2 as pb
from shared_kernel.errors import Unauthenticated
from tests.integration.identity.conftest import Runner, RunningIdentity, new_phone


async def reason_of_refusal(identity: RunningIdentity, token: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await identity.refresh(token)
    return caught.value.reason


async def test_a_refresh_gives_a_new_pair_for_the_same_person(identity: RunningIdentity) -> None:
    signed_in = await identity.sign_in(role=access_pb2.ROLE_DRIVER)
    pair = await identity.refresh(signed_in.tokens.refresh_token)
    assert pair.refresh_token != signed_in.tokens.refresh_token
    assert pair.role == access_pb2.ROLE_DRIVER
    actor = TokenVerifier.from_file(identity.keys / "jwks.json", identity.clock).verify(pair.access_token)
    assert (actor.subject, actor.role) == (signed_in.account.account_id, "driver")
    claims = jwt.decode(pair.access_token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 600
    assert claims["iss"] == "identity"


async def test_a_race_of_a_hundred_refreshes_leaves_one_family_and_nobody_signed_out(
    identity: RunningIdentity, record_property: Callable[[str, object], None]
) -> None:
    signed_in = await identity.sign_in()
    token = signed_in.tokens.refresh_token
    pairs = await asyncio.gather(*(identity.refresh(token) for _ in range(100)))
    assert len({pair.refresh_token for pair in pairs}) == 1
    rows = await identity.fetch(
        "SELECT s.sign_in_id, s.ended_at, s.last_sequence, count(t.digest) FILTER (WHERE t.spent_at IS NULL) AS unspent"
        " FROM sign_ins s JOIN refresh_tokens t USING (sign_in_id) WHERE s.account_id = $1 GROUP BY s.sign_in_id",
        signed_in.account.account_id,
    )
    assert [(row["ended_at"], row["last_sequence"], row["unspent"]) for row in rows] == [(None, 2, 1)]
    assert (await identity.refresh(pairs[0].refresh_token)).refresh_token
    record_property("figure", "refresh race: 100 at once, 1 successor, 1 family, 0 signed out")


async def test_within_the_grace_the_previous_token_gets_its_successor_again(run_identity: Runner) -> None:
    async with run_identity() as identity:
        token = (await identity.sign_in()).tokens.refresh_token
        first = await identity.refresh(token)
        identity.clock.advance(seconds=29)
        again = await identity.refresh(token)
        assert again.refresh_token == first.refresh_token
        assert again.refresh_expire_time == first.refresh_expire_time
        assert again.access_expire_time != first.access_expire_time
        assert (await identity.refresh(again.refresh_token)).refresh_token


async def test_the_previous_token_after_the_grace_ends_the_sign_in(run_identity: Runner) -> None:
    async with run_identity() as identity:
        token = (await identity.sign_in()).tokens.refresh_token
        successor = (await identity.refresh(token)).refresh_token
        identity.clock.advance(seconds=30)
        assert await reason_of_refusal(identity, token) == "refresh_reused"
        assert await reason_of_refusal(identity, successor) == "refresh_invalid"


async def test_a_token_before_the_previous_one_ends_the_sign_in_at_once(identity: RunningIdentity) -> None:
    first = (await identity.sign_in()).tokens.refresh_token
    second = (await identity.refresh(first)).refresh_token
    third = (await identity.refresh(second)).refresh_token
    assert await reason_of_refusal(identity, first) == "refresh_reused"
    assert await reason_of_refusal(identity, third) == "refresh_invalid"


async def test_reuse_on_one_device_leaves_the_others_signed_in(identity: RunningIdentity) -> None:
    phone = new_phone()
    stolen = (await identity.sign_in(phone, device="phone")).tokens.refresh_token
    tablet = (await identity.sign_in(phone, device="tablet")).tokens.refresh_token
    second = (await identity.refresh(stolen)).refresh_token
    await identity.refresh(second)
    assert await reason_of_refusal(identity, stolen) == "refresh_reused"
    assert (await identity.refresh(tablet)).refresh_token


async def test_signing_in_again_on_a_device_ends_what_it_held(identity: RunningIdentity) -> None:
    phone = new_phone()
    earlier = (await identity.sign_in(phone)).tokens.refresh_token
    later = (await identity.sign_in(phone)).tokens.refresh_token
    assert await reason_of_refusal(identity, earlier) == "refresh_invalid"
    assert (await identity.refresh(later)).refresh_token


async def test_an_unknown_token_is_refused(identity: RunningIdentity) -> None:
    assert await reason_of_refusal(identity, "A" * 43) == "refresh_invalid"


async def test_a_refresh_token_ends_after_thirty_days_and_each_rotation_begins_anew(run_identity: Runner) -> None:
    async with run_identity() as identity:
        token = (await identity.sign_in()).tokens.refresh_token
        identity.clock.advance(days=29)
        token = (await identity.refresh(token)).refresh_token
        identity.clock.advance(days=29)
        token = (await identity.refresh(token)).refresh_token
        identity.clock.advance(days=30)
        assert await reason_of_refusal(identity, token) == "refresh_invalid"


async def test_signing_out_ends_the_sign_in_of_the_token_and_no_other(identity: RunningIdentity) -> None:
    phone = new_phone()
    here: accounts_pb2.TokenPair = (await identity.sign_in(phone, device="here")).tokens
    there = (await identity.sign_in(phone, device="there")).tokens
    for _ in range(2):  # once more changes nothing
        await identity.stub.SignOut(pb.SignOutRequest(), metadata=forward_token(here.access_token))
    assert await reason_of_refusal(identity, here.refresh_token) == "refresh_invalid"
    assert (await identity.refresh(there.refresh_token)).refresh_token


async def test_signing_out_with_a_token_without_a_sign_in_changes_nothing(identity: RunningIdentity) -> None:
    await identity.stub.SignOut(pb.SignOutRequest(), metadata=identity.operator)


async def test_signing_out_needs_a_token(identity: RunningIdentity) -> None:
    with pytest.raises(Unauthenticated) as caught, rpc_errors():
        await identity.stub.SignOut(pb.SignOutRequest())
    assert caught.value.reason == "token_required"
