"""What single routes do beyond what holds for all."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import pytest
import redis as redis_client
from flask import Flask
from flask.testing import FlaskClient
from google.protobuf.timestamp_pb2 import Timestamp
from werkzeug.test import TestResponse

from chassis.auth import Role
from rider_api.rest.app import make_app, make_edge
from rider_api.settings import RestSettings
from rider_api.tickets import ticket_key
from ridesharing.common.v1.money_pb2 import Money
from ridesharing.matching.v1 import dispatch_operator_service_pb2, driver_service_pb2, ride_service_pb2, rides_pb2
from ridesharing.notification.v1 import delivery_service_pb2
from ridesharing.payment.v1 import statement_service_pb2
from shared_kernel.errors import Conflict, NotFound
from shared_kernel.ids import from_public_id
from tests.integration.edge.backends import Backends, filled

Bearer = Callable[..., dict[str, str]]
RIDE = "ride_01h455vb4pex5vsknk084sn02q"
RIDE_UUID = "01890a5d-ac96-774b-bcce-b302099a8057"
QUOTE, CARD = "quote_01h455vb4pex5vsknk084sn02q", "pm_01h455vb4pex5vsknk084sn02q"
ANOTHER = UUID("01890a5d-ac96-774b-bcce-b302099a8058")


def test_a_ride_that_has_not_changed_is_304(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    answered = cast("ride_service_pb2.GetRideResponse", filled(ride_service_pb2.GetRideResponse()))
    answered.ride.ClearField("driver_silent_since_time")
    backends.answers["GetRide"] = answered
    first = client.get(f"/v1/rides/{RIDE}", headers=bearer(Role.RIDER))
    assert (first.status_code, first.headers["ETag"]) == (200, '"7"')
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(f"/v1/rides/{RIDE}", headers={**bearer(Role.RIDER), "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", '"7"')
    changed = client.get(f"/v1/rides/{RIDE}", headers={**bearer(Role.RIDER), "If-None-Match": '"6"'})
    assert changed.status_code == 200
    assert backends.last("GetRide").ride_id == RIDE_UUID


@pytest.mark.parametrize(("tag", "version"), [('"7"', 7), ('"7-1893456000"', 7), ("*", 0), ("", 0)])
def test_the_version_that_was_seen_goes_down_with_a_cancel(
    client: FlaskClient, backends: Backends, bearer: Bearer, tag: str, version: int
) -> None:
    headers = {**bearer(Role.RIDER), "Idempotency-Key": f"k{tag}", **({"If-Match": tag} if tag else {})}
    assert client.post(f"/v1/rides/{RIDE}/cancel", json={}, headers=headers).status_code == 200
    assert backends.last("CancelRide").expected_version == version


@pytest.mark.parametrize("tag", ['"old"', '"7", "8"', 'W/"7"', '"0"', '"-1"', '"99999999999999999999"'])
def test_a_tag_that_is_no_version_matches_nothing(
    client: FlaskClient, backends: Backends, bearer: Bearer, tag: str
) -> None:
    headers = {**bearer(Role.RIDER), "Idempotency-Key": "k", "If-Match": tag}
    answer = client.post(f"/v1/rides/{RIDE}/cancel", json={}, headers=headers)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (412, "version_moved_on")
    assert backends.asked == []


def test_a_version_that_moved_on_is_412(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    backends.answers["CancelRide"] = Conflict("version_moved_on", "m")
    headers = {**bearer(Role.RIDER), "Idempotency-Key": "k", "If-Match": '"6"'}
    assert client.post(f"/v1/rides/{RIDE}/cancel", json={}, headers=headers).status_code == 412


def test_a_driver_who_fell_silent_changes_what_the_rider_is_shown(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    answer = client.get(f"/v1/rides/{RIDE}", headers={**bearer(Role.RIDER), "If-None-Match": '"7"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"7-1893456000"')
    assert answer.get_json()["driver_silent_since"] == "2030-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    "ride", ["ride_x", "quote_01h455vb4pex5vsknk084sn02q", RIDE_UUID, RIDE.upper(), "ride_" + "8" * 26]
)
def test_what_is_no_id_of_a_ride_is_refused(client: FlaskClient, backends: Backends, bearer: Bearer, ride: str) -> None:
    answer = client.get(f"/v1/rides/{ride}", headers=bearer(Role.RIDER))
    assert (answer.status_code, answer.get_json(force=True)["errors"][0]["field"]) == (400, "ride_id")
    assert backends.asked == []


def test_pages_are_turned_by_signed_cursors(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    first = client.get("/v1/rides?limit=2", headers=bearer(Role.RIDER)).get_json()
    assert backends.last("ListRides").page_size == 2
    client.get(f"/v1/rides?cursor={first['next_cursor']}", headers=bearer(Role.RIDER))
    assert (backends.last("ListRides").page_token, backends.last("ListRides").page_size) == ("page-2", 50)


def test_a_cursor_of_somebody_else_is_refused(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    cursor = client.get("/v1/rides", headers=bearer(Role.RIDER)).get_json()["next_cursor"]
    backends.reset()
    for headers, address in ((bearer(Role.RIDER, ANOTHER), "/v1/rides"), (bearer(Role.DRIVER), "/v1/driver/rides")):
        answer = client.get(f"{address}?cursor={cursor}", headers=headers)
        assert (answer.status_code, answer.get_json(force=True)["code"]) == (400, "invalid_cursor")
    assert backends.asked == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "page=2", "limit=1&limit=2", "cursor=%00"])
def test_a_wrong_query_is_refused(client: FlaskClient, backends: Backends, bearer: Bearer, query: str) -> None:
    assert client.get(f"/v1/rides?{query}", headers=bearer(Role.RIDER)).status_code == 400
    assert backends.asked == []


def test_operators_may_ask_for_several_states(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    client.get("/v1/operator/rides?state=matching&state=no_show", headers=bearer(Role.OPERATOR))
    assert list(backends.last("SearchRides").states) == [rides_pb2.RIDE_STATE_MATCHING, rides_pb2.RIDE_STATE_NO_SHOW]


def test_a_declined_payment_is_402_and_names_the_ride_and_the_reason(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    backends.answers["RequestRide"] = Conflict(
        "payment_declined",
        "the payment was declined",
        metadata={"ride_id": RIDE_UUID, "decline_reason": "rider_in_arrears"},
    )
    body = {"quote_id": QUOTE, "payment_method_id": CARD}
    answer = client.post("/v1/rides", json=body, headers={**bearer(Role.RIDER), "Idempotency-Key": "k"})
    problem = answer.get_json(force=True)
    assert (answer.status_code, problem["code"]) == (402, "payment_declined")
    assert problem["facts"] == {"ride_id": RIDE, "decline_reason": "rider_in_arrears"}


@pytest.mark.parametrize(
    ("body", "funding"),
    [
        ({"payment_method_id": CARD}, rides_pb2.FUNDING_CARD),
        ({"payment_method_id": CARD, "funding": "card"}, rides_pb2.FUNDING_CARD),
        ({"funding": "wallet"}, rides_pb2.FUNDING_WALLET),
        ({"funding": "cash", "payment_method_id": None}, rides_pb2.FUNDING_CASH),
    ],
)
def test_a_ride_is_asked_for_by_card_wallet_or_cash(
    client: FlaskClient, backends: Backends, bearer: Bearer, body: dict[str, Any], funding: int
) -> None:
    headers = {**bearer(Role.RIDER), "Idempotency-Key": "k"}
    answer = client.post("/v1/rides", json={"quote_id": QUOTE, **body}, headers=headers)
    assert (answer.status_code, answer.get_json()["funding"]) == (201, "cash")  # as the back end has it
    asked = backends.last("RequestRide")
    assert (asked.funding, bool(asked.payment_method_id)) == (funding, funding == rides_pb2.FUNDING_CARD)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "payment_method_id"),
        ({"funding": "card"}, "payment_method_id"),
        ({"funding": "card", "payment_method_id": None}, "payment_method_id"),
        ({"funding": "cash", "payment_method_id": CARD}, "payment_method_id"),
        ({"funding": "wallet", "payment_method_id": CARD}, "payment_method_id"),
        ({"funding": "gold", "payment_method_id": CARD}, "funding"),
        ({"funding": None}, "funding"),
    ],
)
def test_a_card_without_the_funding_card_or_the_reverse_is_refused(
    client: FlaskClient, backends: Backends, bearer: Bearer, body: dict[str, Any], field: str
) -> None:
    headers = {**bearer(Role.RIDER), "Idempotency-Key": "k"}
    answer = client.post("/v1/rides", json={"quote_id": QUOTE, **body}, headers=headers)
    problem = answer.get_json(force=True)
    assert (answer.status_code, [error["field"] for error in problem["errors"]]) == (400, [field])
    assert backends.asked == []


def test_where_no_cash_is_accepted_it_is_refused_by_name(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    backends.answers["RequestRide"] = Conflict("cash_not_accepted", "m")
    headers = {**bearer(Role.RIDER), "Idempotency-Key": "k"}
    answer = client.post("/v1/rides", json={"quote_id": QUOTE, "funding": "cash"}, headers=headers)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (409, "cash_not_accepted")


def test_an_expired_offer_is_gone(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    backends.answers["AcceptOffer"] = Conflict("offer_expired", "m")
    address = "/v1/driver/offers/offer_01h455vb4pex5vsknk084sn02q/accept"
    answer = client.post(address, headers={**bearer(Role.DRIVER), "Idempotency-Key": "k"})
    assert answer.status_code == 410


def test_going_online_twice_is_to_be_online(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    shift = rides_pb2.Shift(shift_id=RIDE_UUID, driver_id=RIDE_UUID)
    backends.answers["StartShift"] = Conflict("shift_open", "m")
    backends.answers["GetShift"] = driver_service_pb2.GetShiftResponse(shift=shift)
    answer = client.put("/v1/driver/availability", json={"online": True}, headers=bearer(Role.DRIVER))
    assert (answer.status_code, answer.get_json()["online"]) == (200, True)


def test_going_offline_without_a_shift_is_to_be_offline(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    backends.answers["EndShift"] = NotFound("no_open_shift", "m")
    answer = client.put("/v1/driver/availability", json={"online": False}, headers=bearer(Role.DRIVER))
    assert answer.get_json() == {"online": False, "shift": None}


def test_a_driver_who_is_not_approved_does_not_go_online(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    backends.answers["StartShift"] = Conflict("not_approved", "m")
    answer = client.put("/v1/driver/availability", json={"online": True}, headers=bearer(Role.DRIVER))
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (409, "not_approved")


def test_the_pin_is_not_told_to_the_driver(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    answer = client.get("/v1/driver/rides/current", headers=bearer(Role.DRIVER))
    assert "start_pin" not in answer.get_json()
    assert "4821" not in answer.get_data(as_text=True)


def test_a_batch_of_locations_reaches_the_service_whole(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    pings = [
        {"latitude": 37.7, "longitude": -122.4, "measured_at": "2030-01-01T00:00:00.5Z", "sequence": number}
        for number in range(1, 51)
    ]
    answer = client.post("/v1/driver/locations", json={"locations": pings}, headers=bearer(Role.DRIVER))
    assert answer.status_code == 200
    received = backends.last("ReportLocations").pings
    assert [ping.sequence for ping in received] == list(range(1, 51))
    assert (received[0].measure_time.seconds, received[0].measure_time.nanos) == (1893456000, 500_000_000)
    too_many = client.post("/v1/driver/locations", json={"locations": [*pings, pings[0]]}, headers=bearer(Role.DRIVER))
    assert too_many.status_code == 400


def test_only_what_is_given_of_an_account_changes(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    client.patch("/v1/me", json={"locale": "fr"}, headers=bearer(Role.RIDER))
    request = backends.last("UpdateAccount")
    assert (request.locale, request.HasField("display_name")) == ("fr", False)


def test_without_a_key_each_request_is_one_of_its_own(client: FlaskClient, backends: Backends) -> None:
    for _ in range(2):
        client.post("/v1/auth/otp", json={"phone_number": "+14155550100"})
    first, second = (request.request_id for _, request, _ in backends.asked)
    assert first != second


def test_a_new_webhook_endpoint_is_made_under_the_key_of_its_caller(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    headers = {**bearer(Role.OPERATOR), "Idempotency-Key": "made-once"}
    client.post("/v1/operator/webhook-endpoints", headers=headers, json={"url": "https://example.com/hooks"})
    assert backends.last("CreateWebhookEndpoint").request_id == "made-once"


def test_an_expired_token_does_not_stand_in_the_way_of_a_refresh(client: FlaskClient) -> None:
    headers = {"Authorization": "Bearer long.gone.token"}
    assert client.post("/v1/auth/token/refresh", json={"refresh_token": "r"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Bearer x.y.z", "invalid_token"),
        ("Basic abc", "invalid_token"),
        ("Bearer", "invalid_token"),
        ("", "token_required"),
    ],
)
def test_a_token_that_is_none_of_ours_is_refused(
    client: FlaskClient, backends: Backends, header: str, code: str
) -> None:
    answer = client.get("/v1/me", headers={"Authorization": header})
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert backends.asked == []


def test_a_token_that_is_over_is_refused(client: FlaskClient, bearer: Bearer) -> None:
    answer = client.get("/v1/me", headers=bearer(Role.RIDER, lifetime_seconds=-120))
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (401, "expired_token")


def test_every_answer_carries_the_request_id_and_the_security_headers(client: FlaskClient) -> None:
    for address in ("/healthz", "/v1/me", "/nowhere", "/openapi.json"):
        headers = client.get(address, headers={"X-Request-Id": "abc-1"}).headers
        assert headers["X-Request-Id"] == "abc-1"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    made = client.get("/healthz", headers={"X-Request-Id": "a b<script>"}).headers["X-Request-Id"]
    assert UUID(made).version == 7


def test_unknown_addresses_and_methods_are_problems(client: FlaskClient) -> None:
    unknown, wrong = client.get("/v1/nothing"), client.put("/v1/quotes")
    assert (unknown.status_code, unknown.get_json(force=True)["code"]) == (404, "route_not_found")
    assert (wrong.status_code, wrong.get_json(force=True)["code"], wrong.headers["Allow"]) == (
        405,
        "method_not_allowed",
        "POST",
    )


def test_to_look_for_a_person_is_no_get(client: FlaskClient) -> None:
    refused = client.get("/v1/operator/people/search")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")


def test_the_public_keys_are_public_alone(client: FlaskClient) -> None:
    keys = client.get("/v1/auth/jwks").get_json()["keys"]
    assert {"identity", "cli"} <= {key["kid"] for key in keys}
    assert all("d" not in key for key in keys)


def test_a_ticket_is_kept_for_a_minute_and_by_its_hash(client: FlaskClient, bearer: Bearer, redis_url: str) -> None:
    answer = client.post("/v1/me/stream-tickets", headers=bearer(Role.RIDER))
    ticket = answer.get_json()["ticket"]
    with redis_client.Redis.from_url(redis_url) as redis:
        value: Any = redis.get(ticket_key(ticket))
        assert json.loads(value)["role"] == "rider"
        assert 0 < int(str(redis.ttl(ticket_key(ticket)))) <= 60


def told_ready(client: FlaskClient, *parts: str) -> TestResponse:
    """The readiness as soon as some parts answer: a busy machine may be late for a probe."""
    give_up_at = time.monotonic() + 60
    while True:
        answer = client.get("/readyz")
        told = answer.get_json()["checks"]
        if time.monotonic() > give_up_at or all(told[part] == "ok" for part in parts):
            return answer
        time.sleep(0.1)


def test_readiness_tells_what_answers(client: FlaskClient) -> None:
    answer = told_ready(client, "identity", "matching", "payment", "notification", "redis")
    assert (answer.status_code, set(answer.get_json()["checks"].values())) == (200, {"ok"})


def test_metrics_know_routes_and_not_addresses(client: FlaskClient, bearer: Bearer) -> None:
    client.get(f"/v1/rides/{RIDE}", headers=bearer(Role.RIDER))
    client.open("/v1/me", method="BREW")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'route="/v1/rides/<ride_id>"' in text
    assert 'method="other"' in text
    assert RIDE not in text


@pytest.fixture
def lonely_app(edge_settings: RestSettings) -> Any:
    """The application where payment_service is a closed port and identity_service never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        changes = {
            "payment_target": f"127.0.0.1:{closed.getsockname()[1]}",
            "identity_target": f"127.0.0.1:{silent.getsockname()[1]}",
        }
        edge = make_edge(edge_settings.model_copy(update=changes))
        yield make_app(edge)
        edge.backends.close()


