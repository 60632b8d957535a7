"""What the providers of SMS and of calls have in common: Twilio's way to know us, its errors, its faults.

Errors are Twilio's: `{"code", "message", "more_info", "status"}`. A `StatusCallback` must be an address of this
machine, so that the sandbox posts nothing to the outside.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jitney.sandbox.bodies import BodyTooLong, read_body
from jitney.sandbox.connections import Silences
from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.faults import FaultRule
from jitney.sandbox.world import World

RECIPIENT = re.compile(r"\+[1-9][0-9]{6,14}")
_PAGE_SIZE = re.compile(r"[1-9][0-9]{0,2}")
_MAX_BODY_BYTES = 16 * 1024
_CALLBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_REFUSALS: Mapping[FaultKind | None, tuple[int, int, str]] = {
    FaultKind.RATE_LIMITED: (429, 20429, "Too Many Requests"),
    FaultKind.UNAVAILABLE: (503, 20503, "Service Unavailable"),
    FaultKind.ERROR_BEFORE_EFFECT: (500, 20500, "Internal Server Error"),
    FaultKind.REFUSED: (400, 21211, "The 'To' number is not a valid phone number"),
    FaultKind.UNREGISTERED: (400, 21610, "Attempt to send to unsubscribed recipient"),
}
Make = Callable[[sqlite3.Connection, FaultRule | None], dict[str, Any]]
"""Does the work in a transaction and returns the answer; a fault may say what comes of it later."""


class TwilioError(Exception):
    """An answer in Twilio's shape other than 201."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def response(self) -> Response:
        """Write the answer; a 429 or 503 says when to come again."""
        headers = {"retry-after": "1"} if self.status in {429, 503} else {}
        body = {"code": self.code, "message": str(self), "more_info": "", "status": self.status}
        return JSONResponse(body, self.status, headers)


def authenticate(request: Request, account: str, token: str) -> None:
    """Refuse whom the provider does not know, by HTTP's basic scheme."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(credentials, validate=True) if scheme.lower() == "basic" else b""
    except binascii.Error:
        given = b""
    if not secrets.compare_digest(given, f"{account}:{token}".encode()):
        raise TwilioError(401, 20003, "Authenticate")
    if request.path_params["account"] != account:
        raise not_found()


def not_found() -> TwilioError:
    """Make the error of what is not there."""
    return TwilioError(404, 20404, "The requested resource was not found")


async def read_form(request: Request, known: Collection[str], required: Mapping[str, int]) -> dict[str, str]:
    """Read a posted form; `required` are the fields that it must have, with the code of the error that says so."""
    try:
        body = await read_body(request, _MAX_BODY_BYTES)
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except BodyTooLong:
        raise TwilioError(413, 20413, "Request body is too long") from None
    except ValueError:
        raise TwilioError(400, 20001, "The body must be application/x-www-form-urlencoded") from None
    form = dict(pairs)
    if unknown := form.keys() - known:
        raise TwilioError(400, 20001, f"Unknown parameter {min(unknown)[:50]}")
    for name, code in required.items():
        if not form.get(name):
            raise TwilioError(400, code, f"A '{name}' is required")
    if not RECIPIENT.fullmatch(form["To"]):
        raise TwilioError(400, 21211, "The 'To' number is not a valid phone number")
    if form.get("StatusCallback") and not _is_local(form["StatusCallback"]):
        raise TwilioError(400, 21609, "The 'StatusCallback' is not an http address of this machine")
    return form


def read_list_query(request: Request) -> tuple[str, int]:
    """Read of which number a list is asked for, and how many."""
    to, size = request.query_params.get("To", ""), request.query_params.get("PageSize", "50")
    if not RECIPIENT.fullmatch(to) or not _PAGE_SIZE.fullmatch(size):
        raise TwilioError(400, 20001, "Here a list has 'To', a phone number, and 'PageSize', 1 to 999")
    return to, int(size)


async def accept(
    world: World, silences: Silences, request: Request, target: Literal["sms", "voice"], operation: str, make: Make
) -> Response:
    """Do the work and answer 201, as far as no scripted fault strikes."""
    fault = await world.faults.draw(target, operation)
    match fault and fault.kind:
        case kind if kind in _REFUSALS:
            raise TwilioError(*_REFUSALS[kind])
        case FaultKind.RESET_BEFORE_EFFECT:
            return await silences.reset(request)
        case FaultKind.TIMEOUT_BEFORE_EFFECT if fault:
            return await silences.hang(request, fault)
        case FaultKind.DELAY if fault:
            await silences.hold(fault)
        case _:
            pass
    made = await world.store.run(lambda connection: make(connection, fault))
    world.deliveries.wake()
    match fault and fault.kind:
        case FaultKind.ERROR_AFTER_EFFECT:
            raise TwilioError(500, 20500, "Internal Server Error")
        case FaultKind.RESET_AFTER_EFFECT:
            return await silences.reset(request)
        case FaultKind.TIMEOUT_AFTER_EFFECT if fault:
            return await silences.hang(request, fault)
        case _:
            return JSONResponse(made, 201)


def date_of(row: sqlite3.Row) -> str:
    """Write when something was made, as Twilio does."""
    return format_datetime(datetime.fromtimestamp(row["created"], UTC))


def _is_local(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in _CALLBACK_HOSTS
