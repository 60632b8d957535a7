"""The REST application over real gRPC, called by Flask's client."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from chassis.auth import Role, TokenSigner, TokenVerifier
from rider_api.rest.app import make_app, make_edge
from rider_api.settings import RestSettings
from tests.integration.edge.backends import Backends
from tests.integration.edge.openapi import Document

ACCOUNT = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.fixture(scope="session")
def every_backend(jwks_file: Path) -> Iterator[Backends]:
    backends = Backends(TokenVerifier.from_file(jwks_file))
    backends.start()
    yield backends
    backends.stop()


@pytest.fixture
def backends(every_backend: Backends, redis_url: str) -> Backends:
    every_backend.reset()
    with redis.Redis.from_url(redis_url) as shared:
        # No test is answered with what another one was.
        for name in shared.scan_iter("edge:*"):
            shared.delete(name)
    return every_backend


@pytest.fixture(scope="session")
def edge_settings(
    every_backend: Backends, jwks_file: Path, signing_keys: Path, redis_url: str
) -> Iterator[RestSettings]:
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("JITNEY_")}
    targets = {f"{name}_target": every_backend.address for name in ("identity", "matching", "payment", "notification")}
    values: dict[str, object] = {
        **targets,
        "jwks_file": jwks_file,
        "signing_keys_dir": signing_keys,
        "redis_url": redis_url,
        # One account asks for all tests.
        **{f"rest_{name}_per_minute": 1_000_000 for name in ("reads", "writes", "sign_ins", "codes")},
    }
    with pytest.MonkeyPatch.context() as patch:
        # Without Redis much goes on in other ways: a busy machine is not to be taken for that.
        patch.setattr("rider_api.rest.shared_redis.TIMEOUT_SECONDS", 60.0)
        patch.setattr("rider_api.rest.ticket_office._TIMEOUT_SECONDS", 60.0)
        yield RestSettings.model_validate(values)
    os.environ.update(before)


@pytest.fixture(scope="session")
def app(edge_settings: RestSettings) -> Iterator[Flask]:
    edge = make_edge(edge_settings)
    yield make_app(edge)
    edge.backends.close()


@pytest.fixture
def client(app: Flask, backends: Backends) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def bearer(signing_keys: Path) -> Callable[..., dict[str, str]]:
    """`bearer(Role.RIDER)`: the header of somebody signed in."""
    people = TokenSigner.from_dir(signing_keys, "identity")
    service = TokenSigner.from_dir(signing_keys, "payment")

    def make(role: Role, account: UUID = ACCOUNT, lifetime_seconds: int = 600) -> dict[str, str]:
        if role is Role.SERVICE:
            token = service.sign("payment", role, lifetime_seconds)
        else:
            scopes = ["agencies:read", "bookings:write"] if role is Role.PARTNER else []
            token = people.sign(str(account), role, lifetime_seconds, scopes=scopes)
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture(scope="session")
def document(app: Flask) -> Document:
    return Document(app.test_client().get("/openapi.json").get_json())
