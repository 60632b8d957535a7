"""The SMS provider: the Messages resource of Twilio's REST API (2010-04-01). Nothing is sent; everything can be read.

Errors are Twilio's: `{"code", "message", "more_info", "status"}`. A `StatusCallback` is told, signed, that the message
was delivered; it must be an address of this machine, so that the sandbox posts nothing to the outside.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jitney.sandbox.bodies import BodyTooLong, read_body
from jitney.sandbox.connections import Silences
from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.world import World

KEPT_SECONDS = 7 * 24 * 3600
_PREFIX = "/sms/2010-04-01/Accounts/{account}"
_MAX_BODY_BYTES = 16 * 1024
_MAX_TEXT_LENGTH = 1600
_PAGE_SIZE = re.compile(r"[1-9][0-9]{0,2}")
_PARAMETERS = frozenset({"To", "From", "Body", "StatusCallback"})
_RECIPIENT = re.compile(r"\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"\+?[0-9]{3,15}|(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}")
_CALLBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


_REFUSALS: Mapping[FaultKind | None, tuple[int, int, str]] = {
    FaultKind.RATE_LIMITED: (429, 20429, "Too Many Requests"),
    FaultKind.UNAVAILABLE: (503, 20503, "Service Unavailable"),
    FaultKind.ERROR_BEFORE_EFFECT: (500, 20500, "Internal Server Error"),
    FaultKind.REFUSED: (400, 21211, "The 'To' number is not a valid phone number"),
    FaultKind.UNREGISTERED: (400, 21610, "Attempt to send to unsubscribed recipient"),
}


class SmsError(Exception):
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


class SmsProvider:
    """Serves the resource over HTTP."""

    def __init__(self, world: World, silences: Silences, account: str, token: str) -> None:
        self._world = world
        self._silences = silences
        self._account = account
        self._token = token

    def routes(self) -> list[Route]:
        """Make the routes."""
        return [
            Route(_PREFIX + "/Messages.json", self._create, methods=["POST"]),
            Route(_PREFIX + "/Messages.json", self._list, methods=["GET"]),
            Route(_PREFIX + "/Messages/{sid}.json", self._retrieve, methods=["GET"]),
        ]

    async def _create(self, request: Request) -> Response:
        try:
            self._authenticate(request)
            form = await _form(request)
            return await self._accept(request, form)
        except SmsError as error:
            return error.response()

    async def _accept(self, request: Request, form: dict[str, str]) -> Response:
        fault = await self._world.faults.draw("sms", "messages.create")
        match fault and fault.kind:
            case kind if kind in _REFUSALS:
                raise SmsError(*_REFUSALS[kind])
            case FaultKind.RESET_BEFORE_EFFECT:
                return await self._silences.reset(request)
            case FaultKind.TIMEOUT_BEFORE_EFFECT if fault:
                return await self._silences.hang(request, fault.seconds)
            case FaultKind.DELAY if fault:
                await self._silences.hold(fault.seconds)
            case _:
                pass
        message = await self._world.store.run(lambda connection: self._store(connection, form))
        self._world.deliveries.wake()
        match fault and fault.kind:
            case FaultKind.ERROR_AFTER_EFFECT:
                raise SmsError(500, 20500, "Internal Server Error")
            case FaultKind.RESET_AFTER_EFFECT:
                return await self._silences.reset(request)
            case FaultKind.TIMEOUT_AFTER_EFFECT if fault:
                return await self._silences.hang(request, fault.seconds)
            case _:
                return JSONResponse(message, 201)

    def _store(self, connection: sqlite3.Connection, form: dict[str, str]) -> dict[str, Any]:
        sid = self._world.identifiers.twilio("SM")
        now = self._world.clock.now().timestamp()
        connection.execute(
            "INSERT INTO message (sid, account, recipient, sender, text, created) VALUES (?, ?, ?, ?, ?, ?)",
            (sid, self._account, form["To"], form["From"], form["Body"], now),
        )
        if callback := form.get("StatusCallback"):
            told = {"AccountSid": self._account, "MessageSid": sid, "MessageStatus": "delivered", "To": form["To"]}
            self._world.deliveries.owe(connection, "sms_status", callback, told, now)
        row = connection.execute("SELECT * FROM message WHERE sid = ?", (sid,)).fetchone()
        return _shown(row, "queued")

    async def _retrieve(self, request: Request) -> Response:
        try:
            self._authenticate(request)
            sid = request.path_params["sid"]
            row = await self._world.store.run(
                lambda connection: connection.execute("SELECT * FROM message WHERE sid = ?", (sid,)).fetchone()
            )
            if row is None:
                raise SmsError(404, 20404, "The requested resource was not found")
            return JSONResponse(_shown(row, "delivered"))
        except SmsError as error:
            return error.response()

    async def _list(self, request: Request) -> Response:
        """The first page of what was sent to a number, newest first."""
        try:
            self._authenticate(request)
            to, size = request.query_params.get("To", ""), request.query_params.get("PageSize", "50")
            if not _RECIPIENT.fullmatch(to) or not _PAGE_SIZE.fullmatch(size):
                raise SmsError(400, 20001, "Here a list has 'To', a phone number, and 'PageSize', 1 to 999")
            rows = await self._world.store.run(
                lambda connection: connection.execute(
                    "SELECT * FROM message WHERE recipient = ? ORDER BY seq DESC LIMIT ?", (to, int(size))
                ).fetchall()
            )
            shown = [_shown(row, "delivered") for row in rows]
            return JSONResponse({"messages": shown, "page": 0, "page_size": int(size), "next_page_uri": None})
        except SmsError as error:
            return error.response()

    def _authenticate(self, request: Request) -> None:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(credentials, validate=True) if scheme.lower() == "basic" else b""
        except binascii.Error:
            given = b""
        if not secrets.compare_digest(given, f"{self._account}:{self._token}".encode()):
            raise SmsError(401, 20003, "Authenticate")
        if request.path_params["account"] != self._account:
            raise SmsError(404, 20404, "The requested resource was not found")


async def _form(request: Request) -> dict[str, str]:
    try:
        body = await read_body(request, _MAX_BODY_BYTES)
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except BodyTooLong:
        raise SmsError(413, 20413, "Request body is too long") from None
    except ValueError:
        raise SmsError(400, 20001, "The body must be application/x-www-form-urlencoded") from None
    form = dict(pairs)
    if unknown := form.keys() - _PARAMETERS:
        raise SmsError(400, 20001, f"Unknown parameter {min(unknown)[:50]}")
    for name, code in (("To", 21604), ("From", 21603), ("Body", 21602)):
        if not form.get(name):
            raise SmsError(400, code, f"A '{name}' is required")
    if not _RECIPIENT.fullmatch(form["To"]):
        raise SmsError(400, 21211, "The 'To' number is not a valid phone number")
    if not _SENDER.fullmatch(form["From"]):
        raise SmsError(400, 21212, "The 'From' number or name is not valid")
    if len(form["Body"]) > _MAX_TEXT_LENGTH:
        raise SmsError(400, 21617, "The message body exceeds the 1600 character limit")
    if form.get("StatusCallback") and not _is_local(form["StatusCallback"]):
        raise SmsError(400, 21609, "The 'StatusCallback' is not an http address of this machine")
    return form


def _is_local(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in _CALLBACK_HOSTS


def _shown(row: sqlite3.Row, status: str) -> dict[str, Any]:
    created = format_datetime(datetime.fromtimestamp(row["created"], UTC))
    return {
        "account_sid": row["account"],
        "api_version": "2010-04-01",
        "body": row["text"],
        "date_created": created,
        "date_sent": created if status == "delivered" else None,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": row["sender"],
        "num_segments": str(1 + max(0, len(row["text"]) - 1) // 160),
        "sid": row["sid"],
        "status": status,
        "to": row["recipient"],
        "uri": f"/2010-04-01/Accounts/{row['account']}/Messages/{row['sid']}.json",
    }


def forget_old(connection: sqlite3.Connection, now: int, limit: int) -> None:
    """Drop messages that are a week old, so many at a time."""
    connection.execute(
        "DELETE FROM message WHERE seq IN (SELECT seq FROM message WHERE created <= ? ORDER BY created LIMIT ?)",
        (now - KEPT_SECONDS, limit),
    )
