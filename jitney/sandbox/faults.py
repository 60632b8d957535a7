"""Faults, scripted: which call goes wrong, how, and how often. The rules and their counters are durable.

A rule is drawn in the order of making; the first that applies is taken. Chance is seeded by the rule and by how many
calls it has seen, so a script plays the same way again.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from jitney.sandbox.fault_kinds import FAULTS, FaultKind, Target
from jitney.sandbox.store import Store

MAX_RULES = 100
MAX_SECONDS = 31 * 24 * 3600.0
MAX_WAIT_SECONDS = 600.0
"""For what keeps a client waiting: that is real time, the rest is the sandbox's."""
DEFAULT_SECONDS = 30.0


class FaultRule(BaseModel):
    """A rule as it is posted to `/_sim/faults`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Target = "psp"
    operation: Annotated[str, Field(pattern=r"^[a-z_.*]{1,64}$")] = "*"
    """`payment_intents.capture`, `messages.create`, an event's type; `*` is any, `payment_intents.*` a family."""
    kind: FaultKind
    skip: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """So many calls pass unharmed first."""
    count: Annotated[int, Field(ge=1, le=1_000_000)] | None = 1
    """How often it strikes; null: without end."""
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    seconds: Annotated[float, Field(ge=0, le=MAX_SECONDS)] = DEFAULT_SECONDS
    """For time-outs, `delay`, `down`, what happens later, and the webhooks' times."""
    decline_code: Annotated[str, Field(pattern=r"^[a-z_]{1,64}$")] = "generic_decline"
    failure_code: Annotated[str, Field(pattern=r"^[a-z_]{0,64}$")] = ""
    """Of `fails_later`; empty: the usual one of what fails."""

    @model_validator(mode="after")
    def _fits_the_target(self) -> Self:
        if self.target not in FAULTS[self.kind].targets:
            raise ValueError(f"{self.kind} cannot happen to {self.target}")
        if FAULTS[self.kind].waits and self.seconds > MAX_WAIT_SECONDS:
            raise ValueError(f"seconds: {self.kind} keeps a client waiting for {MAX_WAIT_SECONDS:.0f} seconds at most")
        return self

    def covers(self, target: Target, operation: str) -> bool:
        """Tell whether the rule is about this call."""
        family = self.operation.removesuffix("*")
        return target == self.target and (
            operation == self.operation or (family != self.operation and operation.startswith(family))
        )

    def strikes(self, seen: int, fired: int, age_seconds: float) -> bool:
        """Decide about the call after `seen` others, of which `fired` were struck, so long after the rule was made."""
        if self.kind is FaultKind.DOWN:
            return age_seconds < self.seconds
        if seen < self.skip or (self.count is not None and fired >= self.count):
            return False
        if self.probability >= 1.0:
            return True
        chance = random.Random(f"{self.seed}:{seen}")  # noqa: S311 (a script, not a secret)
        return chance.random() < self.probability


class FaultBook:
    """The rules in force."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        """Take the store, and the sandbox's time in Unix seconds."""
        self._store = store
        self._now = now
        self._rules: dict[str, FaultRule] = {}

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up the rules that were stored."""
        rows = connection.execute("SELECT id, rule FROM fault ORDER BY seq")
        self._rules = {row["id"]: FaultRule.model_validate_json(row["rule"]) for row in rows}

    def add(self, connection: sqlite3.Connection, identifier: str, rule: FaultRule) -> None:
        """Put a rule in force, behind those that are."""
        connection.execute(
            "INSERT INTO fault (id, rule, made_at) VALUES (?, ?, ?)", (identifier, rule.model_dump_json(), self._now())
        )
        self._rules = {**self._rules, identifier: rule}

    def remove(self, connection: sqlite3.Connection, identifier: str | None = None) -> list[FaultRule]:
        """Take a rule, or all, out of force; returns those."""
        gone = {known: rule for known, rule in self._rules.items() if identifier in {None, known}}
        connection.executemany("DELETE FROM fault WHERE id = ?", [(known,) for known in gone])
        self._rules = {known: rule for known, rule in self._rules.items() if known not in gone}
        return list(gone.values())

    def listing(self, connection: sqlite3.Connection) -> list[dict[str, Any]]:
        """Show the rules with what they have seen and struck."""
        rows = connection.execute("SELECT id, seen, fired FROM fault ORDER BY seq")
        return [
            {
                "id": row["id"],
                **self._rules[row["id"]].model_dump(mode="json"),
                "seen": row["seen"],
                "fired": row["fired"],
            }
            for row in rows
        ]

    def count(self) -> int:
        """Tell how many rules are in force."""
        return len(self._rules)

    async def draw(self, target: Target, operation: str, *, replay: bool = False) -> FaultRule | None:
        """Find the fault that strikes this call, if any; `replay`: it would only be told a stored answer."""
        if not any(rule.covers(target, operation) for rule in self._rules.values()):
            return None
        return await self._store.run(lambda connection: self.draw_in(connection, target, operation, replay=replay))

    def draw_in(
        self, connection: sqlite3.Connection, target: Target, operation: str, *, replay: bool = False
    ) -> FaultRule | None:
        """Do the same within a transaction."""
        for identifier, rule in self._rules.items():
            if not rule.covers(target, operation) or (replay and FAULTS[rule.kind].of_the_work):
                continue
            counters = connection.execute(
                "SELECT seen, fired, made_at FROM fault WHERE id = ?", (identifier,)
            ).fetchone()
            if counters is None:  # removed by a transaction that ran in between
                continue
            strikes = rule.strikes(counters["seen"], counters["fired"], self._now() - counters["made_at"])
            connection.execute(
                "UPDATE fault SET seen = seen + 1, fired = fired + ? WHERE id = ?", (strikes, identifier)
            )
            if strikes:
                return rule
        return None
