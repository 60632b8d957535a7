"""How often somebody may ask, and which pages may read the answers."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError

from chassis.auth import Role
from rider_api.headers import client_address
from rider_api.rest.app import make_app, make_edge
from rider_api.settings import RestSettings
from tests.integration.edge.backends import Backends
from tests.integration.edge.openapi import Document

Bearer = Callable[..., dict[str, str]]
Strict = Callable[..., FlaskClient]
SOMEBODY_ELSE = UUID("01890a5d-ac96-774b-bcce-b302099a8058")
CODE = {"phone_number": "+14155550100"}
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def strict(edge_settings: RestSettings, backends: Backends) -> Iterator[Strict]:
    """`strict(rest_reads_per_minute=3)`: a client of an application with settings of its own."""
    edges: list[Any] = []

    def make(**changes: Any) -> FlaskClient:
        edge = make_edge(edge_settings.model_copy(update=changes))
        edges.append(edge)
        return make_app(edge).test_client()

    yield make
    for edge in edges:
        edge.backends.close()


def test_who_asks_too_often_is_told_when_to_come_again(strict: Strict, bearer: Bearer, document: Document) -> None:
    client = strict(rest_reads_per_minute=3)
    answers = [client.get("/v1/me", headers=bearer(Role.RIDER)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"3"}
    refused = answers[-1]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-RateLimit-Reset"] == refused.headers["Retry-After"]
    problem = refused.get_json(force=True)
    assert (problem["code"], problem["retryable"]) == ("rate_limited", True)
    document.check("GET", "/v1/me", 429, refused.mimetype, problem)


def test_a_limit_is_of_one_account_and_one_class(strict: Strict, bearer: Bearer) -> None:
    client = strict(rest_reads_per_minute=1)
    assert client.get("/v1/me", headers=bearer(Role.RIDER)).status_code == 200
    assert client.get("/v1/me", headers=bearer(Role.RIDER)).status_code == 429
    assert client.get("/v1/me", headers=bearer(Role.RIDER, account=SOMEBODY_ELSE)).status_code == 200
    assert client.patch("/v1/me", json={"locale": "fr"}, headers=bearer(Role.RIDER)).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_all_processes_count_together(strict: Strict, bearer: Bearer) -> None:
    first, second = strict(rest_reads_per_minute=1), strict(rest_reads_per_minute=1)
    assert first.get("/v1/me", headers=bearer(Role.RIDER)).status_code == 200
    assert second.get("/v1/me", headers=bearer(Role.RIDER)).status_code == 429


def test_without_redis_each_process_counts_for_itself(
    strict: Strict, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It counts by the minutes of the clock: none begins between the two requests.
    monkeypatch.setattr("limits.storage.memory.time", SimpleNamespace(time=lambda: 1_893_456_000.0))
    client = strict(rest_reads_per_minute=1, redis_url=NOWHERE)
    assert client.get("/v1/me", headers=bearer(Role.RIDER)).status_code == 200
    assert client.get("/v1/me", headers=bearer(Role.RIDER)).status_code == 429


def test_without_redis_no_one_time_codes_are_sent(strict: Strict, backends: Backends) -> None:
    answer = strict(redis_url=NOWHERE).post("/v1/auth/otp", json=CODE)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (503, "codes_unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert backends.asked == []


def test_who_is_not_signed_in_is_counted_by_address(strict: Strict) -> None:
    client = strict(rest_codes_per_minute=1, rest_proxies=1)

    def ask(forwarded: str) -> int:
        return client.post("/v1/auth/otp", json=CODE, headers={"X-Forwarded-For": forwarded}).status_code

    assert [ask("203.0.113.1"), ask("203.0.113.2"), ask("198.51.100.9, 203.0.113.1")] == [202, 202, 429]


def test_an_address_that_the_client_makes_up_does_not_count() -> None:
    assert client_address("10.0.0.1", "1.1.1.1", 0) == "10.0.0.1"
    assert client_address("10.0.0.1", "1.1.1.1, 2.2.2.2", 1) == "2.2.2.2"
    assert client_address("10.0.0.1", "1.1.1.1, 2.2.2.2", 2) == "1.1.1.1"
    assert client_address("10.0.0.1", None, 2) == "10.0.0.1"


def test_pages_of_named_origins_may_read_answers_and_no_others(strict: Strict, bearer: Bearer) -> None:
    client = strict(rest_cors_origins="https://ops.example.org, http://localhost:5173")
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    asked = client.options("/v1/quotes", headers={**asks, "Origin": "http://localhost:5173"})
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert "Idempotency-Key" in asked.headers["Access-Control-Allow-Headers"]
    answer = client.get("/v1/me", headers={**bearer(Role.RIDER), "Origin": "https://ops.example.org"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://ops.example.org"
    assert "Origin" in answer.headers["Vary"]
    for origin in ("https://evil.example.org", "null", "https://ops.example.org.evil.org"):
        refused = client.options("/v1/quotes", headers={**asks, "Origin": origin})
        assert (refused.status_code, refused.headers.get("Access-Control-Allow-Origin")) == (405, None)
        read = client.get("/v1/me", headers={**bearer(Role.RIDER), "Origin": origin})
        assert "Access-Control-Allow-Origin" not in read.headers


def test_a_page_of_a_named_origin_may_send_each_header_that_a_route_heeds(strict: Strict) -> None:
    client = strict(rest_cors_origins="https://ops.example.org")
    asks = {"Access-Control-Request-Method": "POST", "Origin": "https://ops.example.org"}
    allowed = client.options("/v1/quotes", headers=asks).headers["Access-Control-Allow-Headers"].split(", ")
    paths = client.get("/openapi.json").get_json()["paths"]
    parameters = [each for path in paths.values() for way in path.values() for each in way.get("parameters", ())]
    heeded = {each["name"] for each in parameters if each["in"] == "header"}
    assert {"Idempotency-Key", "If-Match"} <= heeded <= set(allowed)


def test_without_the_setting_no_page_may_read_answers(client: FlaskClient, bearer: Bearer) -> None:
    answer = client.get("/v1/me", headers={**bearer(Role.RIDER), "Origin": "https://ops.example.org"})
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("origins", ["*", "ops.example.org", "https://a.org/path"])
def test_what_is_no_origin_is_refused_at_the_start(edge_settings: RestSettings, origins: str) -> None:
    with pytest.raises(ValidationError, match="is not an origin"):
        RestSettings.model_validate({**edge_settings.model_dump(), "rest_cors_origins": origins})
