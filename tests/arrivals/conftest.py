"""The stores of the integration tests."""

from tests.integration.conftest import migrated_postgres_url, postgres

__all__ = ["migrated_postgres_url", "postgres"]
