"""Calls of the PSP are named without whose they are."""

from __future__ import annotations

import pytest

from payment_service.adapters.stripe_http import operation_of


@pytest.mark.parametrize(
    ("method", "url", "name"),
    [
        ("post", "https://api.stripe.com/v1/payment_intents", "POST payment_intents"),
        ("post", "http://127.0.0.1:1/psp/v1/payment_intents/pi_3Q/capture?x=1", "POST payment_intents/{id}/capture"),
        (
            "get",
            "https://api.stripe.com/v1/customers/cus_1/payment_methods/pm_1",
            "GET customers/{id}/payment_methods/{id}",
        ),
        ("get", "https://api.stripe.com/v1/payment_intents/search?query=+14155550123", "GET payment_intents/{id}"),
        ("get", "https://api.stripe.com/v1/+14155550123", "GET {id}"),
    ],
)
def test_an_operation_names_no_object(method: str, url: str, name: str) -> None:
    assert operation_of(method, url) == name
