"""Deliveries: what the providers owe to others over HTTP, the processor's webhooks and the states of SMS.

They are owed in the transaction of what they tell, sent after it, and sent again until they are taken: at least once,
in no promised order, as from the real ones.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import httpx

from chassis.runtime import Wakeup
from jitney.sandbox.store import Store
from shared_kernel.clock import Clock

_BATCH = 20
_POLL_SECONDS = 1.0
_TIMEOUT_SECONDS = 10.0
_MAX_ATTEMPTS = 16
_MAX_PAUSE_SECONDS = 3600.0

_log = logging.getLogger(__name__)
DeliveryKind = Literal["event", "sms_status"]
Signing = Literal["good", "bad", "old"]
"""In order, with another secret (the next attempt is in order), or a replay: with an old time, and tried once."""
_SENDABLE = (
    "(waits_for IS NULL OR NOT EXISTS "
    "(SELECT 1 FROM delivery other WHERE other.seq = delivery.waits_for AND other.attempts = 0))"
)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What deliveries are signed with."""

    webhook: str
    sms_token: str


@dataclass(frozen=True, slots=True)
class _Due:
    seq: int
    kind: DeliveryKind
    url: str
    body: dict[str, Any]
    attempts: int
    signing: Signing
    signed_seconds_ago: float


def stripe_signature(secret: str, body: bytes, unix_seconds: int) -> str:
    """Sign a webhook's bytes by Stripe's scheme v1: HMAC-SHA256 over `time.body`."""
    digest = hmac.new(secret.encode(), b"%d." % unix_seconds + body, hashlib.sha256).hexdigest()
    return f"t={unix_seconds},v1={digest}"


def twilio_signature(token: str, url: str, form: dict[str, str]) -> str:
    """Sign a callback by Twilio's scheme: HMAC-SHA1 over the address and the sorted fields."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


class Deliveries:
    """Owes and sends."""

    def __init__(self, store: Store, sandbox_now: Callable[[], float], machine: Clock, secrets: Secrets) -> None:
        """Take the sandbox's time, by which they fall due, and the machine's, by which they are signed.

        A receiver compares a signature's time with its own clock, which `/_sim/clock` does not advance.
        """
        self._store = store
        self._sandbox_now = sandbox_now
        self._machine = machine
        self._secrets = secrets
        self._wakeup = Wakeup()

    def owe(
        self,
        connection: sqlite3.Connection,
        kind: DeliveryKind,
        url: str,
        body: dict[str, Any],
        due_at: float,
        *,
        signing: Signing = "good",
        signed_seconds_ago: float = 0,
        swaps: bool = False,
    ) -> int:
        """Owe a delivery from `due_at` on, in Unix seconds of the sandbox's clock; returns its number.

        One that `swaps` is sent after the next event that is owed, if there is one before `due_at`.
        """
        cursor = connection.execute(
            """
            INSERT INTO delivery (kind, url, body, due_at, signing, signed_seconds_ago, swaps)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            (kind, url, json.dumps(body), due_at, signing, signed_seconds_ago, swaps),
        )
        number = int(cursor.lastrowid or 0)
        if kind == "event" and not swaps:
            connection.execute(
                "UPDATE delivery SET swaps = 0, waits_for = ?, due_at = ? WHERE swaps = 1",
                (number, self._sandbox_now()),
            )
        return number

    async def send_now(self, numbers: list[int]) -> None:
        """Send these, and wait until each was taken or refused once."""
        marks = ", ".join("?" * len(numbers))
        # Only question marks are put into the statement.
        statement = f"SELECT * FROM delivery WHERE seq IN ({marks})"  # noqa: S608 (see above)
        due = await self._store.run(lambda connection: [_due(row) for row in connection.execute(statement, numbers)])
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            await asyncio.gather(*(self._send(client, delivery) for delivery in due))

    def wake(self) -> None:
        """Look now for what is due, after a commit or when the clock was advanced."""
        self._wakeup.wake()

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            while True:
                due = await self._store.run(self._due)
                await asyncio.gather(*(self._send(client, delivery) for delivery in due))
                if len(due) < _BATCH:
                    await self._wakeup.wait(_POLL_SECONDS)

    def _due(self, connection: sqlite3.Connection) -> list[_Due]:
        rows = connection.execute(
            # The condition is a constant of this module.
            f"SELECT * FROM delivery WHERE due_at <= ? AND {_SENDABLE} ORDER BY due_at, seq LIMIT ?",  # noqa: S608 (see above)
            (self._sandbox_now(), _BATCH),
        )
        return [_due(row) for row in rows]

    async def _send(self, client: httpx.AsyncClient, delivery: _Due) -> None:
        if delivery.kind == "event":
            content = json.dumps(delivery.body, separators=(",", ":")).encode()
            secret = self._secrets.webhook + ("x" if delivery.signing == "bad" else "")
            signed_at = int(self._machine.now().timestamp() - delivery.signed_seconds_ago)
            signature = stripe_signature(secret, content, signed_at)
            headers = {"Stripe-Signature": signature, "Content-Type": "application/json; charset=utf-8"}
        else:
            content = urlencode(delivery.body).encode()
            signature = twilio_signature(self._secrets.sms_token, delivery.url, delivery.body)
            headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            taken = (await client.post(delivery.url, content=content, headers=headers)).is_success
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _log.info("a delivery was not taken", extra={"kind": delivery.kind, "error": type(error).__name__})
            taken = False
        await self._store.run(lambda connection: self._settle(connection, delivery, taken=taken))

    def _settle(self, connection: sqlite3.Connection, delivery: _Due, *, taken: bool) -> None:
        attempts = delivery.attempts + 1
        if taken or attempts >= _MAX_ATTEMPTS or delivery.signing == "old":
            connection.execute("DELETE FROM delivery WHERE seq = ?", (delivery.seq,))
            return
        pause_seconds = min(2.0 ** (attempts - 1), _MAX_PAUSE_SECONDS)
        connection.execute(
            "UPDATE delivery SET attempts = ?, due_at = ?, signing = 'good' WHERE seq = ?",
            (attempts, self._sandbox_now() + pause_seconds, delivery.seq),
        )


def read_deliveries(connection: sqlite3.Connection, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Read what is still owed, in the order in which it came to be owed, with `due_at` in Unix seconds."""
    rows = connection.execute("SELECT * FROM delivery WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))
    return [
        {name: row[name] for name in ("seq", "kind", "url", "attempts", "due_at")} | {"body": json.loads(row["body"])}
        for row in rows
    ]


def _due(row: sqlite3.Row) -> _Due:
    return _Due(
        row["seq"],
        row["kind"],
        row["url"],
        json.loads(row["body"]),
        row["attempts"],
        row["signing"],
        row["signed_seconds_ago"],
    )
