"""The provider of calls: the Calls resource of Twilio's REST API (2010-04-01). Nobody is called; what was said is read.

A call says what its TwiML says: `<Response>` with `<Say language="…">` and `<Pause/>`, no other. A `StatusCallback` is
told, signed, that the call was taken up and is over (`completed`), or what a scripted fault makes of it.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from html import unescape
from typing import Any

from starlette.requests import Request

from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.faults import FaultRule
from jitney.sandbox.twilio import RECIPIENT, TwilioError, date_of, read_form
from jitney.sandbox.twilio_resource import TwilioResource

_MAX_TWIML_LENGTH = 4000
_PARAMETERS = frozenset({"To", "From", "Twiml", "Timeout", "TimeLimit", "StatusCallback"})
_REQUIRED = {"To": 21201, "From": 21213, "Twiml": 21205}
_SAY = re.compile(r'<Say language="([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)">([^<>]+)</Say>')
_PAUSE = re.compile(r'<Pause(?: length="[0-9]{1,2}")? ?/>')
_RESPONSE = re.compile(rf"<Response>((?:{_SAY.pattern}|{_PAUSE.pattern})+)</Response>")
_OUTCOMES = {"": "no-answer", "busy": "busy", "failed": "failed", "no_answer": "no-answer"}
"""How a call ends that was not taken up, by the rule's `failure_code`."""


@dataclass(frozen=True, slots=True)
class AskedCall:
    """A call that is asked for: the form, and what its TwiML says in which language."""

    form: dict[str, str]
    language: str
    words: str


class VoiceProvider(TwilioResource[AskedCall]):
    """Serves the resource over HTTP."""

    target, name, table = "voice", "Calls", "call"

    async def read(self, request: Request) -> AskedCall:
        form = await read_form(request, _PARAMETERS, _REQUIRED)
        if not RECIPIENT.fullmatch(form["From"]):
            raise TwilioError(400, 21212, "The 'From' number is not a valid phone number")
        if len(form["Twiml"]) > _MAX_TWIML_LENGTH:
            raise TwilioError(400, 21205, "The 'Twiml' exceeds the 4000 character limit")
        for name in ("Timeout", "TimeLimit"):
            if not form.get(name, "1").isdecimal():
                raise TwilioError(400, 20001, f"'{name}' is in whole seconds")
        return AskedCall(form, *said_by(form["Twiml"]))

    def store(self, connection: sqlite3.Connection, asked: AskedCall, fault: FaultRule | None) -> str:
        sid, form = self.world.identifiers.twilio("CA"), asked.form
        now = self.world.clock.now().timestamp()
        kind, status = (fault.kind if fault else None), "completed"
        if fault and kind is FaultKind.UNDELIVERED:
            status = _OUTCOMES.get(fault.failure_code, "no-answer")
        connection.execute(
            "INSERT INTO call (sid, account, recipient, sender, language, text, status, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (sid, self.account, form["To"], form["From"], asked.language, asked.words, status, now),
        )
        if (callback := form.get("StatusCallback")) and kind is not FaultKind.NO_RECEIPT:
            told = {"AccountSid": self.account, "CallSid": sid, "CallStatus": status, "To": form["To"]}
            self.world.deliveries.owe(connection, "sms_status", callback, told, now)
        return sid

    def status(self, row: sqlite3.Row) -> str:
        return str(row["status"])

    def shown(self, row: sqlite3.Row, status: str) -> dict[str, Any]:
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