def test_a_back_end_that_is_down_takes_only_its_own_routes_with_it(
    lonely_app: Flask, backends: Backends, bearer: Bearer
) -> None:
    client = lonely_app.test_client()
    down = client.get("/v1/payment-methods", headers=bearer(Role.RIDER))
    problem = down.get_json(force=True)
    assert (down.status_code, problem["code"], problem["retryable"]) == (503, "service_unavailable", True)
    assert down.headers["Retry-After"] == "1"
    assert client.get(f"/v1/rides/{RIDE}", headers=bearer(Role.RIDER)).status_code == 200
    ready = told_ready(client, "matching")
    assert (ready.status_code, ready.get_json()["checks"]["matching"]) == (503, "ok")
    assert ready.get_json()["checks"]["payment"] == "failing"


def test_a_back_end_that_hangs_takes_only_its_own_routes_with_it(
    lonely_app: Flask, backends: Backends, bearer: Bearer
) -> None:
    client = lonely_app.test_client()
    # The port of identity_service takes connections and says nothing.
    hung = client.get("/v1/me", headers=bearer(Role.RIDER))
    problem = hung.get_json(force=True)
    assert hung.status_code in (503, 504)
    assert (problem["code"], problem["retryable"]) in (("outcome_unknown", True), ("service_unavailable", True))
    assert client.get(f"/v1/rides/{RIDE}", headers=bearer(Role.RIDER)).status_code == 200


