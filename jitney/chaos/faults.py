"""What is done to a stack, and when: one table of faults, and a schedule drawn from a seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jitney.chaos.wires import CALLED, PROVIDERS
from jitney.stack.replicas import name_of

SERVICES: Final = ("identity", "matching", "payment", "notification")
PROCESSES: Final = (*SERVICES, "matcher-2", "rest", "stream", "sandbox")
_UPDATED: Final = (*SERVICES, "matcher-2", "rest", "stream")
_REPEATED: Final = (*SERVICES, "rest", "stream")
STORES: Final = ("postgres", "redis")
_CALLED: Final = (*CALLED, PROVIDERS)
_TABLES: Final = ("matching.ride", "matching.outbox", "payment.payment", "payment.balance", "notification.delivery")
_PSP: Final = (
    "reset_after_effect",
    "reset_before_effect",
    "error_after_effect",
    "timeout_after_effect",
    "unavailable",
    "rate_limited",
)
_MESSAGES: Final = ("unavailable", "rate_limited", "timeout_after_effect", "error_before_effect")


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of harm.

    Args:
        words: what happens, for the report.
        targets: whom or what it may strike.
        seconds: how long it lasts, between these bounds; both zero: it is over at once.
        weight: how often it is drawn, beside the others.
        kills: a process ends by it, and its supervisor has to start it again.
    """

    words: str
    targets: Sequence[str]
    seconds: tuple[float, float] = (0.0, 0.0)
    weight: int = 2
    kills: bool = False


FAULTS: Final[dict[str, Fault]] = {
    "kill": Fault("SIGKILL to a process and its workers", PROCESSES, weight=8, kills=True),
    "restart": Fault("a process is told to stop, as for an update, and another comes", _UPDATED, weight=3, kills=True),
    "kill_store": Fault("SIGKILL to PostgreSQL or Redis", STORES, weight=2, kills=True),
    "restart_postgres": Fault("a fast shutdown in the middle of transactions", ("postgres",), kills=True),
    "pause": Fault("SIGSTOP, later SIGCONT", (*PROCESSES, "redis"), (1.0, 6.0), weight=5),
    "slow": Fault("stopped four fifths of the time", PROCESSES, (3.0, 8.0), weight=3),
    "flush_redis": Fault("FLUSHALL", ("redis",)),
    "stall_redis": Fault("Redis answers nobody (CLIENT PAUSE)", ("redis",), (0.5, 3.0)),
    "cut_redis": Fault("every connection to Redis is cut", ("redis",)),
    "cut_postgres": Fault("every connection to a database is cut", SERVICES, weight=3),
    "delay_calls": Fault("each piece on the wires to a process is held up", _CALLED, (3.0, 8.0)),
    "silence_calls": Fault("nothing passes on the wires to a process, which stay open", _CALLED, (1.0, 6.0)),
    "cut_calls": Fault("every connection to a process is cut in the middle of its calls", _CALLED, weight=3),
    "lock_table": Fault("a table is locked against everybody", _TABLES, (1.0, 4.0)),
    "exhaust_connections": Fault("all connections that PostgreSQL takes are used up", ("postgres",), (2.0, 5.0)),
    "psp": Fault("every second call of the PSP goes wrong", _PSP, (4.0, 12.0), weight=4),
    "messages": Fault("every second message is refused by its provider", _MESSAGES, (4.0, 12.0), weight=3),
}
"""The one table: the schedule, the nemesis and the documents follow it."""

_FIRST_SECONDS = 3.0
_QUIET_AT_THE_END_SECONDS = 4.0
_GAP_SECONDS = (2.0, 6.0)
MOST_KILLS = 6
"""Of one process: a supervisor gives up on who keeps ending, and that is no defect."""
_KILL_GAP_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault of a schedule: when (seconds from the begin), what, whom, and for how long."""

    at_seconds: float
    fault: str
    target: str
    seconds: float

    def __str__(self) -> str:
        lasting = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.at_seconds:6.1f} s  {self.fault} {self.target}{lasting}"


def rolling_restart(seconds: float) -> list[Strike]:
    """Restart each process in turn, over and over, evenly and as often as a supervisor bears within so many seconds."""
    rounds = max(1, min(MOST_KILLS, int(seconds / (len(_UPDATED) * _KILL_GAP_SECONDS))))
    targets = [*_UPDATED] * rounds
    gap = (seconds - _FIRST_SECONDS - _QUIET_AT_THE_END_SECONDS) / len(targets)
    return [Strike(round(_FIRST_SECONDS + number * gap, 2), "restart", name, 0) for number, name in enumerate(targets)]


def one_of_each(seconds: float, replicas: int) -> list[Strike]:
    """Kill one replica of each process, one after the other, evenly within so many seconds; not always the first."""
    targets = [name_of(name, 1 + number % replicas) for number, name in enumerate(_REPEATED)]
    gap = (seconds - _FIRST_SECONDS - _QUIET_AT_THE_END_SECONDS) / len(targets)
    return [Strike(round(_FIRST_SECONDS + number * gap, 2), "kill", name, 0) for number, name in enumerate(targets)]


def draw_schedule(seed: int, seconds: float, only: Sequence[str] = ()) -> list[Strike]:
    """Draw what is struck in so many seconds; the same seed draws the same. With `only`, of these faults alone."""
    chance = random.Random(seed)  # noqa: S311 (a schedule wants to be repeatable)
    names = [name for name in FAULTS if not only or name in only]
    weights = [FAULTS[name].weight for name in names]
    kills = Counter[str]()
    killed_at: dict[str, float] = {}
    strikes: list[Strike] = []
    at = _FIRST_SECONDS
    while at < seconds - _QUIET_AT_THE_END_SECONDS:
        [name] = chance.choices(names, weights)
        fault = FAULTS[name]
        target = chance.choice(fault.targets)
        lasts = min(chance.uniform(*fault.seconds), seconds - at)
        at_last = killed_at.get(target, -_KILL_GAP_SECONDS)
        if not fault.kills or (kills[target] < MOST_KILLS and at - at_last >= _KILL_GAP_SECONDS):
            strikes.append(Strike(round(at, 2), name, target, round(lasts, 2)))
            if fault.kills:
                kills[target] += 1
                killed_at[target] = at
        at += chance.uniform(*_GAP_SECONDS)
    return strikes
