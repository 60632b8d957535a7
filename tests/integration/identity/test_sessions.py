"""Where somebody is signed in, and signing out from afar."""

from typing import Any

import jwt
import pytest

from chassis.clients import forward_token
from chassis.status import rpc_errors
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import events_pb2
from ridesharing.identity.v1 import identity_service_pb2 as identity_pb
from ridesharing.identity.v1 import session_service_pb2 as pb
from ridesharing.identity.v1.session_service_pb2_grpc import SessionServiceStub
from shared_kernel.errors import NotFound, Unauthenticated
from tests.integration.identity.conftest import RunningIdentity, new_phone


def sessions(identity: RunningIdentity) -> Any:
    return SessionServiceStub(identity.channel)


async def live(identity: RunningIdentity, token: str) -> list[pb.Session]:
    answer = await sessions(identity).ListSessions(pb.ListSessionsRequest(), metadata=forward_token(token))
    return list(answer.sessions)


async def test_somebody_sees_their_own_devices_and_which_one_asks(identity: RunningIdentity) -> None:
    phone = new_phone()
    first = await identity.sign_in(phone, device="phone")
    identity.clock.advance(seconds=5)
    second = await identity.sign_in(phone, device="tablet", role=access_pb2.ROLE_DRIVER)
    await identity.sign_in(new_phone(), device="somebody else's")
    identity.clock.advance(seconds=5)
    await identity.refresh(first.tokens.refresh_token)
    tablet, mobile = await live(identity, second.tokens.access_token)
    assert (tablet.device_id, tablet.role, tablet.current) == ("tablet", access_pb2.ROLE_DRIVER, True)
    assert (mobile.device_id, mobile.role, mobile.current) == ("phone", access_pb2.ROLE_RIDER, False)
    assert mobile.last_use_time.seconds == identity.clock.now().timestamp()
    assert mobile.start_time.seconds == identity.clock.now().timestamp() - 10


async def test_a_revoked_device_cannot_refresh_and_leaves_the_list(identity: RunningIdentity) -> None:
    phone = new_phone()
    here, there = await identity.sign_in(phone, device="here"), await identity.sign_in(phone, device="there")
    stolen = next(item for item in await live(identity, here.tokens.access_token) if not item.current)
    for _ in range(2):  # once more changes nothing
        await sessions(identity).RevokeSession(
            pb.RevokeSessionRequest(session_id=stolen.session_id), metadata=forward_token(here.tokens.access_token)
        )
    with pytest.raises(Unauthenticated) as caught:
        await identity.refresh(there.tokens.refresh_token)
    assert caught.value.reason == "refresh_invalid"
    assert [item.device_id for item in await live(identity, here.tokens.access_token)] == ["here"]
    assert (await identity.refresh(here.tokens.refresh_token)).refresh_token


async def test_a_session_of_somebody_else_is_not_found_and_goes_on(identity: RunningIdentity) -> None:
    mine, theirs = await identity.sign_in(), await identity.sign_in()
    [target] = await live(identity, theirs.tokens.access_token)
    with pytest.raises(NotFound) as caught, rpc_errors():
        await sessions(identity).RevokeSession(
            pb.RevokeSessionRequest(session_id=target.session_id), metadata=forward_token(mine.tokens.access_token)
        )
    assert caught.value.reason == "session_not_found"
    assert (await identity.refresh(theirs.tokens.refresh_token)).refresh_token


async def test_all_other_devices_are_signed_out_at_once(identity: RunningIdentity) -> None:
    phone = new_phone()
    signed_in = [await identity.sign_in(phone, device=f"device-{number}") for number in range(4)]
    kept = signed_in[-1].tokens
    answer = await sessions(identity).RevokeOtherSessions(
        pb.RevokeOtherSessionsRequest(), metadata=forward_token(kept.access_token)
    )
    assert answer.revoked_count == 3
    for other in signed_in[:-1]:
        with pytest.raises(Unauthenticated):
            await identity.refresh(other.tokens.refresh_token)
    assert (await identity.refresh(kept.refresh_token)).refresh_token


async def test_a_device_that_was_not_seen_yet_is_told_of_once(identity: RunningIdentity) -> None:
    phone = new_phone()
    await identity.sign_in(phone, device="known")
    await identity.sign_in(phone, device="known")
    second = await identity.sign_in(phone, device="new")
    [current] = [item for item in await live(identity, second.tokens.access_token) if item.current]
    [event] = await identity.events(current.session_id, 1)
    told = events_pb2.NewDeviceSignedIn.FromString(event[b"payload"])
    assert event[b"type"] == b"ridesharing.identity.v1.NewDeviceSignedIn"
    assert (told.account_id, told.session_id, told.device_id) == (second.account.account_id, current.session_id, "new")
    rows = await identity.fetch(
        "SELECT 1 FROM outbox WHERE type LIKE '%NewDeviceSignedIn' AND payload LIKE $1", b"%known%"
    )
    assert rows == []


async def test_the_reuse_of_a_refresh_token_is_told_of(identity: RunningIdentity) -> None:
    signed_in = await identity.sign_in(device="stolen")
    [session] = await live(identity, signed_in.tokens.access_token)
    second = await identity.refresh(signed_in.tokens.refresh_token)
    await identity.refresh(second.refresh_token)
    with pytest.raises(Unauthenticated) as caught:
        await identity.refresh(signed_in.tokens.refresh_token)
    assert caught.value.reason == "refresh_reused"
    event, _ = await identity.events(session.session_id, 2)
    told = events_pb2.RefreshTokenReused.FromString(event[b"payload"])
    assert event[b"type"] == b"ridesharing.identity.v1.RefreshTokenReused"
    assert (told.account_id, told.device_id) == (signed_in.account.account_id, "stolen")
    assert await live(identity, signed_in.tokens.access_token) == []


async def ended(identity: RunningIdentity, token: str) -> tuple[str, str]:
    """Return why the sign-in of an access token ended, as it was told once, and by which other one it was replaced."""
    session_id = jwt.decode(token, options={"verify_signature": False})["sid"]
    told = [
        events_pb2.SessionEnded.FromString(event[b"payload"])
        for event in await identity.events(session_id, 1)
        if event[b"type"] == b"ridesharing.identity.v1.SessionEnded"
    ]
    assert [event.session_id for event in told] == [session_id]
    return told[0].reason, told[0].replaced_by_session_id


async def test_every_end_of_a_sign_in_is_told_once(identity: RunningIdentity) -> None:
    phone = new_phone()
    first = (await identity.sign_in(phone, device="a")).tokens
    second = (await identity.sign_in(phone, device="a")).tokens
    other = (await identity.sign_in(phone, device="b")).tokens
    third = (await identity.sign_in(phone, device="c")).tokens
    as_third = forward_token(third.access_token)
    [current] = [item for item in await live(identity, second.access_token) if item.current]
    for _ in range(2):
        await sessions(identity).RevokeSession(
            pb.RevokeSessionRequest(session_id=current.session_id), metadata=as_third
        )
        await sessions(identity).RevokeOtherSessions(pb.RevokeOtherSessionsRequest(), metadata=as_third)
        await identity.stub.SignOut(identity_pb.SignOutRequest(), metadata=as_third)
    assert await ended(identity, first.access_token) == ("replaced", current.session_id)
    assert await ended(identity, second.access_token) == ("revoked", "")
    assert await ended(identity, other.access_token) == ("revoked", "")
    assert await ended(identity, third.access_token) == ("signed_out", "")
