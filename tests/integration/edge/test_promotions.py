"""What the routes of promotions hand down, and how refusals are told."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from chassis.auth import Role
from shared_kernel.errors import Conflict, DomainError, LimitExceeded, NotFound
from tests.integration.edge.backends import Backends

Bearer = Callable[..., dict[str, str]]
MADE: dict[str, Any] = {
    "code": "welcome-20",
    "currency_code": "USD",
    "percent_off_basis_points": 2000,
    "ends_at": "2030-01-01T00:00:00Z",
}


def test_what_an_operator_makes_goes_down_as_it_was_written(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    headers = {**bearer(Role.OPERATOR), "Idempotency-Key": "make-1"}
    body = {**MADE, "products": ["xl", "economy", "xl"], "most_off_minor": 1000, "redemption_limit": 500}
    answer = client.post("/v1/operator/promotions", json=body, headers=headers)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    asked = backends.last("CreatePromotion")
    assert (asked.request_id, asked.terms.code, list(asked.terms.products)) == (
        "make-1",
        "welcome-20",
        ["xl", "economy"],
    )
    assert (asked.terms.percent_off_basis_points, asked.terms.most_off_minor, asked.redemption_limit) == (
        2000,
        1000,
        500,
    )
    assert (asked.terms.uses_per_rider, asked.HasField("start_time"), asked.end_time.seconds) == (1, False, 1893456000)


@pytest.mark.parametrize("wrong", [{"code": "no"}, {"code": "a b c d"}, {"uses_per_rider": 0}, {"ends_at": "soon"}])
def test_what_makes_no_promotion_is_refused_at_the_door(
    client: FlaskClient, backends: Backends, bearer: Bearer, wrong: dict[str, Any]
) -> None:
    headers = {**bearer(Role.OPERATOR), "Idempotency-Key": "make-1"}
    assert client.post("/v1/operator/promotions", json={**MADE, **wrong}, headers=headers).status_code == 400
    assert backends.asked == []


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (NotFound("promotion_not_found", "m"), 404),
        (Conflict("promotion_used_up", "m"), 409),
        (Conflict("promotion_ended", "m"), 409),
        (LimitExceeded("too_many_codes", "m", retry_after_seconds=1800.0), 429),
    ],
)
def test_a_code_that_is_refused_says_why(
    client: FlaskClient, backends: Backends, bearer: Bearer, refusal: DomainError, status: int
) -> None:
    backends.answers["RedeemPromotion"] = refusal
    headers = {**bearer(Role.RIDER), "Idempotency-Key": f"redeem-{refusal.reason}"}
    answer = client.post("/v1/promotions/redeem", json={"code": "WELCOME-20"}, headers=headers)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (status, refusal.reason)
    assert answer.headers.get("Retry-After") == ("1800" if status == 429 else None)
    assert backends.last("RedeemPromotion").code == "WELCOME-20"


def test_a_rider_keeps_promotions_for_other_rides(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    place = {"latitude": 37.7793, "longitude": -122.4193}
    body = {"pickup": place, "dropoff": {**place, "latitude": 37.8}, "without_promotion": True}
    assert client.post("/v1/quotes", json=body, headers=bearer(Role.RIDER)).status_code == 201
    assert backends.last("CreateQuotes").without_promotion
