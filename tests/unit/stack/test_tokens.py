"""Tokens for local work."""

import uuid
from pathlib import Path

import pytest

from chassis.auth import Role, TokenVerifier
from jitney.stack.keys import ISSUERS, make_signing_keys
from jitney.stack.problems import StackError
from jitney.stack.tokens import make_token, signing_keys


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    make_signing_keys(folder)
    return folder


@pytest.mark.parametrize("role", ["rider", "driver", "operator"])
def test_a_token_names_the_account_and_the_role(keys: Path, role: str) -> None:
    account = uuid.uuid4()
    actor = TokenVerifier.from_file(keys / "jwks.json").verify(make_token(keys, role, str(account), 5))
    assert (actor.role, actor.account_id, actor.issuer) == (Role(role), account, "cli")


def test_a_service_is_named_and_not_numbered(keys: Path) -> None:
    actor = TokenVerifier.from_file(keys / "jwks.json").verify(make_token(keys, "service", "matching", 5))
    assert (actor.role, actor.subject) == (Role.SERVICE, "matching")


def test_an_account_must_be_a_uuid(keys: Path) -> None:
    with pytest.raises(StackError, match="UUID"):
        make_token(keys, "rider", "somebody", 5)


@pytest.mark.parametrize("minutes", [0, -1, 1441])
def test_a_token_is_short_lived(keys: Path, minutes: int) -> None:
    with pytest.raises(StackError, match="1440"):
        make_token(keys, "rider", None, minutes)


def test_without_keys_it_says_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="jitney up makes those of a local stack; JITNEY_SIGNING_KEYS_DIR"):
        make_token(tmp_path, "rider", None, 5)


def test_keys_are_made_once_and_readable_by_their_owner_alone(keys: Path) -> None:
    before = {path.name: path.read_bytes() for path in keys.iterdir()}
    make_signing_keys(keys)
    assert {path.name: path.read_bytes() for path in keys.iterdir()} == before
    assert set(before) == {*(f"{issuer}.pem" for issuer in ISSUERS), "jwks.json"}
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}


def test_keys_of_a_system_elsewhere_are_those_that_the_environment_names(tmp_path: Path) -> None:
    assert signing_keys({}, tmp_path) == tmp_path
    assert signing_keys({"JITNEY_SIGNING_KEYS_DIR": "/run/keys"}, tmp_path) == Path("/run/keys")
