"""What the routes of complaints hand down, and how refusals are told."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from chassis.auth import Role
from ridesharing.matching.v1 import complaint_service_pb2 as pb
from shared_kernel.errors import Conflict
from tests.integration.edge.backends import Backends, filled

Bearer = Callable[..., dict[str, str]]
RIDE = "ride_01h455vb4pex5vsknk084sn02q"
COMPLAINT = "cmpl_01h455vb4pex5vsknk084sn02q"


def test_a_rider_says_what_was_wrong_and_is_not_told_who_decided(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    headers = {**bearer(Role.RIDER), "Idempotency-Key": "wrong-1"}
    body = {"reason": "asked_for_cash", "words": "Ten dollars on top."}
    answer = client.post(f"/v1/rides/{RIDE}/disputes", json=body, headers=headers)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    asked = backends.last("RaiseComplaint")
    assert (asked.request_id, asked.reason, asked.words) == (
        "wrong-1",
        pb.COMPLAINT_REASON_ASKED_FOR_CASH,
        "Ten dollars on top.",
    )
    told: dict[str, Any] = answer.get_json()
    assert {"operator_id", "refusal", "borne_by", "rider_id"}.isdisjoint(told)


@pytest.mark.parametrize("wrong", [{"reason": "bad mood"}, {"reason": "other", "words": "w" * 1001}, {}])
def test_what_is_no_complaint_is_refused_at_the_door(
    client: FlaskClient, backends: Backends, bearer: Bearer, wrong: dict[str, Any]
) -> None:
    headers = {**bearer(Role.RIDER), "Idempotency-Key": "wrong-2"}
    assert client.post(f"/v1/rides/{RIDE}/disputes", json=wrong, headers=headers).status_code == 400
    assert backends.asked == []


def test_a_second_complaint_and_a_refused_refund_are_409(
    client: FlaskClient, backends: Backends, bearer: Bearer
) -> None:
    backends.answers["RaiseComplaint"] = Conflict("complaint_open", "m")
    headers = {**bearer(Role.RIDER), "Idempotency-Key": "wrong-3"}
    answer = client.post(f"/v1/rides/{RIDE}/disputes", json={"reason": "other"}, headers=headers)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (409, "complaint_open")
    backends.answers["RefundComplaint"] = Conflict(
        "refund_refused", "m", metadata={"refusal_reason": "exceeds_captured"}
    )
    headers = {**bearer(Role.OPERATOR), "Idempotency-Key": "wrong-4"}
    answer = client.post(f"/v1/operator/complaints/{COMPLAINT}/refund", json={}, headers=headers)
    assert (answer.status_code, answer.get_json(force=True)["facts"]) == (409, {"refusal_reason": "exceeds_captured"})
    assert backends.last("RefundComplaint").borne_by == pb.COMPLAINT_REFUND_BORNE_BY_PROPORTIONAL
    assert not backends.last("RefundComplaint").HasField("amount")


def test_operators_look_for_those_of_a_state(client: FlaskClient, backends: Backends, bearer: Bearer) -> None:
    backends.answers["SearchComplaints"] = cast("pb.SearchComplaintsResponse", filled(pb.SearchComplaintsResponse()))
    answer = client.get("/v1/operator/complaints?state=open", headers=bearer(Role.OPERATOR))
    assert answer.status_code == 200
    assert backends.last("SearchComplaints").state == pb.COMPLAINT_STATE_OPEN
    assert answer.get_json()["items"][0]["state"] == "rejected"
    assert client.get("/v1/operator/complaints?state=lost", headers=bearer(Role.OPERATOR)).status_code == 400
