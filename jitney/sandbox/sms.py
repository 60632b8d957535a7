"""The SMS provider: the Messages resource of Twilio's REST API (2010-04-01). Nothing is sent; everything can be read.

A `StatusCallback` is told, signed, that the message was delivered, or what a scripted fault makes of it.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jitney.sandbox.connections import Silences
from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.faults import FaultRule
from jitney.sandbox.twilio import (
    TwilioError,
    accept,
    authenticate,
    date_of,
    not_found,
    read_form,
    read_list_query,
)
from jitney.sandbox.world import World

KEPT_SECONDS = 7 * 24 * 3600
_PREFIX = "/sms/2010-04-01/Accounts/{account}"
_MAX_TEXT_LENGTH = 1600
_PARAMETERS = frozenset({"To", "From", "Body", "StatusCallback"})
_REQUIRED = {"To": 21604, "From": 21603, "Body": 21602}
_SENDER = re.compile(r"\+?[0-9]{3,15}|(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}")


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
            authenticate(request, self._account, self._token)
            form = await _form(request)
            return await accept(
                self._world,
                self._silences,
                request,
                "sms",
                "messages.create",
                lambda connection, fault: self._store(connection, form, fault),
            )
        except TwilioError as error:
            return error.response()

    def _store(self, connection: sqlite3.Connection, form: dict[str, str], fault: FaultRule | None) -> dict[str, Any]:
        sid = self._world.identifiers.twilio("SM")
        now = self._world.clock.now().timestamp()
        connection.execute(
            "INSERT INTO message (sid, account, recipient, sender, text, created) VALUES (?, ?, ?, ?, ?, ?)",
            (sid, self._account, form["To"], form["From"], form["Body"], now),
        )
        kind = fault.kind if fault else None
        if (callback := form.get("StatusCallback")) and kind is not FaultKind.NO_RECEIPT:
            told = {"AccountSid": self._account, "MessageSid": sid, "MessageStatus": "delivered", "To": form["To"]}
            if kind is FaultKind.UNDELIVERED:
                told |= {"MessageStatus": "undelivered", "ErrorCode": "30008"}
            self._world.deliveries.owe(connection, "sms_status", callback, told, now)
        row = connection.execute("SELECT * FROM message WHERE sid = ?", (sid,)).fetchone()
        return _shown(row, "queued")

    async def _retrieve(self, request: Request) -> Response:
        try:
            authenticate(request, self._account, self._token)
            sid = request.path_params["sid"]
            row = await self._world.store.run(
                lambda connection: connection.execute("SELECT * FROM message WHERE sid = ?", (sid,)).fetchone()
            )
            if row is None:
                raise not_found()
            return JSONResponse(_shown(row, "delivered"))
        except TwilioError as error:
            return error.response()

    async def _list(self, request: Request) -> Response:
        """The first page of what was sent to a number, newest first."""
        try:
            authenticate(request, self._account, self._token)
            to, size = read_list_query(request)
            rows = await self._world.store.run(
                lambda connection: connection.execute(
                    "SELECT * FROM message WHERE recipient = ? ORDER BY seq DESC LIMIT ?", (to, size)
                ).fetchall()
            )
            shown = [_shown(row, "delivered") for row in rows]
            return JSONResponse({"messages": shown, "page": 0, "page_size": size, "next_page_uri": None})
        except TwilioError as error:
            return error.response()


async def _form(request: Request) -> dict[str, str]:
    form = await read_form(request, _PARAMETERS, _REQUIRED)
    if not _SENDER.fullmatch(form["From"]):
        raise TwilioError(400, 21212, "The 'From' number or name is not valid")
    if len(form["Body"]) > _MAX_TEXT_LENGTH:
        raise TwilioError(400, 21617, "The message body exceeds the 1600 character limit")
    return form


def _shown(row: sqlite3.Row, status: str) -> dict[str, Any]:
    created = date_of(row)
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
