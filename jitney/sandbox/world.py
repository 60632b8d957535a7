"""What all parts of the sandbox share: store, clock, faults, deliveries, and how a processor's call is made."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from chassis.runtime import Wakeup
from jitney.sandbox.clock import SandboxClock
from jitney.sandbox.deliveries import Deliveries
from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.faults import FaultBook, FaultRule
from jitney.sandbox.identifiers import Identifiers
from jitney.sandbox.policy import Policy
from jitney.sandbox.psp import events
from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.ledger import Ledger
from jitney.sandbox.psp.objects import Objects
from jitney.sandbox.psp.operations import Call
from jitney.sandbox.store import Store

_SOON_SECONDS = 30.0
_EARLY_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class World:
    """The imitated outside world."""

    store: Store
    clock: SandboxClock
    faults: FaultBook
    deliveries: Deliveries
    identifiers: Identifiers
    policy: Policy
    webhook_url: str
    webhook_events: frozenset[str] | None
    """The types of which the address is told; None: all."""
    tasks: Wakeup = field(default_factory=Wakeup)

    def now(self) -> int:
        """The sandbox's time in Unix seconds."""
        return int(self.clock.now().timestamp())

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up what was stored before the process started."""
        self.clock.restore(connection)
        self.faults.restore(connection)

    def wake(self, call: Call | None) -> None:
        """Look after a commit for what is due now; `call`: what was committed."""
        self.deliveries.wake()
        if call is not None and any(due_at - call.now < _SOON_SECONDS for due_at in call.scheduled):
            self.tasks.wake()

    def call(
        self,
        connection: sqlite3.Connection,
        now: int,
        *,
        account: str = "",
        url: str = "",
        path: Mapping[str, str] | None = None,
        key: str | None = None,
        request_id: str | None = None,
        fault: FaultRule | None = None,
        early: list[int] | None = None,
    ) -> Call:
        """Make what an operation of the processor is given.

        `early` takes the numbers of the webhooks that are to be delivered before the call is answered.
        """

        def tell(call: Call, event_type: str, subject: Json) -> None:
            request = {"id": request_id, "idempotency_key": key}
            event = events.record(call.objects, self.identifiers, event_type, subject, now, call.account, request)
            if self.webhook_url and (self.webhook_events is None or event_type in self.webhook_events):
                self._owe_webhook(connection, event, now, early)

        return Call(
            connection=connection,
            objects=Objects(connection, account),
            ledger=Ledger(connection, key),
            identifiers=self.identifiers,
            now=now,
            policy=self.policy,
            tell=tell,
            account=account,
            url=url,
            path=path or {},
            fault=fault,
        )

    def _owe_webhook(self, connection: sqlite3.Connection, event: Json, now: int, early: list[int] | None) -> None:
        fault = self.faults.draw_in(connection, "webhook", event["type"])
        kind, seconds = (fault.kind, fault.seconds) if fault else (None, 0.0)
        url, owe = self.webhook_url, self.deliveries.owe
        match kind:
            case FaultKind.NEVER:
                pass
            case FaultKind.LATE:
                owe(connection, "event", url, event, now + seconds)
            case FaultKind.REORDERED:
                owe(connection, "event", url, event, now + seconds, swaps=True)
            case FaultKind.BAD_SIGNATURE:
                owe(connection, "event", url, event, now, signing="bad")
            case FaultKind.REPLAY_OLD:
                owe(connection, "event", url, event, now)
                owe(connection, "event", url, event, now, signing="old", signed_seconds_ago=seconds)
            case FaultKind.EARLY if early is not None:
                # Not due for the worker before the answer is on its way; a crash in between leaves it owed.
                early.append(owe(connection, "event", url, event, now + _EARLY_SECONDS))
            case _:
                for _ in range(2 if kind is FaultKind.DUPLICATE else 1):
                    owe(connection, "event", url, event, now)
