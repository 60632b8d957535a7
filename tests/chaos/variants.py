"""Builds broken on purpose, each with the harm under which it must lose something that the judges notice."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jitney.chaos.faults import Strike
from jitney.chaos.run import Plan, Verdict, attack

_BROKEN = Path(__file__).parent / "broken"
_MINUTES = 0.5
_INDEX = "uq_offer_open_driver"


@dataclass(frozen=True)
class Variant:
    """A broken build: its name in `broken/sitecustomize.py`, what is struck, and words of the violations to be seen."""

    build: str
    strikes: Sequence[Strike]
    seen_as: str
    sql: Sequence[tuple[str, str]] = ()
    drivers: int = 25
    rides_per_second: float = 1.0


def _every(seconds: float, *strikes: Strike) -> Sequence[Strike]:
    times = int(20 / seconds)
    return [
        Strike(each.at_seconds + number * seconds, each.fault, each.target, each.seconds)
        for number in range(times)
        for each in strikes
    ]


VARIANTS: Mapping[str, Variant] = {
    # Events wait for the table while their process is killed: they were acknowledged and had no effect.
    "ack before commit": Variant(
        "ack before commit",
        _every(9, Strike(3, "lock_table", "notification.notification", 3), Strike(5, "kill", "notification", 0)),
        "never took",
    ),
    # The relay fills the stream again, and everything comes once more. The inbox alone is not missed: a message's own
    # key is judged by the database as well, so both go.
    "no inbox, and messages without a key": Variant(
        "no inbox", _every(7, Strike(5, "flush_redis", "redis", 0)), "told twice"
    ),
    "void on time-out": Variant("void on time-out", _every(8, Strike(1, "psp", "timeout_after_effect", 7)), "the PSP"),
    # A matcher also looks at the clock, and learns what it lost, before it begins; these walls go as well.
    "no fencing": Variant(
        "no fencing",
        _every(
            10,
            Strike(1, "pause", "matching", 6),
            Strike(8, "pause", "matcher-2", 6),
        ),
        "had lost the shard",
        rides_per_second=2.0,
    ),
    # The list of who is busy is a hint; where it is wrong, the unique index is what stands in the way. Drivers cannot
    # answer for longer than they are reserved (10 s), and not so long that they count as silent (15 s).
    "no unique index, and nobody is busy": Variant(
        "nobody is busy",
        [Strike(4, "pause", "rest", 13)],
        "a driver with two offers",
        [("matching", f"DROP INDEX {_INDEX}")],
        drivers=10,
        rides_per_second=2.0,
    ),
}


def attack_variant(variant: Variant, seed: int = 1) -> Verdict:
    """Attack a broken build."""
    path = os.pathsep.join(filter(None, (str(_BROKEN), os.environ.get("PYTHONPATH", ""))))
    plan = Plan(seed, _MINUTES, variant.drivers, variant.rides_per_second, strikes=variant.strikes)
    return attack(plan, lambda _: None, {"PYTHONPATH": path, "BROKEN_BUILD": variant.build}, variant.sql)
