"""What the sandbox's own controls share: how their requests are read, and how they refuse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jitney.sandbox.bodies import BodyTooLong, read_body
from jitney.sandbox.psp.errors import StripeError
from jitney.sandbox.psp.forms import nest, read_pairs

_MAX_BODY_BYTES = 16 * 1024
M = TypeVar("M", bound=BaseModel)


class Body(BaseModel):
    """What a control takes; nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Refused(Exception):
    """A request that cannot be served, in plain words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def guarded(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Answer refusals in plain words."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as error:
            return JSONResponse({"error": {"message": str(error)}}, error.status)
        except StripeError as error:  # from reading the query
            return JSONResponse(error.body(), error.status)

    return guarded


async def read_json(request: Request, model: type[M]) -> M:
    """Read a JSON body, or refuse it."""
    # A page of another site can make a browser post a form or plain text, but not JSON without asking first.
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refused(415, "the content type must be application/json")
    try:
        return model.model_validate_json(await read_body(request, _MAX_BODY_BYTES))
    except BodyTooLong:
        raise Refused(413, "the body is too long") from None
    except ValidationError as error:
        raise Refused(400, _reasons(error)) from None


def read_query(request: Request, model: type[M]) -> M:
    """Read the query string, or refuse it."""
    try:
        return model.model_validate(nest(read_pairs(request.url.query.encode())))
    except ValidationError as error:
        raise Refused(400, _reasons(error)) from None


def moment_text(moment: datetime) -> str:
    """Write a moment as RFC 3339 has it, to the microsecond."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _reasons(error: ValidationError) -> str:
    items = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}" for item in items[:5])
