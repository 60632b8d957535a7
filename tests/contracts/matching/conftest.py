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

__all__ = [
    "jwks_file",
    "migrated_postgres_url",
    "postgres",
    "postgres_url",
    "redis_server",
    "redis_url",
    "redis_url_for",
    "signing_keys",
]
