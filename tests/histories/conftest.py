"""The histories meet the real stores through the fixtures of the integration tests."""

from tests.integration.conftest import migrated_postgres_url, postgres, redis_server, redis_url_for

__all__ = ["migrated_postgres_url", "postgres", "redis_server", "redis_url_for"]
