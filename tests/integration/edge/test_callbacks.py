"""Callbacks of providers: raw bytes go through unchanged, in the edge's own name, and nothing else gets in."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis.auth import Role
from rider_api.rest.app import make_app, make_edge
from rider_api.settings import RestSettings
from ridesharing.notification.v1 import delivery_service_pb2
from ridesharing.payment.v1 import webhook_service_pb2 as pb
from shared_kernel.errors import InvalidInput, Unauthenticated, Unavailable
from tests.integration.edge.backends import Backends

PATH = "/v1/callbacks/payments/stripe"
EVENT = b'{"id": "evt_1",  "type":"refund.updated"}\n'
SIGNED = {"Stripe-Signature": "t=1,v1=00", "Content-Type": "application/json; charset=utf-8"}


def test_event_reaches_the_service_byte_for_byte_in_the_edges_name(client: FlaskClient, backends: Backends) -> None:
    backends.answers["ReceivePspEvent"] = pb.ReceivePspEventResponse()

    answer = client.post(PATH, data=EVENT, headers=SIGNED)

    assert (answer.status_code, answer.get_data()) == (200, b"{}")
    method, request, actor = backends.asked[-1]
    assert (method, request.payload, request.signature) == ("ReceivePspEvent", EVENT, "t=1,v1=00")
    assert request.provider == pb.PSP_PROVIDER_STRIPE
    assert (actor.role, actor.subject) == (Role.SERVICE, "rider_api")


def test_event_that_the_service_does_not_believe_is_400(client: FlaskClient, backends: Backends) -> None:
    backends.answers["ReceivePspEvent"] = InvalidInput("invalid_signature", "no")

    answer = client.post(PATH, data=EVENT, headers=SIGNED)

    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_signature")


def test_service_that_is_busy_is_503_so_that_the_event_comes_again(client: FlaskClient, backends: Backends) -> None:
    backends.answers["ReceivePspEvent"] = Unavailable("psp_events_busy", "later")

    assert client.post(PATH, data=EVENT, headers=SIGNED).status_code == 503


def test_callbacks_of_a_service_that_hangs_are_bounded_and_those_of_another_go_on(
    edge_settings: RestSettings, backends: Backends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rider_api.rest.callback_routes.AT_ONCE", 1)
    # On a busy machine, too, it hangs for as long as the others take.
    monkeypatch.setattr("rider_api.rest.callback_routes._SECONDS", 60.0)
    edge = make_edge(edge_settings)
    app = make_app(edge)
    begun, go_on = threading.Event(), threading.Event()

    def hang(request: object) -> pb.ReceivePspEventResponse:
        begun.set()
        go_on.wait(30)
        return pb.ReceivePspEventResponse()

    def post() -> TestResponse:
        return app.test_client().post(PATH, data=EVENT, headers=SIGNED)

    def post_receipt() -> TestResponse:
        signed = {"X-Twilio-Signature": "c2lnbmVk"}
        return app.test_client().post("/v1/callbacks/notifications/sms", data=b"MessageSid=SM1", headers=signed)

    backends.answers["ReceivePspEvent"] = hang
    backends.answers["ReceiveSmsReceipt"] = delivery_service_pb2.ReceiveSmsReceiptResponse()
    with ThreadPoolExecutor(3) as pool:
        hanging = pool.submit(post)
        assert begun.wait(60)
        # Of another service; the back ends of this test are one process, and answer it when the first is answered.
        receipt = pool.submit(post_receipt)
        refused = pool.submit(post)
        wait([refused], timeout=20)
        go_on.set()
        assert (hanging.result(60).status_code, receipt.result(60).status_code) == (200, 204)
    answer = refused.result(60)
    assert (answer.status_code, answer.get_json(force=True).get("code")) == (503, "callbacks_busy")
    assert answer.headers["Retry-After"] == "5"
    assert post().status_code == 200
    edge.backends.close()


def test_nothing_unsigned_empty_or_huge_is_handed_on(client: FlaskClient, backends: Backends) -> None:
    huge = b'"' + b"x" * (256 * 1024) + b'"'

    assert client.post(PATH, data=b"", headers=SIGNED).status_code == 400
    assert client.post(PATH, data=EVENT, headers={"Stripe-Signature": "x" * 2049}).status_code == 400
    assert client.post(PATH, data=huge, headers=SIGNED).status_code == 413
    assert client.get(PATH).status_code == 405
    assert backends.asked == []


def test_event_larger_than_other_bodies_is_handed_on(client: FlaskClient, backends: Backends) -> None:
    backends.answers["ReceivePspEvent"] = pb.ReceivePspEventResponse()
    large = b'"' + b"x" * 200_000 + b'"'

    assert client.post(PATH, data=large, headers=SIGNED).status_code == 200
    assert backends.last("ReceivePspEvent").payload == large


@pytest.mark.parametrize("path", ["/v1/callbacks/notifications/sms", "/v1/callbacks/notifications/voice"])
def test_receipts_of_sms_and_calls_reach_the_service_as_they_came(
    client: FlaskClient, backends: Backends, path: str
) -> None:
    form, signed = b"CallSid=CA1&CallStatus=no-answer&To=%2B14155550100", {"X-Twilio-Signature": "c2lnbmVk"}
    backends.answers["ReceiveSmsReceipt"] = delivery_service_pb2.ReceiveSmsReceiptResponse()

    assert client.post(path, data=form, headers=signed).status_code == 204
    method, request, actor = backends.asked[-1]
    assert (method, request.form, request.signature) == ("ReceiveSmsReceipt", form, "c2lnbmVk")
    assert (actor.role, actor.subject) == (Role.SERVICE, "rider_api")

    backends.answers["ReceiveSmsReceipt"] = Unauthenticated("invalid_signature", "no")
    assert client.post(path, data=form, headers=signed).status_code == 401
    assert client.post(path, data=b"", headers=signed).status_code == 400
