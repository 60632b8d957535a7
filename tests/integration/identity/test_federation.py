"""Sign-in by an external provider, over a real one's documents."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
import pytest

from chassis.clients import forward_token
from chassis.status import rpc_errors
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import federation_service_pb2 as pb
from ridesharing.identity.v1.federation_service_pb2_grpc import FederationServiceStub
from shared_kernel.errors import Conflict, DomainError, NotFound, PermissionRefused, Unauthenticated, Unavailable
from tests.fakes.oidc_provider import CLIENT_ID, OidcProvider, oidc_provider
from tests.integration.identity.conftest import Runner, RunningIdentity, new_phone

_FAR_AHEAD = 4_102_444_800


@dataclass
class Federated:
    """Identity with a provider beside it."""

    identity: RunningIdentity
    provider: OidcProvider

    @property
    def stub(self) -> Any:
        return FederationServiceStub(self.identity.channel)

    def token(self, **changes: Any) -> str:
        """Sign a token, another one each time."""
        self.identity.clock.advance(seconds=1)
        return self.provider.token(self.identity.clock.now(), **changes)

    async def sign_in(
        self, token: str, role: access_pb2.Role.ValueType = access_pb2.ROLE_RIDER, nonce: str = "n-1"
    ) -> pb.SignInWithIdTokenResponse:
        request = pb.SignInWithIdTokenRequest(id_token=token, nonce=nonce, role=role, device_id="device-9")
        with rpc_errors():
            return await self.stub.SignInWithIdToken(request)

    async def link(self, access_token: str, id_token: str) -> pb.LinkedIdentity:
        request = pb.LinkIdentityRequest(id_token=id_token, nonce="n-1")
        with rpc_errors():
            return (await self.stub.LinkIdentity(request, metadata=forward_token(access_token))).identity

    async def refused(self, token: str, nonce: str = "n-1") -> str:
        """Return the reason of a sign-in that must be refused."""
        with pytest.raises(DomainError) as caught:
            await self.sign_in(token, nonce=nonce)
        return caught.value.reason


@pytest.fixture
async def federated(run_identity: Runner) -> AsyncGenerator[Federated]:
    with oidc_provider() as provider:
        settings = [{"issuer": provider.issuer, "audiences": [CLIENT_ID]}]
        async with run_identity(identity_oidc_providers=settings) as identity:
            yield Federated(identity, provider)


async def test_whose_number_the_provider_verified_signs_in_to_its_account(federated: Federated) -> None:
    phone = new_phone()
    by_code = (await federated.identity.sign_in(phone)).account.account_id
    vouched = {"phone_number": phone, "phone_number_verified": True}
    first = await federated.sign_in(federated.token(**vouched))
    assert (first.account.account_id, first.new_account) == (by_code, False)
    assert (await federated.identity.refresh(first.tokens.refresh_token)).access_token
    # From now on the provider's own name for the person is enough.
    again = await federated.sign_in(federated.token(nonce=None), nonce="")
    assert again.account.account_id == by_code
    stranger = await federated.sign_in(
        federated.token(sub="person-2", phone_number=new_phone(), phone_number_verified=True)
    )
    assert stranger.new_account


async def test_an_identity_that_nobody_linked_and_no_number_vouches_for_is_nobody(federated: Federated) -> None:
    phone = new_phone()
    for unverified in ({}, {"phone_number": phone}, {"phone_number": phone, "phone_number_verified": "true"}):
        assert await federated.refused(federated.token(**unverified)) == "identity_not_linked"


async def test_who_is_signed_in_links_lists_and_unlinks_an_identity(federated: Federated) -> None:
    mine = (await federated.identity.sign_in()).tokens.access_token
    linked = await federated.link(mine, federated.token())
    assert (linked.issuer, linked.subject) == (federated.provider.issuer, "person-1")
    assert (await federated.link(mine, federated.token())).identity_id == linked.identity_id
    theirs = (await federated.identity.sign_in()).tokens.access_token
    with pytest.raises(Conflict) as taken:
        await federated.link(theirs, federated.token())
    assert taken.value.reason == "identity_taken"
    named = pb.UnlinkIdentityRequest(identity_id=linked.identity_id)
    with pytest.raises(NotFound), rpc_errors():
        await federated.stub.UnlinkIdentity(named, metadata=forward_token(theirs))
    await federated.stub.UnlinkIdentity(named, metadata=forward_token(mine))
    listed = await federated.stub.ListIdentities(pb.ListIdentitiesRequest(), metadata=forward_token(mine))
    assert list(listed.identities) == []
    assert await federated.refused(federated.token()) == "identity_not_linked"


async def test_an_account_has_five_identities_at_most(federated: Federated) -> None:
    mine = (await federated.identity.sign_in()).tokens.access_token
    for number in range(5):
        await federated.link(mine, federated.token(sub=f"person-{number}"))
    with pytest.raises(Conflict) as caught:
        await federated.link(mine, federated.token(sub="person-6"))
    assert caught.value.reason == "too_many_identities"
    # One that is linked already stays as it is.
    assert (await federated.link(mine, federated.token(sub="person-4"))).subject == "person-4"


async def test_a_token_counts_once_however_many_bring_it(federated: Federated) -> None:
    token = federated.token(phone_number=new_phone(), phone_number_verified=True)
    answers = await asyncio.gather(*(federated.sign_in(token) for _ in range(10)), return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert all(isinstance(answer, Unauthenticated) for answer in answers if isinstance(answer, BaseException))


async def test_a_token_that_proves_nothing_is_refused(federated: Federated) -> None:
    now = federated.identity.clock.now()
    good = federated.token(phone_number=new_phone(), phone_number_verified=True)
    head, body, signature = good.split(".")
    forged = jwt.encode({"iss": federated.provider.issuer}, "s" * 32, algorithm="HS256", headers={"kid": "odd"})
    unsigned = jwt.encode({"iss": federated.provider.issuer}, "", algorithm="none", headers={"kid": "first"})
    elsewhere = federated.token(iss="https://elsewhere.example.org")
    wrong = {
        "another audience": federated.token(aud="another-app"),
        "several audiences and no azp": federated.token(aud=[CLIENT_ID, "another-app"]),
        "made for another app": federated.token(azp="another-app"),
        "another issuer": elsewhere,
        "expired": federated.token(exp=int(now.timestamp()) - 3_600),
        "not yet issued": federated.token(iat=int(now.timestamp()) + 7_200, exp=int(now.timestamp()) + 7_500),
        "counts for years": federated.token(exp=_FAR_AHEAD),
        "no subject": federated.token(sub=None),
        "no expiry": federated.token(exp=None),
        "times that are none": federated.token(iat="yesterday"),
        "a body of its own": f"{head}.{elsewhere.split('.')[1]}.{signature}",
        "no signature": f"{head}.{body}.",
        "signed with a secret": forged,
        "unsigned": unsigned,
        "no token": "not a token",
        "endless": "a" * 16_000,
    }
    reasons = {name: await federated.refused(token) for name, token in wrong.items()}
    assert reasons == dict.fromkeys(wrong, "id_token_invalid")
    assert await federated.refused(good, nonce="another") == "id_token_invalid"


async def test_new_keys_are_found_and_made_up_ones_do_not_wear_the_provider_out(federated: Federated) -> None:
    vouched = {"phone_number": new_phone(), "phone_number_verified": True}
    await federated.sign_in(federated.token(**vouched))
    asked = federated.provider.key_requests
    federated.identity.clock.advance(minutes=2)
    federated.provider.rotate("second")
    await federated.sign_in(federated.token(**vouched))
    assert federated.provider.key_requests == asked + 1
    for number in range(20):
        made_up = jwt.encode({"iss": federated.provider.issuer}, "s" * 32, headers={"kid": f"made-up-{number}"})
        assert await federated.refused(made_up) == "id_token_invalid"
    assert federated.provider.key_requests <= asked + 2


async def test_while_the_provider_is_away_nobody_is_taken_for_a_liar(federated: Federated) -> None:
    federated.provider.down = True
    with pytest.raises(Unavailable) as caught:
        await federated.sign_in(federated.token(phone_number=new_phone(), phone_number_verified=True))
    assert caught.value.reason == "identity_provider_unavailable"
    federated.provider.down = False
    federated.identity.clock.advance(seconds=10)
    assert (await federated.sign_in(federated.token(phone_number=new_phone(), phone_number_verified=True))).new_account


async def test_a_provider_that_is_away_is_asked_once_for_all_who_wait_and_its_known_keys_stay_good(
    federated: Federated,
) -> None:
    vouched = {"phone_number": new_phone(), "phone_number_verified": True}
    known = federated.token(**vouched)
    await federated.sign_in(federated.token(**vouched))
    federated.provider.down = True
    federated.identity.clock.advance(minutes=2)
    federated.provider.rotate("second")
    asked = federated.provider.requests
    tokens = [federated.provider.token(federated.identity.clock.now(), jti=str(number)) for number in range(20)]
    answers = await asyncio.gather(*(federated.sign_in(token) for token in tokens), return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unavailable}
    assert federated.provider.requests == asked + 1
    assert (await federated.sign_in(known)).account


async def test_staff_sign_in_only_with_the_role_and_an_erasure_takes_the_identity_along(federated: Federated) -> None:
    signed_in = await federated.identity.sign_in()
    await federated.link(signed_in.tokens.access_token, federated.token())
    with pytest.raises(PermissionRefused) as caught:
        await federated.sign_in(federated.token(), access_pb2.ROLE_OPERATOR)
    assert caught.value.reason == "role_not_granted"
    account_id = UUID(signed_in.account.account_id)
    async with federated.identity.store.transaction() as transaction:
        told = await transaction.erasures.own_rows(account_id)
        assert [row["subject"] for row in told["external_identities"]] == ["person-1"]
        await transaction.erasures.empty_account(account_id, federated.identity.clock.now())
        assert await transaction.identities.of(account_id) == []
