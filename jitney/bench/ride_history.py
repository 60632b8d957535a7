"""A past for matching's tables: ended rides of two years with their moves and offers, beside a city that goes on.

Rows are copies of one that the service wrote, with other ids and times: what the service adds to a table is in them by
itself. Triggers and foreign keys are off meanwhile, checks are not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitney.bench.capture_rides import Ids

if TYPE_CHECKING:
    from psycopg import Connection

GROWING = ("ride", "ride_transition", "offer", "outbox")
"""The tables that grow with every ride."""
RIDES_A_RIDER, RIDES_A_DRIVER = 50, 1_000
LIVE = 400
"""Rides that are under way, and drivers on shift without one: as many whatever the past."""
_RIDE, _QUOTE, _OFFER, _EVENT = Ids("01"), Ids("02"), Ids("03"), Ids("04")
_RUN, _LIVE_RIDER, _LIVE_DRIVER, _SHIFT = Ids("05"), Ids("06"), Ids("07"), Ids("08")
_BATCH = 200_000
_ENDED_BEFORE = "timestamptz '2026-01-01'"


@dataclass(frozen=True)
class History:
    """How much past there is: rides, each with a move and an offer, and an event for every tenth."""

    rides: int

    @property
    def riders(self) -> Ids:
        """Who rode, again and again."""
        return Ids("10", max(self.rides // RIDES_A_RIDER, 1))

    @property
    def drivers(self) -> Ids:
        """Who drove."""
        return Ids("20", max(self.rides // RIDES_A_DRIVER, 1))

    def middle(self) -> int:
        """The number of a ride in the middle of the past."""
        return self.rides // 2


def fill(connection: "Connection", begin: int, history: History, template: str, say: Callable[[str], None]) -> None:
    """Adds the rides from number `begin` up to a history's end.

    Args:
        connection: of the cluster's owner, in autocommit.
        begin: how many there are already.
        history: how many there are to be.
        template: the id of a ride that the service wrote.
        say: told how far it is.
    """
    connection.execute("SET session_replication_role = replica")
    # Indexes are made over what is there when it is: several times as quick as row by row.
    rebuilt = _drop_indexes(connection) if history.rides - begin >= _BATCH else []
    for first in range(begin, history.rides, _BATCH):
        count = min(_BATCH, history.rides - first)
        for table, source, values in _past(history, template):
            _copy(connection, table, source, values, f"generate_series({first}, {first + count - 1}) AS n")
        say(f"{first + count} of {history.rides} rides")
    for statement in rebuilt:
        connection.execute(statement.encode())
    connection.execute("SET session_replication_role = DEFAULT")
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")


def add_city(connection: "Connection", template: str) -> None:
    """Adds what goes on: rides that wait, rides whose driver comes, drivers on shift."""
    connection.execute("SET session_replication_role = replica")
    numbers = f"generate_series(0, {LIVE - 1}) AS n"
    now = dict.fromkeys(("requested_at", "moved_at"), "now()") | {"search_until": "now() + interval '1 hour'"}
    common = {**now, "rider_id": _LIVE_RIDER.sql("n"), "shard": "'85283083fffffff'", "saga_next_attempt_at": "NULL"}
    waiting = {
        **common,
        "id": Ids("0a").sql("n"),
        "quote_id": Ids("0b").sql("n"),
        "state": "'matching'",
        "payment_state": "'held'",
    }
    coming = {
        **waiting,
        "id": Ids("0c").sql("n"),
        "quote_id": Ids("0d").sql("n"),
        "rider_id": Ids("0e").sql("n"),
        "state": "'driver_en_route'",
        "driver_id": _LIVE_DRIVER.sql("n"),
        "run_id": _RUN.sql("n"),
        "run_slot": "0",
        "promised_pickup_at": "now()",
    }
    source = f"ride WHERE id = '{template}'"
    _copy(connection, "ride", source, waiting, numbers)
    _copy(connection, "ride", source, coming, numbers)
    connection.execute(
        f"""
        INSERT INTO shift (id, driver_id, driver_name, vehicle_model, vehicle_color, vehicle_plate, vehicle_class,
            started_at)
        SELECT {_SHIFT.sql("n")}, {_LIVE_DRIVER.sql("n")}, 'Driver', 'Model', 'blue', 'PLATE', 'economy', now()
        FROM generate_series(0, {2 * LIVE - 1}) AS n
        """.encode()
    )
    connection.execute("SET session_replication_role = DEFAULT")


def _past(history: History, template: str) -> Sequence[tuple[str, str, Mapping[str, str]]]:
    at = f"({_ENDED_BEFORE} - interval '2 years' * (1 - n / {history.rides + 1}::float8))"
    rider, driver, ride = history.riders.sql("n"), history.drivers.sql("n"), _RIDE.sql("n")
    times = ("requested_at", "moved_at", "search_until", "assigned_at", "arrived_at", "started_at", "ended_at")
    ended = {
        **dict.fromkeys(times, at),
        "id": ride,
        "quote_id": _QUOTE.sql("n"),
        "rider_id": rider,
        "driver_id": driver,
        "driver_name": "'Driver'",
        "state": "'completed'",
        "payment_state": "'captured'",
        "saga_next_attempt_at": "NULL",
        "saga_leased_until": "NULL",
    }
    offered = {
        "id": _OFFER.sql("n"),
        "ride_id": ride,
        "driver_id": driver,
        "state": "'accepted'",
        **dict.fromkeys(("created_at", "expires_at", "closed_at"), at),
        "pickup_eta_seconds": "180",
        "cost": "180",
        "earnings_minor": "900",
        "given_back": "false",
        "slot": "0",
    }
    moved = {
        "ride_id": ride,
        "version": "1",
        "from_state": "NULL",
        "to_state": "'requested'",
        "occurred_at": at,
        "reason": "''",
    }
    # A day of events is kept: a tenth of two years' rides is more than a city has in a day.
    told = {"id": _EVENT.sql("n"), "aggregate_id": ride, "occurred_at": at, "published_at": at}
    return (
        ("ride", f"ride WHERE id = '{template}'", ended),
        ("ride_transition", "", moved),
        ("offer", "", offered),
        ("outbox", f"outbox WHERE aggregate_id = '{template}' AND n % 10 = 0 LIMIT ALL", told),
    )


def _copy(connection: "Connection", table: str, source: str, values: Mapping[str, str], numbers: str) -> None:
    """Writes rows with these values, and for other columns what the row of `source` has, if there is one."""
    known = list(values)
    if source:
        rows = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'NO'", (table,)
        ).fetchall()
        known = [row[0] for row in rows]
    chosen = ", ".join(values.get(name, f"t.{name}") for name in known)
    name, _, condition = source.partition(" WHERE ")
    joined = f" CROSS JOIN {name} AS t WHERE t.{condition}" if source else ""
    connection.execute(f"INSERT INTO {table} ({', '.join(known)}) SELECT {chosen} FROM {numbers}{joined}".encode())


def _drop_indexes(connection: "Connection") -> list[str]:
    """Takes away the indexes that are no constraint's; returns the statements that make them again."""
    rows = connection.execute(
        """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid = ANY (%s::regclass[])
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
        """,
        (list(GROWING),),
    ).fetchall()
    for name, _ in rows:
        connection.execute(f"DROP INDEX {name}".encode())
    return [definition for _, definition in rows]
