"""One key, one command: what a repeated request is answered, and what is never kept."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis.auth import Role
from rider_api.rest.app import make_app, make_edge
from rider_api.settings import RestSettings
from ridesharing.matching.v1 import ride_service_pb2
from ridesharing.payment.v1 import payment_service_pb2, payments_pb2
from shared_kernel.errors import Conflict, InFlight, LimitExceeded, Unauthenticated, Unavailable
from tests.integration.edge.backends import Backends, filled

Bearer = Callable[..., dict[str, str]]
RIDE, ANOTHER_RIDE = "ride_01h455vb4pex5vsknk084sn02q", "ride_01h455vb4pex5vsknk084sn02r"
SOMEBODY_ELSE = UUID("01890a5d-ac96-774b-bcce-b302099a8058")


def cancel(
    client: FlaskClient, headers: dict[str, str], key: str, ride: str = RIDE, reason: str = "late"
) -> TestResponse:
    return client.post(f"/v1/rides/{ride}/cancel", json={"reason": reason}, headers={**headers, "Idempotency-Key": key})


def told(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json(force=True)["code"]


def test_a_repeated_request_is_answered_byte_for_byte_and_asked_once(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    first = cancel(client, bearer(Role.RIDER), "k-1")
    backends.answers["CancelRide"] = Conflict("not_cancellable", "m")
    again = cancel(client, bearer(Role.RIDER), "k-1")
    assert (again.status_code, again.data, again.content_type) == (first.status_code, first.data, first.content_type)
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert first.headers["X-Request-Id"] != again.headers["X-Request-Id"]
    assert [name for name, _, _ in backends.asked] == ["CancelRide"]


def test_a_refusal_is_repeated_as_it_was(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    backends.answers["CancelRide"] = Conflict("not_cancellable", "m")
    first = cancel(client, bearer(Role.RIDER), "k-2")
    backends.answers.clear()
    again = cancel(client, bearer(Role.RIDER), "k-2")
    assert told(first) == (409, "not_cancellable")
    assert (again.status_code, again.data, again.mimetype) == (409, first.data, "application/problem+json")


@pytest.mark.parametrize(
    "error", [Unavailable("psp_unavailable", "m"), LimitExceeded("otp_throttled", "m"), RuntimeError("crash")]
)
def test_a_failure_is_not_kept(client: FlaskClient, backends: Backends, bearer: Bearer, error: Exception) -> None:
    backends.answers["CancelRide"] = error
    assert cancel(client, bearer(Role.RIDER), "k-3").status_code in (429, 500, 503)
    backends.answers.clear()
    assert cancel(client, bearer(Role.RIDER), "k-3").status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [(InFlight("request_in_flight", "m"), 409), (Unauthenticated("expired_token", "m"), 401)],
    ids=["in flight", "token over"],
)
def test_what_the_same_key_may_ask_again_is_not_kept(
    client: FlaskClient, backends: Backends, bearer: Bearer, error: Exception, status: int
) -> None:
    backends.answers["CancelRide"] = error
    assert cancel(client, bearer(Role.RIDER), "k-11").status_code == status
    backends.answers.clear()
    again = cancel(client, bearer(Role.RIDER), "k-11")
    assert (again.status_code, "Idempotent-Replayed" in again.headers) == (200, False)


def test_a_charge_whose_outcome_is_not_known_is_asked_for_again_with_its_key(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    unknown = payments_pb2.PAYMENT_STATUS_PENDING
    for outcome_unknown in (True, False):
        answer = cast("payment_service_pb2.AddTipResponse", filled(payment_service_pb2.AddTipResponse()))
        answer.payment.outcome_unknown = outcome_unknown
        answer.payment.status = unknown if outcome_unknown else payments_pb2.PAYMENT_STATUS_CAPTURED
        backends.answers["AddTip"] = answer
        tip = {"amount": {"currency_code": "USD", "amount_minor": 100}}
        headers = {**bearer(Role.RIDER), "Idempotency-Key": "k-10"}
        told = [client.post(f"/v1/rides/{RIDE}/tips", json=tip, headers=headers) for _ in range(2)]
        assert told[-1].get_json()["status"] == ("pending" if outcome_unknown else "captured")
    assert len(backends.asked) == 3


@pytest.mark.parametrize("change", [{"reason": "other"}, {"ride": ANOTHER_RIDE}], ids=["body", "path"])
def test_the_key_of_another_request_is_422(
    client: FlaskClient, backends: Backends, bearer: Bearer, change: dict[str, Any]
) -> None:
    cancel(client, bearer(Role.RIDER), "k-4")
    assert told(cancel(client, bearer(Role.RIDER), "k-4", **change)) == (422, "idempotency_key_reused")
    assert len(backends.asked) == 1


def test_a_key_is_of_its_caller_and_its_route(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    cancel(client, bearer(Role.RIDER), "k-5")
    assert "Idempotent-Replayed" not in cancel(client, bearer(Role.RIDER, account=SOMEBODY_ELSE), "k-5").headers
    tip = {"amount": {"currency_code": "USD", "amount_minor": 100}}
    headers = {**bearer(Role.RIDER), "Idempotency-Key": "k-5"}
    assert client.post(f"/v1/rides/{RIDE}/tips", json=tip, headers=headers).status_code == 201
    assert len(backends.asked) == 3


def test_while_the_first_is_worked_on_the_same_request_is_409(app: Flask, backends: Backends, bearer: Bearer) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(request: object) -> Any:
        begun.set()
        go_on.wait(4)
        return filled(ride_service_pb2.CancelRideResponse())

    backends.answers["CancelRide"] = slowly
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cancel, app.test_client(), bearer(Role.RIDER), "k-6")
        assert begun.wait(60)
        second = cancel(app.test_client(), bearer(Role.RIDER), "k-6")
        go_on.set()
        assert first.result(60).status_code == 200
    assert told(second) == (409, "request_in_flight")
    assert second.headers["Retry-After"] == "1"
    assert second.get_json(force=True)["retryable"] is True


def test_codes_and_tokens_are_never_kept(client: FlaskClient, backends: Backends, redis_url: str) -> None:
    for _ in range(2):
        body = {"phone_number": "+14155550100", "code": "123456", "role": "rider", "device_id": "d"}
        answer = client.post("/v1/auth/otp/verify", json=body, headers={"Idempotency-Key": "k-7"})
        assert "Idempotent-Replayed" not in answer.headers
    assert len(backends.asked) == 2
    with redis.Redis.from_url(redis_url) as shared:
        assert list(shared.scan_iter("edge:replay:*")) == []


def test_what_is_kept_cannot_be_read_in_redis(
    client: FlaskClient, backends: Backends, bearer: Bearer, redis_url: str
) -> None:
    cancel(client, bearer(Role.RIDER), "k-8")
    with redis.Redis.from_url(redis_url) as shared:
        (name,) = shared.scan_iter("edge:replay:*")
        value: Any = shared.get(name)
        assert b"4821" not in value  # the PIN of the answer
        assert b"k-8" not in name
        assert 0 < int(str(shared.ttl(name))) <= 86_400


def test_without_redis_the_service_alone_keeps_its_word(
    edge_settings: RestSettings, backends: Backends, bearer: Bearer
) -> None:
    edge = make_edge(edge_settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    client = make_app(edge).test_client()
    answers = [cancel(client, bearer(Role.RIDER), "k-9") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [request.request_id for _, request, _ in backends.asked] == ["k-9", "k-9"]
    edge.backends.close()


def test_ten_at_once_with_each_of_many_keys_reach_the_service_once_a_key(
    app: Flask, backends: Backends, bearer: Bearer
) -> None:
    keys = [str(uuid4()) for _ in range(30)]
    headers = bearer(Role.RIDER)

    def send(key: str) -> TestResponse:
        return cancel(app.test_client(), headers, key)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, [key for key in keys for _ in range(10)]))
    assert {answer.status_code for answer in answers} <= {200, 409}
    asked = [request.request_id for _, request, _ in backends.asked]
    assert sorted(asked) == sorted(keys)
