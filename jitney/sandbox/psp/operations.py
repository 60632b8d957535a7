"""What an operation of the processor is, and what it is given: one call, inside one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from jitney.sandbox import tasks
from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.faults import FaultRule
from jitney.sandbox.identifiers import Identifiers
from jitney.sandbox.policy import Policy
from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.ledger import Ledger
from jitney.sandbox.psp.objects import Objects
from jitney.sandbox.psp.parameters import Params
from jitney.sandbox.tasks import Task, TaskKind

P = TypeVar("P", bound=Params)


@dataclass(frozen=True, slots=True)
class Call:
    """All that an operation may use. Times are Unix seconds of the sandbox's clock."""

    connection: sqlite3.Connection
    objects: Objects
    ledger: Ledger
    identifiers: Identifiers
    now: int
    policy: Policy
    tell: Callable[[Call, str, Json], None]
    """Record an event of this type about this object, and owe its webhook."""
    account: str = ""
    """The connected account in whose name the call is made; empty: the platform's own."""
    url: str = ""
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    """The variable parts of the path, by name."""
    fault: FaultRule | None = None
    """What was scripted to go wrong with the work itself."""
    scheduled: list[float] = field(default_factory=list[float])
    """When what this call has scheduled is due."""

    @property
    def id(self) -> str:
        """The object that the path names."""
        return self.path["id"]

    @property
    def decline_code(self) -> str | None:
        """A fault: the issuer refuses whatever is asked of it."""
        return self.fault.decline_code if self.fault and self.fault.kind is FaultKind.DECLINE else None

    def announce(self, event_type: str, subject: Json) -> None:
        """Record an event, and owe its webhook."""
        self.tell(self, event_type, subject)

    def schedule(self, kind: TaskKind, subject: str, after_seconds: float, data: str = "") -> None:
        """Let something happen by itself."""
        due_at = self.now + after_seconds
        tasks.schedule(self.connection, Task(kind, subject, self.account, data, due_at))
        self.scheduled.append(due_at)

    def unschedule(self, subject: str) -> None:
        """Let nothing happen to this object by itself any more."""
        tasks.unschedule(self.connection, subject)

    def on_behalf_of(self, account: str) -> Call:
        """The same call, in another account's books."""
        return replace(self, account=account, objects=Objects(self.connection, account))


@dataclass(frozen=True, slots=True)
class Operation(Generic[P]):
    """One entry of the API: its name (as the fault rules call it), its place, its parameters and its work."""

    name: str
    method: str
    path: str
    params: type[P]
    work: Callable[[Call, P], Json]


AnyOperation = Operation[Any]
