"""What all parts of the sandbox share: store, clock, faults, deliveries, and how a processor's call is made."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from jitney.sandbox.clock import SandboxClock
from jitney.sandbox.deliveries import Deliveries
from jitney.sandbox.faults import FaultBook, FaultKind
from jitney.sandbox.identifiers import Identifiers
from jitney.sandbox.psp import events
from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.ledger import Ledger
from jitney.sandbox.psp.objects import Objects
from jitney.sandbox.psp.operations import Call
from jitney.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class World:
    """The imitated outside world."""

    store: Store
    clock: SandboxClock
    faults: FaultBook
    deliveries: Deliveries
    identifiers: Identifiers
    webhook_url: str

    def now(self) -> int:
        """The sandbox's time in Unix seconds."""
        return int(self.clock.now().timestamp())

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up what was stored before the process started."""
        self.clock.restore(connection)
        self.faults.restore(connection)

    def call(
        self,
        connection: sqlite3.Connection,
        now: int,
        *,
        url: str = "",
        path: Mapping[str, str] | None = None,
        decline_code: str | None = None,
    ) -> Call:
        """Make what an operation of the processor is given."""
        objects = Objects(connection)

        def announce(event_type: str, subject: Json) -> None:
            event = events.record(objects, self.identifiers, event_type, subject, now)
            if self.webhook_url:
                self._owe_webhook(connection, event, now)

        return Call(
            connection=connection,
            objects=objects,
            ledger=Ledger(connection),
            identifiers=self.identifiers,
            now=now,
            announce=announce,
            url=url,
            path=path or {},
            decline_code=decline_code,
        )

    def _owe_webhook(self, connection: sqlite3.Connection, event: Json, now: int) -> None:
        fault = self.faults.draw_in(connection, "webhook", event["type"])
        kind = fault.kind if fault else None
        if kind is FaultKind.NEVER:
            return
        due_at = now + fault.seconds if fault and kind is FaultKind.LATE else float(now)
        for _ in range(2 if kind is FaultKind.DUPLICATE else 1):
            self.deliveries.owe(
                connection, "event", self.webhook_url, event, due_at, badly_signed=kind is FaultKind.BAD_SIGNATURE
            )
