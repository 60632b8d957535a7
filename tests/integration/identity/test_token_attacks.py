"""Tokens that somebody else made, or made for something else, open nothing."""

import base64
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from chassis.clients import forward_token
from chassis.status import rpc_errors
from ridesharing.identity.v1 import identity_service_pb2 as pb
from shared_kernel.errors import Unauthenticated
from tests.integration.identity.conftest import RunningIdentity


def key_of(keys: Path, issuer: str) -> Any:
    return load_pem_private_key((keys / f"{issuer}.pem").read_bytes(), password=None)


def claims(identity: RunningIdentity, **others: object) -> dict[str, object]:
    now = int(identity.clock.now().timestamp())
    good: dict[str, object] = {
        "iss": "identity",
        "aud": "jitney",
        "sub": str(uuid4()),
        "sid": "",
        "role": "operator",
        "iat": now,
        "exp": now + 600,
        "jti": "one",
        "ver": 1,
    }
    return {name: value for name, value in (good | others).items() if value is not None}


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(content: dict[str, Any]) -> str:
    return encoded(json.dumps(content).encode())


async def refusal_of(identity: RunningIdentity, token: str) -> str:
    with pytest.raises(Unauthenticated) as caught, rpc_errors():
        await identity.stub.ListDrivers(pb.ListDriversRequest(), metadata=forward_token(token))
    return caught.value.reason


def signed(identity: RunningIdentity, issuer: str, kid: str | None, body: dict[str, object]) -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(body, key_of(identity.keys, issuer), algorithm="ES256", headers=headers)


async def test_the_token_that_the_attacks_change_is_a_good_one(identity: RunningIdentity) -> None:
    token = signed(identity, "identity", "identity", claims(identity))
    await identity.stub.ListDrivers(pb.ListDriversRequest(), metadata=forward_token(token))


async def test_a_token_without_a_signature_is_refused(identity: RunningIdentity) -> None:
    for algorithm in ("none", "None", ""):
        token = f"{part({'alg': algorithm, 'kid': 'identity', 'typ': 'JWT'})}.{part(claims(identity))}."
        assert await refusal_of(identity, token) == "invalid_token"


async def test_a_token_signed_by_hmac_with_the_public_key_is_refused(identity: RunningIdentity) -> None:
    public = key_of(identity.keys, "identity").public_key()
    jwk = next(key for key in json.loads((identity.keys / "jwks.json").read_text())["keys"] if key["kid"] == "identity")
    forms = (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(jwk).encode(),
    )
    for form in forms:
        # By hand: PyJWT refuses to make such a token.
        head = f"{part({'alg': 'HS256', 'kid': 'identity', 'typ': 'JWT'})}.{part(claims(identity))}"
        token = f"{head}.{encoded(hmac.digest(form, head.encode(), 'sha256'))}"
        assert await refusal_of(identity, token) == "invalid_token"


@pytest.mark.parametrize("kid", [None, "", "nobody", "matching", "../identity"])
async def test_a_token_with_a_key_name_that_is_not_its_issuer_is_refused(
    identity: RunningIdentity, kid: str | None
) -> None:
    assert await refusal_of(identity, signed(identity, "identity", kid, claims(identity))) == "invalid_token"


@pytest.mark.parametrize("issuer", [None, "", "matching", "Identity"])
async def test_a_token_of_another_issuer_than_its_key_is_refused(identity: RunningIdentity, issuer: str | None) -> None:
    token = signed(identity, "identity", "identity", claims(identity, iss=issuer))
    assert await refusal_of(identity, token) == "invalid_token"


async def test_a_token_of_an_unknown_key_under_a_known_name_is_refused(identity: RunningIdentity) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    token = jwt.encode(claims(identity), stranger, algorithm="ES256", headers={"kid": "identity"})
    assert await refusal_of(identity, token) == "invalid_token"


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "role", "iat", "exp", "jti", "ver"])
async def test_a_token_without_a_claim_is_refused(identity: RunningIdentity, missing: str) -> None:
    token = signed(identity, "identity", "identity", claims(identity, **{missing: None}))
    assert await refusal_of(identity, token) == "invalid_token"


@pytest.mark.parametrize("audience", ["elsewhere", "", "jitney2"])
async def test_a_token_for_somebody_else_is_refused(identity: RunningIdentity, audience: str) -> None:
    token = signed(identity, "identity", "identity", claims(identity, aud=audience))
    assert await refusal_of(identity, token) == "invalid_token"


async def test_an_expired_token_is_refused(identity: RunningIdentity) -> None:
    past = int((identity.clock.now() - timedelta(minutes=1)).timestamp())
    token = signed(identity, "identity", "identity", claims(identity, iat=past - 600, exp=past))
    assert await refusal_of(identity, token) == "expired_token"


@pytest.mark.parametrize("role", ["rider", "driver", "operator"])
async def test_a_service_cannot_vouch_for_people(identity: RunningIdentity, role: str) -> None:
    token = signed(identity, "matching", "matching", claims(identity, iss="matching", role=role))
    assert await refusal_of(identity, token) == "invalid_token"


async def test_a_service_cannot_speak_for_another(identity: RunningIdentity) -> None:
    body = claims(identity, iss="matching", sub="payment", role="service")
    assert await refusal_of(identity, signed(identity, "matching", "matching", body)) == "invalid_token"


@pytest.mark.parametrize("role", ["anonymous", "root", "partner", "OPERATOR", ""])
async def test_a_role_that_is_none_is_refused(identity: RunningIdentity, role: str) -> None:
    token = signed(identity, "identity", "identity", claims(identity, role=role))
    assert await refusal_of(identity, token) == "invalid_token"


async def test_a_refresh_token_is_no_access_token(identity: RunningIdentity) -> None:
    signed_in = await identity.sign_in()
    assert await refusal_of(identity, signed_in.tokens.refresh_token) == "invalid_token"


async def test_a_changed_token_is_refused(identity: RunningIdentity) -> None:
    header, body, signature = (await identity.sign_in()).tokens.access_token.split(".")
    changed = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) | {"role": "operator"}
    assert await refusal_of(identity, f"{header}.{part(changed)}.{signature}") == "invalid_token"
