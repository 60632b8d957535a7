"""Errors as problems: status, code, retryability, and nothing that should stay inside."""

import json
from uuid import UUID

import pytest

from rider_api.problems import Problem, problem_of
from shared_kernel.errors import (
    AlreadyExists,
    Conflict,
    DomainError,
    FieldViolation,
    InFlight,
    InvalidInput,
    LimitExceeded,
    NotFound,
    PermissionRefused,
    Unauthenticated,
    Unavailable,
    Unknown,
)
from shared_kernel.ids import from_public_id

RIDE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.mark.parametrize(
    ("error", "status", "retryable"),
    [
        (InvalidInput("trip_too_short", "m"), 400, False),
        (Unauthenticated("otp_invalid", "m"), 401, False),
        (PermissionRefused("not_approved", "m"), 403, False),
        (NotFound("ride_not_found", "m"), 404, False),
        (Conflict("quote_expired", "m"), 409, False),
        (Conflict("offer_taken", "m"), 409, False),
        (AlreadyExists("application_exists", "m"), 409, False),
        (InFlight("request_in_flight", "m"), 409, True),
        (LimitExceeded("otp_throttled", "m"), 429, True),
        (Unavailable("rpc_unavailable", "m"), 503, True),
        (Unknown("rpc_deadline_exceeded", "m"), 504, True),
        (Conflict("payment_declined", "m"), 402, False),
        (Conflict("offer_expired", "m"), 410, False),
        (Conflict("idempotency_key_reused", "m"), 422, False),
        (Unknown("rpc_unimplemented", "m"), 501, False),
        (Unknown("rpc_internal", "m"), 500, False),
        (Unknown("rpc_unknown", "m"), 500, False),
        (Unknown("capture_unknown", "m"), 504, True),
    ],
)
def test_each_kind_of_error_has_its_status(error: DomainError, status: int, retryable: bool) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.retryable) == (status, retryable)


def test_the_codes_of_the_transport_are_told_in_our_words() -> None:
    assert problem_of(Unavailable("rpc_unavailable", "m")).code == "service_unavailable"
    assert problem_of(Unknown("rpc_deadline_exceeded", "m")).code == "outcome_unknown"


def test_a_crash_behind_the_edge_is_told_without_detail() -> None:
    problem = problem_of(Unknown("rpc_internal", "psycopg said: relation rides"))
    assert (problem.code, problem.detail) == ("internal_error", "something went wrong here")


def test_the_wait_is_rounded_up_to_whole_seconds() -> None:
    assert problem_of(InFlight("request_in_flight", "m", retry_after_seconds=0.2)).all_headers()["Retry-After"] == "1"
    assert (
        problem_of(LimitExceeded("otp_throttled", "m", retry_after_seconds=29.1)).all_headers()["Retry-After"] == "30"
    )


@pytest.mark.parametrize("error", [Unavailable("rpc_unavailable", "m"), LimitExceeded("rpc_resource_exhausted", "m")])
def test_what_may_be_asked_again_later_always_says_when(error: DomainError) -> None:
    assert problem_of(error).all_headers()["Retry-After"] == "1"


def test_ids_of_the_metadata_are_public_and_the_rest_stays_inside() -> None:
    error = Conflict("active_ride", "m", metadata={"ride_id": str(RIDE), "shard": "7", "quote_id": "no uuid"})
    facts = problem_of(error).facts
    assert set(facts) == {"ride_id"}
    assert from_public_id("ride", facts["ride_id"]) == RIDE


def test_a_driver_whose_ride_went_to_another_one_is_told_which_to_go_on_with() -> None:
    facts = problem_of(Conflict("ride_reassigned", "m", metadata={"current_ride_id": str(RIDE)})).facts
    assert from_public_id("ride", facts["current_ride_id"]) == RIDE


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("rider_in_arrears", {"decline_reason": "rider_in_arrears"}),
        ("insufficient_funds", {"decline_reason": "insufficient_funds"}),
        ("Do not honor: 4242", {}),
    ],
)
def test_a_declined_payment_tells_its_reason_if_it_is_one(reason: str, told: dict[str, str]) -> None:
    problem = problem_of(Conflict("payment_declined", "m", metadata={"decline_reason": reason}))
    assert (problem.status, problem.facts) == (402, told)


def test_a_problem_names_the_request_and_the_refused_fields() -> None:
    problem = Problem(400, "invalid_request", "wrong", errors=(FieldViolation("pickup.latitude", "too far north"),))
    document = json.loads(problem.body(instance="/v1/quotes", request_id="r-1"))
    assert document == {
        "type": "urn:jitney:problem:invalid_request",
        "title": "Invalid request",
        "status": 400,
        "detail": "wrong",
        "instance": "/v1/quotes",
        "code": "invalid_request",
        "retryable": False,
        "request_id": "r-1",
        "errors": [{"field": "pickup.latitude", "description": "too far north"}],
    }


def test_who_is_not_known_is_told_how_to_show_a_token() -> None:
    assert problem_of(Unauthenticated("invalid_token", "m")).all_headers()["WWW-Authenticate"] == "Bearer"
