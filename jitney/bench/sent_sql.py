"""What the service sends for one call, read from PostgreSQL's own log, as a script that pgbench can run.

No copy of the SQL that could grow apart from the service: the statements are the ones it sent a moment ago, with the
values it sent. The ids in the values are replaced by expressions, so that each transaction has a ride of its own.
"""

import re
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jitney.bench.capture_rides import Ids
from jitney.stack.problems import StackError

_LINE = re.compile(r"^\S+ \S+ \S+ \[(?P<pid>\d+)\] (?:\S+@\S+ )?(?P<kind>[A-Z]+):  (?P<text>.*)$", re.DOTALL)
_EXECUTE = re.compile(r"^execute [^:]*: (?P<sql>.*)$", re.DOTALL)
_STATEMENT = re.compile(r"^statement: (?P<sql>.*)$", re.DOTALL)
_PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')(?:, |$)", re.DOTALL)
_PLACE = re.compile(r"\$(\d+)\b")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOG_SECONDS = 10.0


@dataclass(frozen=True)
class Sent:
    """A statement as it was sent: its text, and its parameters as text (None for NULL), from $1 on."""

    sql: str
    parameters: Sequence[str | None] = ()


@contextmanager
def recording(superuser_url: str) -> Generator[None]:
    """PostgreSQL writes every statement to its log meanwhile."""
    import psycopg

    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        connection.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            connection.execute("ALTER SYSTEM RESET log_statement")
            connection.execute("SELECT pg_reload_conf()")


def transaction_with(log: Path, words: str) -> list[Sent]:
    """The last whole transaction in the log one of whose parameters contains `words`, waited for if need be.

    Raises:
        StackError: there is none.
    """
    deadline = time.monotonic() + _LOG_SECONDS
    while time.monotonic() < deadline:
        for transaction in reversed(list(_transactions(log.read_text(errors="replace")))):
            if any(words in (value or "") for sent in transaction for value in sent.parameters):
                return transaction
        time.sleep(0.05)
    raise StackError("The log of PostgreSQL does not show what the service sent.")


def script_of(transaction: Sequence[Sent], ids: Mapping[str, Ids], number: str) -> list[str]:
    """The statements with their values in place.

    Args:
        transaction: what was sent.
        ids: which numbered thing an id in it stands for; any other id is made anew for each transaction.
        number: the expression for the number of the ride.
    """
    known = dict(ids)
    return [_in_place(sent, known, number) for sent in transaction]


def _transactions(log: str) -> Generator[list[Sent]]:
    open_ones: dict[str, list[Sent]] = {}
    for pid, kind, text in _records(log):
        if kind == "DETAIL" and text.startswith(("Parameters: ", "parameters: ")) and open_ones.get(pid):
            last = open_ones[pid][-1]
            open_ones[pid][-1] = Sent(last.sql, _parameters(text.split(": ", 1)[1]))
        found = _EXECUTE.match(text) or _STATEMENT.match(text) if kind == "LOG" else None
        if found is None:
            continue
        sql = found["sql"].strip().rstrip(";")
        if sql.upper().startswith("BEGIN"):
            open_ones[pid] = []
        if pid in open_ones:
            open_ones[pid].append(Sent(sql))
            if sql.upper() == "COMMIT":
                yield open_ones.pop(pid)
            elif sql.upper() == "ROLLBACK":
                del open_ones[pid]


def _records(log: str) -> Generator[tuple[str, str, str]]:
    """Process, kind and text of each record; the lines of a record after its first begin with a tab."""
    for record in re.split(r"\n(?!\t)", log):
        found = _LINE.match(record.replace("\n\t", "\n"))
        if found is not None:
            yield found["pid"], found["kind"], found["text"]


def _parameters(text: str) -> list[str | None]:
    return [None if value == "NULL" else value[1:-1].replace("''", "'") for _, value in _PARAMETER.findall(text)]


def _in_place(sent: Sent, ids: dict[str, Ids], number: str) -> str:
    def value_at(place: re.Match[str]) -> str:
        value = sent.parameters[int(place[1]) - 1]
        return "NULL" if value is None else _expression(value, ids, number)

    return " ".join(_PLACE.sub(value_at, sent.sql).split()) + ";"


def _expression(value: str, ids: dict[str, Ids], number: str) -> str:
    parts: list[str] = []
    end = 0
    for found in _UUID.finditer(value):
        if found[0] not in ids:
            ids[found[0]] = Ids(f"{0x70 + len(ids):02x}")
        parts += [_literal(value[end : found.start()]), f"{ids[found[0]].sql(number)}::text"]
        end = found.end()
    parts.append(_literal(value[end:]))
    return parts[0] if len(parts) == 1 else f"({' || '.join(parts)})"


def _literal(text: str) -> str:
    # A colon would begin one of pgbench's variables, a line's end its next command.
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a").replace("\n", "\\n")
    return f"E'{escaped}'"
