"""The SMS provider: the Messages resource of Twilio's REST API (2010-04-01). Nothing is sent; everything can be read.

A `StatusCallback` is told, signed, that the message was delivered, or what a scripted fault makes of it.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from starlette.requests import Request

from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.faults import FaultRule
from jitney.sandbox.twilio import TwilioError, date_of, read_form
from jitney.sandbox.twilio_resource import TwilioResource

_MAX_TEXT_LENGTH = 1600
_PARAMETERS = frozenset({"To", "From", "Body", "StatusCallback"})
_REQUIRED = {"To": 21604, "From": 21603, "Body": 21602}
_SENDER = re.compile(r"\+?[0-9]{3,15}|(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}")


class SmsProvider(TwilioResource[dict[str, str]]):
    """Serves the resource over HTTP."""

    target, name, table = "sms", "Messages", "message"

    async def read(self, request: Request) -> dict[str, str]:
        form = await read_form(request, _PARAMETERS, _REQUIRED)
        if not _SENDER.fullmatch(form["From"]):
            raise TwilioError(400, 21212, "The 'From' number or name is not valid")
        if len(form["Body"]) > _MAX_TEXT_LENGTH:
            raise TwilioError(400, 21617, "The message body exceeds the 1600 character limit")
        return form

    def store(self, connection: sqlite3.Connection, asked: dict[str, str], fault: FaultRule | None) -> str:
        sid = self.world.identifiers.twilio("SM")
        now = self.world.clock.now().timestamp()
        connection.execute(
            "INSERT INTO message (sid, account, recipient, sender, text, created) VALUES (?, ?, ?, ?, ?, ?)",
            (sid, self.account, asked["To"], asked["From"], asked["Body"], now),
        )
        kind = fault.kind if fault else None
        if (callback := asked.get("StatusCallback")) and kind is not FaultKind.NO_RECEIPT:
            told = {"AccountSid": self.account, "MessageSid": sid, "MessageStatus": "delivered", "To": asked["To"]}
            if kind is FaultKind.UNDELIVERED:
                told |= {"MessageStatus": "undelivered", "ErrorCode": "30008"}
            self.world.deliveries.owe(connection, "sms_status", callback, told, now)
        return sid

    def status(self, row: sqlite3.Row) -> str:
        del row
        return "delivered"

    def shown(self, row: sqlite3.Row, status: str) -> dict[str, Any]:
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
