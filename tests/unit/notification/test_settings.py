"""Settings that would lead people nowhere are refused at the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from notification_service.settings import NotificationSettings

PRODUCTION: dict[str, Any] = {
    "environment": "production",
    "notification_sms_url": "https://sms.example.org",
    "notification_share_url": "https://rides.example.org/shared/",
}


def settings(**changes: Any) -> NotificationSettings:
    needed: dict[str, Any] = {
        "notification_database_url": "postgresql://localhost/notification",
        "jwks_file": Path("jwks.json"),
        "signing_keys_dir": Path("keys"),
        "notification_webhook_key": "ab" * 32,
    }
    return NotificationSettings(**(needed | changes))


def test_what_production_needs_is_enough() -> None:
    assert settings(**PRODUCTION).notification_share_url == "https://rides.example.org/shared/"


@pytest.mark.parametrize("name", ["notification_sms_url", "notification_share_url"])
def test_production_reaches_nobody_by_addresses_of_one_machine(name: str) -> None:
    with pytest.raises(ValidationError, match=f"JITNEY_{name.upper()} must be set in production"):
        settings(**{key: value for key, value in PRODUCTION.items() if key != name})


def test_a_file_of_providers_stands_in_for_the_one_of_sms() -> None:
    given = {key: value for key, value in PRODUCTION.items() if key != "notification_sms_url"}

    assert settings(**given, notification_providers_file=Path("providers.json")).environment == "production"
