"""The rows of `jitney bench all`: each benchmark of what was promised, as small as still tells something.

`python -m jitney.bench.rows NAME` measures one of them in a process of its own and ends with one line of JSON, so that
a row that fails, or never ends, takes no other along.
"""

import json
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jitney.bench.result import Result

Say = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """A benchmark as `jitney bench all` runs it.

    Args:
        command: that measures the same by itself, as it stands in the report.
        measure: does it.
        what: is measured, beside what.
        most_seconds: before it is given up.
    """

    command: str
    measure: Callable[[Say], Result]
    what: str
    most_seconds: float = 240.0


def _start(say: Say) -> Result:
    from jitney.bench.start import measure_start

    return measure_start(2, say)


def _memory(_: Say) -> Result:
    from jitney.bench.memory import measure_memory

    return measure_memory(10)


def _write_tx(say: Say) -> Result:
    from jitney.bench.write_tx import Plan, measure_write_tx

    return measure_write_tx(Plan(3, 2_000), say)


def _tables(say: Say) -> Result:
    from jitney.bench.tables import Plan, measure_tables

    return measure_tables(Plan(10_000, 300_000, 20), say)


def _grpc_chain(say: Say) -> Result:
    from jitney.bench.grpc_chain import Plan, measure_grpc_chain

    return measure_grpc_chain(Plan(3, 4_000), say)


def _captures(say: Say) -> Result:
    from jitney.bench.captures import Plan, measure_captures

    return measure_captures(Plan(3, 1_000, 100_000), say)


def _events(say: Say) -> Result:
    from jitney.bench.events import Plan, measure_events

    return measure_events(Plan(1_000, 5, 20_000), say)


def _locations(say: Say) -> Result:
    from jitney.bench.locations import Plan, measure_locations

    return measure_locations(Plan(3, 80_000), say)


def _edge(say: Say) -> Result:
    from jitney.bench.edge import Plan, measure_edge

    return measure_edge(Plan(3, 600, 0), say)


def _streams(say: Say) -> Result:
    from jitney.bench.edge import measure_streams

    return measure_streams(5_000, say)


def _rides(say: Say) -> Result:
    from jitney.bench.rides import Plan, measure_rides

    return measure_rides(Plan((1, 5, 10, 20), 12), say)


def _dispatch_tick(say: Say) -> Result:
    from jitney.bench.dispatch_tick import Plan, measure_dispatch_tick

    return measure_dispatch_tick(Plan(1_000, 20_000, 20, True), say)


def _evenings(say: Say) -> Result:
    from jitney.bench.evenings import Plan, measure_evenings

    return measure_evenings(Plan(["2008-05-17"], ["greedy", "own"], 40, False), say)


ROWS: Mapping[str, Row] = {
    "start": Row("start --repeats 2", _start, "`jitney up` until all is healthy, beside the longest chain in it"),
    "memory": Row("memory --idle-seconds 10", _memory, "memory of all our processes, beside the libraries alone"),
    "grpc-chain": Row("grpc-chain --rounds 3", _grpc_chain, "a unary call behind the whole chain, beside raw bytes"),
    "write-tx": Row("write-tx --rounds 3", _write_tx, "a ride and its event in one transaction, beside pgbench"),
    "tables": Row(
        "tables --rows 300000 --repeats 20", _tables, "matching's calls on tables of 300,000 rides, beside 10,000"
    ),
    "captures": Row(
        "captures --rounds 3 --a-round 1000 --growth-to 100000", _captures, "captures over gRPC, beside pgbench"
    ),
    "events": Row(
        "events --seconds 5 --marketing 20000", _events, "commit to consumer and to live stream, beside redis-py"
    ),
    "locations": Row("locations --rounds 3 --a-round 80000", _locations, "pings into Redis, beside Redis alone"),
    "edge": Row("edge --rounds 3 --a-round 600 --streams 0", _edge, "quotes and ride reads, beside a constant"),
    "streams": Row("streams", _streams, "5,000 live streams on one process while clients and Redis come and go"),
    "rides": Row("rides --seconds 12", _rides, "CPU of all services a whole ride, beside the floor of its parts", 420),
    "dispatch-tick": Row(
        "dispatch-tick --ticks 20", _dispatch_tick, "a tick of dispatch, beside the best of all pairs"
    ),
    "evenings": Row(
        "evenings --days 2008-05-17 --policies greedy,own --minutes 40",
        _evenings,
        "40 minutes of one real evening, beside greedy dispatch: too short for drivers' earnings to even out (ten "
        "whole evenings take an hour; docs/reliability.md has them)",
        420,
    ),
}


def main() -> int:
    """Measures the row that is named; returns the exit status."""
    # Whoever ends us by a signal also ends the stack that is being measured, in order.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    result = ROWS[sys.argv[1]].measure(say)
    sys.stdout.write(json.dumps(result.whole()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
