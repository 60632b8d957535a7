"""What integration tests stand on: a real PostgreSQL, a real Redis, signing keys and the sandbox.

Everything is started once a run, on free ports and in temporary folders, when a test first asks for it.
"""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jitney.stack.addresses import Address
from jitney.stack.keys import make_signing_keys
from jitney.stack.launch import Launcher
from jitney.stack.providers import make_providers_file
from jitney.stack.redis import EmbeddedRedis
from jitney.stack.specs import ProcessSpec
from tests.integration.embedded import TestPostgres, embedded_postgres, embedded_redis, free_ports, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestPostgres]:
    """The cluster of this run."""
    with embedded_postgres() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_url(postgres: TestPostgres) -> Callable[[str], str]:
    """`postgres_url(name)`: the URL of a new empty database."""
    return postgres.empty


@pytest.fixture(scope="session")
def migrated_postgres_url(postgres: TestPostgres) -> Callable[[str], str]:
    """`migrated_postgres_url("matching")`: the URL of a new database with that service's schema (copied, so quick)."""
    return postgres.migrated


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedRedis]:
    """The Redis of this run."""
    with embedded_redis() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(redis_server: EmbeddedRedis) -> str:
    """The URL of Redis' database 0; tests that share it use keys of their own."""
    return redis_server.url()


@pytest.fixture(scope="session")
def redis_url_for(redis_server: EmbeddedRedis) -> Callable[[int], str]:
    """`redis_url_for(db)`: the URL of one of the databases 0 to 15."""
    return redis_server.url


@pytest.fixture(scope="session")
def signing_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the private keys of all issuers."""
    folder = tmp_path_factory.mktemp("keys")
    make_signing_keys(folder)
    return folder


@pytest.fixture(scope="session")
def jwks_file(signing_keys: Path) -> Path:
    """The public keys of all issuers."""
    return signing_keys / "jwks.json"


@pytest.fixture(scope="session")
def sandbox_providers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of providers by which the sandbox is reached, as notification_service reads it."""
    path = tmp_path_factory.mktemp("providers") / "providers.json"
    port, smtp_port = free_ports(2)
    make_providers_file(
        path, Address("127.0.0.1", port), Address("127.0.0.1", smtp_port), "AC_sandbox", "sandbox_token"
    )
    return path


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory, sandbox_providers: Path) -> Iterator[str]:
    """The address of a running sandbox (PSP, SMS, push, mail), without a slash at its end."""
    providers = {each["kind"]: each for each in json.loads(sandbox_providers.read_bytes())["providers"]}
    port = int(providers["twilio"]["url"].rpartition(":")[2].partition("/")[0])
    place = tmp_path_factory.mktemp("sandbox")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
    environment |= {
        "JITNEY_SANDBOX_LISTEN": f"127.0.0.1:{port}",
        "JITNEY_SANDBOX_SMTP_LISTEN": f"127.0.0.1:{providers['smtp']['port']}",
        "JITNEY_SANDBOX_DATA": str(place / "data"),
        # Else what a test has put into the platform's balance goes to its bank when midnight comes between.
        "JITNEY_SANDBOX_SETTLEMENT": "manual",
        "JITNEY_NOTIFICATION_PROVIDERS_FILE": str(sandbox_providers),
    }
    spec = ProcessSpec(
        name="sandbox",
        argv=(sys.executable, "-m", "jitney", "sandbox"),
        environment=environment,
        ready=f"http://127.0.0.1:{port}/healthz",
    )
    with contextlib.ExitStack() as stack:
        launcher = stack.enter_context(Launcher())
        stack.enter_context(running(launcher, spec, place / "sandbox.log"))
        yield f"http://127.0.0.1:{port}"