def test_an_answer_that_does_not_come_in_time_is_504(app: Flask, backends: Backends, bearer: Bearer) -> None:
    def too_late(request: object) -> ride_service_pb2.RequestRideResponse:
        raise TimeoutError

    backends.answers["RequestRide"] = too_late
    body = {"quote_id": QUOTE, "payment_method_id": CARD}
    answer = app.test_client().post("/v1/rides", json=body, headers={**bearer(Role.RIDER), "Idempotency-Key": "k"})
    problem = answer.get_json(force=True)
    assert (answer.status_code, problem["code"], problem["retryable"]) == (504, "outcome_unknown", True)


def test_ids_in_answers_are_those_of_the_service(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    ride = filled(ride_service_pb2.GetRideResponse())
    assert isinstance(ride, ride_service_pb2.GetRideResponse)
    backends.answers["GetRide"] = ride
    body = client.get(f"/v1/rides/{RIDE}", headers=bearer(Role.RIDER)).get_json()
    assert str(from_public_id("ride", body["id"])) == ride.ride.ride_id
    assert str(from_public_id("acct", body["driver"]["id"])) == ride.ride.driver.driver_id


def test_a_ride_s_timeline_is_one_order_of_what_three_services_tell(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    def at(seconds: int) -> Timestamp:
        return Timestamp(seconds=1893456000 + seconds)

    history = dispatch_operator_service_pb2.GetRideHistoryResponse(
        ride=rides_pb2.Ride(ride_id=RIDE_UUID, state=rides_pb2.RIDE_STATE_COMPLETED),
        transitions=[
            dispatch_operator_service_pb2.RideTransition(to_state=rides_pb2.RIDE_STATE_REQUESTED, occur_time=at(0)),
            dispatch_operator_service_pb2.RideTransition(
                from_state=rides_pb2.RIDE_STATE_IN_PROGRESS,
                to_state=rides_pb2.RIDE_STATE_COMPLETED,
                occur_time=at(60),
                words="a flat tire",
            ),
        ],
        offers=[
            rides_pb2.Offer(
                offer_id=str(ANOTHER),
                driver_id=str(ANOTHER),
                state=rides_pb2.OFFER_STATE_ACCEPTED,
                create_time=at(10),
                close_time=at(20),
                earnings=Money(currency_code="USD", amount_minor=100),
            )
        ],
        trace_id="b" * 32,
    )
    story = statement_service_pb2.GetPaymentStoryResponse(
        events=[statement_service_pb2.StoryEvent(subject="entry", kind="capture", state="posted", create_time=at(70))]
    )
    message = delivery_service_pb2.RideMessage(
        notification_id=str(ANOTHER), topic="driver_arrived", create_time=at(30), trace_id="a" * 32
    )
    message.deliveries.add(delivery_id=str(ANOTHER), finish_time=at(31), reason="no_device")
    backends.answers["GetRideHistory"] = history
    backends.answers["GetPaymentStory"] = story
    backends.answers["ListRideMessages"] = delivery_service_pb2.ListRideMessagesResponse(messages=[message])
    for role in (Role.SUPPORT, Role.OPERATOR):
        told = client.get(f"/v1/operator/rides/{RIDE}/timeline", headers=bearer(role)).get_json()
        assert [(event["subject"], event["what"]) for event in told["events"]][:4] == [
            ("ride", "requested"),
            ("offer", "made"),
            ("offer", "accepted"),
            ("message", "driver_arrived"),
        ]
        assert [event["at"] for event in told["events"]] == sorted(event["at"] for event in told["events"])
        assert told["events"][-1]["what"] == "capture posted"
        assert told["events"][-2]["facts"] == {"from": "in_progress", "words": "a flat tire"}
        assert told["events"][3]["trace_id"] == "a" * 32
        assert told["trace_id"] == "b" * 32
    backends.answers["GetPaymentStory"] = NotFound("payment_not_found", "none")
    unpaid = client.get(f"/v1/operator/rides/{RIDE}/timeline", headers=bearer(Role.OPERATOR)).get_json()
    assert {event["service"] for event in unpaid["events"]} == {"matching", "notification"}
