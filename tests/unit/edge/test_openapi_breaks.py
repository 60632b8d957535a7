"""The check of the OpenAPI document against the one that clients keep to."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from rider_api.rest.app import ROUTES
from rider_api.rest.openapi import openapi_document
from tools.openapi_breaks import breaks

BEFORE: dict[str, Any] = json.loads(openapi_document(ROUTES))
CANCEL = "/v1/rides/{ride_id}/cancel"


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    return document["components"]["schemas"][name]


def drop_path(document: dict[str, Any]) -> None:
    del document["paths"][CANCEL]


def drop_answer_field(document: dict[str, Any]) -> None:
    del schema(document, "RiderRide")["properties"]["fare"]


def drop_request_field(document: dict[str, Any]) -> None:
    del schema(document, "Cancellation")["properties"]["reason"]


def require_request_field(document: dict[str, Any]) -> None:
    schema(document, "Cancellation")["required"] = ["reason"]


def shorten_request_field(document: dict[str, Any]) -> None:
    schema(document, "Cancellation")["properties"]["reason"]["maxLength"] = 10


def narrow_choice(document: dict[str, Any]) -> None:
    schema(document, "RideRequest")["properties"]["funding"]["enum"] = ["card"]


def retype_answer_field(document: dict[str, Any]) -> None:
    schema(document, "RiderRide")["properties"]["version"]["type"] = "string"


def require_parameter(document: dict[str, Any]) -> None:
    query = next(p for p in document["paths"]["/v1/rides"]["get"]["parameters"] if p["name"] == "limit")
    query["required"] = True


def refuse_role(document: dict[str, Any]) -> None:
    document["paths"][CANCEL]["post"]["x-roles"] = ["operator"]


@pytest.mark.parametrize(
    "change",
    [
        drop_path,
        drop_answer_field,
        drop_request_field,
        require_request_field,
        shorten_request_field,
        narrow_choice,
        retype_answer_field,
        require_parameter,
        refuse_role,
    ],
)
def test_what_clients_would_notice_is_named(change: Callable[[dict[str, Any]], None]) -> None:
    after = copy.deepcopy(BEFORE)
    change(after)
    assert breaks(BEFORE, after) != []


def test_what_is_added_breaks_nobody() -> None:
    before = copy.deepcopy(BEFORE)
    drop_path(before)
    drop_answer_field(before)
    drop_request_field(before)
    assert breaks(before, BEFORE) == []
    assert breaks(BEFORE, BEFORE) == []
