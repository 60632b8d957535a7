"""Access tokens: who may vouch for whom, for how long, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from chassis.auth import CLOCK_SKEW_SECONDS, Actor, Role, TokenSigner, TokenVerifier, bearer_token, with_implied
from shared_kernel.errors import Unauthenticated
from tests.unit.chassis.keys import MovableClock, key_of, public_jwk, signer_of, verifier


def reason_of(verify: TokenVerifier, token: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        verify.verify(token)
    return caught.value.reason


def forge(clock: MovableClock, signed_by: str = "identity", kid: str | None = None, **changes: Any) -> str:
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {"iss": signed_by, "aud": "jitney", "sub": "x", "sid": "", "role": "rider", "jti": "1"}
    claims["ver"] = 1
    claims |= {"iat": now, "exp": now + 60}
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(claims, key_of(signed_by), algorithm="ES256", headers={"kid": kid or signed_by})


def test_a_token_says_who_is_meant() -> None:
    clock, account = MovableClock(), uuid4()
    token = signer_of("identity", clock).sign(str(account), Role.DRIVER, 60, session_id="s1")

    actor = verifier(clock).verify(token)

    assert (actor.role, actor.account_id, actor.issuer, actor.session_id) == (Role.DRIVER, account, "identity", "s1")


def test_a_token_expires_also_where_it_was_seen_before() -> None:
    clock = MovableClock()
    token, verify = signer_of("identity", clock).sign("x", Role.RIDER, 60), verifier(clock)
    verify.verify(token)
    clock.move(60 + CLOCK_SKEW_SECONDS - 1)
    verify.verify(token)
    clock.move(1)

    assert reason_of(verify, token) == "expired_token"


def test_what_a_caller_opened_lasts_no_longer_than_the_token_counts() -> None:
    clock = MovableClock()
    token = signer_of("identity", clock).sign("x", Role.RIDER, 60)
    clock.move(50)

    actor = verifier(clock).verify(token)

    assert actor.seconds_left(clock.now(), 1800) == 10 + CLOCK_SKEW_SECONDS
    assert actor.seconds_left(clock.now(), 5) == 5
    assert Actor(Role.RIDER, "x", "", "").seconds_left(clock.now(), 5) == 5


def test_a_token_of_the_future_is_refused() -> None:
    clock = MovableClock()
    early = MovableClock()
    early.move(CLOCK_SKEW_SECONDS + 1)

    assert reason_of(verifier(clock), signer_of("identity", early).sign("x", Role.RIDER, 60)) == "invalid_token"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "somebody"},
        {"iss": "matching"},
        {"role": "root"},
        {"role": "partner"},
        {"ver": None},
        {"ver": 2},
        {"ver": True},
        {"ver": "1"},
        {"role": "anonymous"},
        {"role": None},
        {"sub": None},
        {"jti": None},
        {"exp": None},
        {"iat": None},
        {"kid": "nobody"},
        {"kid": "matching"},
    ],
    ids=str,
)
def test_a_token_that_is_not_as_it_should_be_is_invalid(changes: dict[str, Any]) -> None:
    clock = MovableClock()

    assert reason_of(verifier(clock), forge(clock, **changes)) == "invalid_token"


def test_a_service_may_vouch_for_itself_alone() -> None:
    clock = MovableClock()
    verify = verifier(clock)

    assert verify.verify(forge(clock, "matching", role="service", sub="matching")).role is Role.SERVICE
    assert reason_of(verify, forge(clock, "matching", role="service", sub="payment")) == "invalid_token"
    assert reason_of(verify, forge(clock, "matching", role="operator", sub="matching")) == "invalid_token"
    with pytest.raises(ValueError, match="only sign for itself"):
        signer_of("matching", clock).sign("somebody", Role.OPERATOR, 60)


def test_an_unsigned_token_and_one_of_another_algorithm_are_invalid() -> None:
    clock = MovableClock()
    claims = jwt.decode(forge(clock), options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": "identity"})
    by_secret = jwt.encode(claims, "s" * 32, algorithm="HS256", headers={"kid": "identity"})

    assert reason_of(verifier(clock), unsigned) == "invalid_token"
    assert reason_of(verifier(clock), by_secret) == "invalid_token"


@given(st.text(max_size=200))
def test_any_text_is_refused_without_breaking(text: str) -> None:
    clock = MovableClock()

    assert reason_of(verifier(clock), text) == "invalid_token"


def test_an_own_token_is_kept_until_two_thirds_of_its_life() -> None:
    clock = MovableClock()
    signer = signer_of("matching", clock)
    first = signer.own_token()
    clock.move(199)
    assert signer.own_token() == first
    clock.move(1)
    assert signer.own_token() != first


@pytest.mark.parametrize("role", [Role.SERVICE, Role.ANONYMOUS])
def test_who_is_no_person_has_no_account(role: Role) -> None:
    with pytest.raises(Unauthenticated) as caught:
        _ = Actor(role, str(uuid4()), "", "").account_id
    assert caught.value.reason == "account_required"


def test_the_header_is_read_whatever_its_case_and_other_schemes_are_refused() -> None:
    assert bearer_token((("authorization", "bearer abc"),)) == "abc"
    assert bearer_token((("x", "y"),)) == ""
    assert bearer_token(None) == ""
    for wrong in ("Basic abc", "Bearer", "abc"):
        with pytest.raises(Unauthenticated):
            bearer_token((("authorization", wrong),))


def test_keys_are_read_from_their_files(tmp_path: Path) -> None:
    clock = MovableClock()
    pem = key_of("identity").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "identity.pem").write_bytes(pem)
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [public_jwk("identity"), public_jwk("matching")]}))

    token = TokenSigner.from_dir(tmp_path, "identity", clock).sign("x", Role.RIDER, 60)

    assert TokenVerifier.from_file(tmp_path / "jwks.json", clock).verify(token).subject == "x"


def test_a_key_set_without_names_is_refused_at_the_start(tmp_path: Path) -> None:
    entry = public_jwk("identity")
    del entry["kid"]
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [entry]}))

    with pytest.raises(ValueError, match="kid"):
        TokenVerifier.from_file(tmp_path / "jwks.json")


def test_a_token_says_for_what_it_may_be_used() -> None:
    clock = MovableClock()
    token = signer_of("identity", clock).sign(str(uuid4()), Role.PARTNER, 60, scopes=["mds:read", "bookings:write"])

    assert verifier(clock).verify(token).scopes == {"mds:read", "bookings:write"}


def test_an_admin_may_what_an_operator_may_and_not_the_other_way_round() -> None:
    assert with_implied([Role.OPERATOR]) == {Role.OPERATOR, Role.ADMIN}
    assert with_implied([Role.ADMIN, Role.SUPPORT]) == {Role.ADMIN, Role.SUPPORT}
