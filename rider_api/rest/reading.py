"""What a request holds: its query, its Idempotency-Key, its body, and whether it was answered before."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from flask import Response, request
from pydantic import BaseModel

from chassis.auth import ANONYMOUS
from rider_api.metrics import REPLAYED
from rider_api.problems import Problem, ProblemError
from rider_api.rest.calls import call, edge
from rider_api.rest.replays import Claim
from rider_api.rest.strict_json import parse_object, require_json, validated
from shared_kernel.errors import FieldViolation, InvalidInput

IDEMPOTENCY_KEY = "Idempotency-Key"
IDEMPOTENT_REPLAYED = "Idempotent-Replayed"
_KEY_FORM = re.compile(r"[!-~]{1,128}")


def kept_answer(route: str, path_values: Mapping[str, object]) -> Response | None:
    """Return the first answer to the request's key, or claim the key; the answer is kept as the request ends."""
    current = call()
    if IDEMPOTENCY_KEY not in request.headers or current.actor is ANONYMOUS:
        # Anonymous callers share no secret by which their keys could be told apart.
        return None
    values = sorted((name, str(value)) for name, value in path_values.items())
    told = json.dumps([request.query_string.decode("latin-1"), values]).encode()
    found = edge().replays.claim(
        principal=f"{current.actor.role.value}:{current.actor.subject}",
        route=route,
        key=current.key,
        digest=hashlib.sha256(told + b"\n" + request.get_data()).digest(),
        seconds=current.seconds,
    )
    if isinstance(found, Claim):
        current.claim = found
        return None
    if found is None:
        return None
    REPLAYED.inc()
    return Response(found.body, status=found.status, headers={**found.headers, IDEMPOTENT_REPLAYED: "true"})


def read_query(lists: frozenset[str]) -> dict[str, object]:
    """Return the query; parameters that are no lists may be given once."""
    values: dict[str, object] = {}
    for name, items in request.args.lists():
        if name in lists:
            values[name] = items
        elif len(items) > 1:
            violation = FieldViolation(name[:200], "may be given once")
            raise InvalidInput("invalid_request", "a query parameter was given twice", violations=[violation])
        else:
            values[name] = items[0]
    return values


def read_key(needed: bool) -> str:
    """Return the Idempotency-Key; a new one where the client gave none and need not."""
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        if needed:
            raise InvalidInput(
                "idempotency_key_required",
                "this request needs an Idempotency-Key: a text you make, keep, and send again with a retry",
                violations=[FieldViolation(IDEMPOTENCY_KEY, "is required")],
            )
        return str(edge().new_id())
    if not _KEY_FORM.fullmatch(key):
        raise InvalidInput(
            "invalid_idempotency_key",
            "the Idempotency-Key has a wrong form",
            violations=[FieldViolation(IDEMPOTENCY_KEY, "must be 1 to 128 printable ASCII characters without spaces")],
        )
    return key


def read_body(model: type[BaseModel], most: int) -> BaseModel:
    """Return the body of at most so many bytes, held against its model."""
    # One more than allowed: a body without a declared length is cut at the bound, without a word.
    request.max_content_length = most + 1
    raw = request.get_data()
    if len(raw) > most:
        raise ProblemError(Problem(413, "body_too_large", f"a body may have {most} bytes"))
    if not raw and not any(info.is_required() for info in model.model_fields.values()):
        return model()
    require_json(request.headers.get("Content-Type"))
    return validated(model, parse_object(raw))
