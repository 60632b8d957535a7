"""Contract suites meet the real stores through the fixtures of the integration tests."""

from tests.integration.conftest import (
    jwks_file,
    migrated_postgres_url,
    postgres,
    postgres_url,
    redis_server,
    redis_url,
    redis_url_for,
    signing_keys,
)
from tests.integration.matching.conftest import database, shared_database

__all__ = [
    "database",
    "jwks_file",
    "migrated_postgres_url",
    "postgres",
    "postgres_url",
    "redis_server",
    "redis_url",
    "redis_url_for",
    "shared_database",
    "signing_keys",
]
