"""What an operation of the processor is, and what it is given: one call, inside one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from jitney.sandbox.identifiers import Identifiers
from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.ledger import Ledger
from jitney.sandbox.psp.objects import Objects
from jitney.sandbox.psp.parameters import Params

P = TypeVar("P", bound=Params)


@dataclass(frozen=True, slots=True)
class Call:
    """All that an operation may use. Times are Unix seconds of the sandbox's clock."""

    connection: sqlite3.Connection
    objects: Objects
    ledger: Ledger
    identifiers: Identifiers
    now: int
    announce: Callable[[str, Json], None]
    """Record an event of this type about this object, and owe its webhook."""
    url: str
    path: Mapping[str, str]
    """The variable parts of the path, by name."""
    decline_code: str | None = None
    """A fault: the issuer refuses whatever is asked of it."""

    @property
    def id(self) -> str:
        """The object that the path names."""
        return self.path["id"]


@dataclass(frozen=True, slots=True)
class Operation(Generic[P]):
    """One entry of the API: its name (as the fault rules call it), its place, its parameters and its work."""

    name: str
    method: str
    path: str
    params: type[P]
    work: Callable[[Call, P], Json]


AnyOperation = Operation[Any]
