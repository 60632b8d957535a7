"""Settings that would lose money are refused at the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from payment_service.settings import PaymentSettings


def settings(**changes: Any) -> PaymentSettings:
    needed: dict[str, Any] = {"payment_database_url": "postgresql://localhost/payment", "jwks_file": Path("jwks.json")}
    return PaymentSettings(**(needed | changes))


def test_lease_outlives_a_try_by_default() -> None:
    made = settings()

    assert made.payment_lease_seconds > made.payment_psp_timeout_seconds


@pytest.mark.parametrize(
    "changes",
    [
        {"payment_lease_seconds": 5, "payment_psp_timeout_seconds": 3},
        {"payment_database_url": "mysql://localhost/payment"},
        {"payment_listen": "nowhere"},
        {"environment": "production"},
        {"payment_top_up_least_minor": 600, "payment_top_up_most_minor": 599},
        {"payment_rider_arrears_limit_minor": -1},
        {"payment_tip_window_days": 0},
        {"payment_payout_schedule": "monthly"},
        {"payment_payout_weekday": 7},
        {"payment_payout_hour": 24},
        {"payment_payout_minimum_minor": 0},
    ],
)
def test_wrong_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**changes)


PRODUCTION: dict[str, Any] = {
    "environment": "production",
    "payment_psp_url": "https://psp.example.org",
    "payment_psp_api_key": "sk_live_key",
    "payment_psp_webhook_secret": "whsec_live",
}


def test_what_production_needs_is_enough() -> None:
    assert settings(**PRODUCTION).payment_psp_url == "https://psp.example.org"


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "environment"])
def test_production_takes_nothing_of_the_sandbox(name: str) -> None:
    with pytest.raises(ValidationError, match=f"JITNEY_{name.upper()} must be set in production"):
        settings(**{key: value for key, value in PRODUCTION.items() if key != name})


def test_api_key_is_not_shown() -> None:
    made = settings(payment_psp_api_key="sk_live_very_secret")

    assert "very_secret" not in repr(made)
