"""The provider of calls: the Calls resource of Twilio's REST API (2010-04-01). Nobody is called; what was said is read.

A call says what its TwiML says: `<Response>` with `<Say language="…">` and `<Pause/>`, no other. A `StatusCallback` is
told, signed, that the call was taken up and is over (`completed`), or what a scripted fault makes of it.
"""

from __future__ import annotations

import re
import sqlite3
from html import unescape
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jitney.sandbox.connections import Silences
from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.faults import FaultRule
from jitney.sandbox.twilio import (
    RECIPIENT,
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
_PREFIX = "/voice/2010-04-01/Accounts/{account}"
_MAX_TWIML_LENGTH = 4000
_PARAMETERS = frozenset({"To", "From", "Twiml", "Timeout", "TimeLimit", "StatusCallback"})
_REQUIRED = {"To": 21201, "From": 21213, "Twiml": 21205}
_SAY = re.compile(r'<Say language="([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)">([^<>]+)</Say>')
_PAUSE = re.compile(r'<Pause(?: length="[0-9]{1,2}")? ?/>')
_RESPONSE = re.compile(rf"<Response>((?:{_SAY.pattern}|{_PAUSE.pattern})+)</Response>")
_OUTCOMES = {"": "no-answer", "busy": "busy", "failed": "failed", "no_answer": "no-answer"}
"""How a call ends that was not taken up, by the rule's `failure_code`."""


class VoiceProvider:
    """Serves the resource over HTTP."""

    def __init__(self, world: World, silences: Silences, account: str, token: str) -> None:
        self._world = world
        self._silences = silences
        self._account = account
        self._token = token

    def routes(self) -> list[Route]:
        """Make the routes."""
        return [
            Route(_PREFIX + "/Calls.json", self._create, methods=["POST"]),
            Route(_PREFIX + "/Calls.json", self._list, methods=["GET"]),
            Route(_PREFIX + "/Calls/{sid}.json", self._retrieve, methods=["GET"]),
        ]

    async def _create(self, request: Request) -> Response:
        try:
            authenticate(request, self._account, self._token)
            form = await _form(request)
            language, words = said_by(form["Twiml"])
            return await accept(
                self._world,
                self._silences,
                request,
                "voice",
                "calls.create",
                lambda connection, fault: self._store(connection, form, language, words, fault),
            )
        except TwilioError as error:
            return error.response()

    def _store(
        self, connection: sqlite3.Connection, form: dict[str, str], language: str, words: str, fault: FaultRule | None
    ) -> dict[str, Any]:
        sid = self._world.identifiers.twilio("CA")
        now = self._world.clock.now().timestamp()
        kind, status = (fault.kind if fault else None), "completed"
        if fault and kind is FaultKind.UNDELIVERED:
            status = _OUTCOMES.get(fault.failure_code, "no-answer")
        connection.execute(
            "INSERT INTO call (sid, account, recipient, sender, language, text, status, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (sid, self._account, form["To"], form["From"], language, words, status, now),
        )
        if (callback := form.get("StatusCallback")) and kind is not FaultKind.NO_RECEIPT:
            told = {"AccountSid": self._account, "CallSid": sid, "CallStatus": status, "To": form["To"]}
            self._world.deliveries.owe(connection, "sms_status", callback, told, now)
        row = connection.execute("SELECT * FROM call WHERE sid = ?", (sid,)).fetchone()
        return _shown(row, "queued")

    async def _retrieve(self, request: Request) -> Response:
        try:
            authenticate(request, self._account, self._token)
            sid = request.path_params["sid"]
            row = await self._world.store.run(
                lambda connection: connection.execute("SELECT * FROM call WHERE sid = ?", (sid,)).fetchone()
            )
            if row is None:
                raise not_found()
            return JSONResponse(_shown(row, row["status"]))
        except TwilioError as error:
            return error.response()

    async def _list(self, request: Request) -> Response:
        """The first page of the calls to a number, newest first."""
        try:
            authenticate(request, self._account, self._token)
            to, size = read_list_query(request)
            rows = await self._world.store.run(
                lambda connection: connection.execute(
                    "SELECT * FROM call WHERE recipient = ? ORDER BY seq DESC LIMIT ?", (to, size)
                ).fetchall()
            )
            shown = [_shown(row, row["status"]) for row in rows]
            return JSONResponse({"calls": shown, "page": 0, "page_size": size, "next_page_uri": None})
        except TwilioError as error:
            return error.response()


def said_by(twiml: str) -> tuple[str, str]:
    """Return the language and the words of a TwiML document.

    Raises:
        TwilioError: it is not one, or does what is not done here.
    """
    response = _RESPONSE.fullmatch(twiml)
    said = _SAY.findall(response[1]) if response else []
    if not said:
        raise TwilioError(400, 12100, "The 'Twiml' is not a Response with Say and Pause alone")
    return said[0][0], " ".join(unescape(words) for _, words in said)


async def _form(request: Request) -> dict[str, str]:
    form = await read_form(request, _PARAMETERS, _REQUIRED)
    if not RECIPIENT.fullmatch(form["From"]):
        raise TwilioError(400, 21212, "The 'From' number is not a valid phone number")
    if len(form["Twiml"]) > _MAX_TWIML_LENGTH:
        raise TwilioError(400, 21205, "The 'Twiml' exceeds the 4000 character limit")
    for name in ("Timeout", "TimeLimit"):
        if not form.get(name, "1").isdecimal():
            raise TwilioError(400, 20001, f"'{name}' is in whole seconds")
    return form


def _shown(row: sqlite3.Row, status: str) -> dict[str, Any]:
    return {
        "account_sid": row["account"],
        "api_version": "2010-04-01",
        "date_created": date_of(row),
        "direction": "outbound-api",
        "from": row["sender"],
        "sid": row["sid"],
        "status": status,
        "to": row["recipient"],
        "uri": f"/2010-04-01/Accounts/{row['account']}/Calls/{row['sid']}.json",
    }


def forget_old(connection: sqlite3.Connection, now: int, limit: int) -> None:
    """Drop calls that are a week old, so many at a time."""
    connection.execute(
        "DELETE FROM call WHERE seq IN (SELECT seq FROM call WHERE created <= ? ORDER BY created LIMIT ?)",
        (now - KEPT_SECONDS, limit),
    )
