"""`jitney bench all`: one row after another, whatever becomes of each, and what they came to beside an earlier run."""

import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jitney.bench.rows import ROWS
from jitney.stack.problems import StackError

_END_SECONDS = 60.0
WORSE = 0.9
"""A row whose ratio is below that share of an earlier one is shown as worse: less than that is noise."""
_LIBRARIES = ("grpcio", "sqlalchemy", "asyncpg", "redis", "flask", "granian", "scipy", "protovalidate", "uvloop")


def measure_all(names: Sequence[str], say: Callable[[str], None]) -> dict[str, Any]:
    """Measures the rows; a row that fails or does not end says so in the place of its figures.

    Returns:
        machine, versions, when, the load before and after, and `rows` by name.
    """
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        raise StackError(f"There is no row {', '.join(unknown)}; there are {', '.join(ROWS)}.")
    began, load, machine = time.monotonic(), os.getloadavg()[0], _machine()
    rows: dict[str, Any] = {}
    for name in names:
        say(f"{name}: {ROWS[name].what}")
        row_began = time.monotonic()
        told = rows[name] = _measure(name)
        told["seconds"] = round(time.monotonic() - row_began, 1)
        told["measured_at"] = datetime.now(UTC).isoformat(timespec="seconds")
        told["cpu"] = machine["cpu"]
        words = f"failed: {told['failed'].splitlines()[0]}" if "failed" in told else line_of(told)
        say(f"  {words} (in {told['seconds']:.0f} s)")
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - began, 1),
        "load_before": load,
        "load_after": os.getloadavg()[0],
        "machine": machine,
        "versions": _versions(),
        "rows": rows,
    }


def line_of(row: Mapping[str, Any]) -> str:
    """A row in a line: figure, limit, ratio, target, met."""
    bound = "at least" if row["more_is_better"] else "at most"
    missed = [promise["what"] for promise in row["promises"] if not promise["met"]]
    return (
        f"{row['value']:g} {row['unit']} (limit {row['limit']:g}, ratio {row['ratio']:g}, target {bound} "
        f"{row['target']:.4g}): {'met' if row['met'] else 'missed'}{': ' + '; '.join(missed) if missed else ''}"
    )


def all_met(found: Mapping[str, Any]) -> bool:
    """True if every row was measured and keeps its promises."""
    return all(row.get("met", False) for row in found["rows"].values())


def compare(found: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, float]:
    """How each row's ratio stands to the one of an earlier run: 1 is the same, less is worse.

    Ratios to a limit of the same run are compared, not figures: another machine, or a busier one, is no regression.
    """
    changes: dict[str, float] = {}
    for name, row in found["rows"].items():
        ratio, earlier = row.get("ratio"), before["rows"].get(name, {}).get("ratio")
        if ratio is not None and earlier:
            changes[name] = ratio / earlier
    return changes


def beside(found: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """A run of some rows with the others of an earlier one, each with when it was measured and on what."""
    then = {"measured_at": before["measured_at"], "cpu": before["machine"]["cpu"]}
    kept = {name: {**then, **row} for name, row in before["rows"].items()}
    rows = kept | found["rows"]
    return {**found, "rows": {name: rows[name] for name in ROWS if name in rows}}


def read_report(path: Path) -> Mapping[str, Any]:
    """A stored run; StackError where the file is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = found["rows"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StackError(f"{path} is no stored run of jitney bench all: {error}") from error
    if not isinstance(rows, dict):
        raise StackError(f"{path} is no stored run of jitney bench all.")
    return found


def _measure(name: str) -> dict[str, Any]:
    process = subprocess.Popen(_command(name), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        answer, words = process.communicate(timeout=ROWS[name].most_seconds)
    except subprocess.TimeoutExpired:
        # In good order, so that its stack is gone before the next row begins.
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        return {"failed": f"it did not end within {ROWS[name].most_seconds:g} s"}
    except BaseException:
        process.send_signal(signal.SIGTERM)
        process.communicate()
        raise
    if process.returncode != 0:
        return {"failed": _last_words(words) or f"it ended with {process.returncode}"}
    return dict(json.loads(answer.splitlines()[-1]))


def _command(name: str) -> Sequence[str]:
    return (sys.executable, "-m", "jitney.bench.rows", name)


def _last_words(text: str) -> str:
    """What an error says, in five lines: what stands behind the traceback, or the end of it all."""
    lines = text.strip().splitlines()
    traced = max((number for number, line in enumerate(lines) if line.startswith("  ")), default=-1)
    return "\n".join(lines[traced + 1 :][:5] or lines[-5:])


def _machine() -> dict[str, Any]:
    import psutil

    model = ""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor()
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gigabytes": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def _versions() -> dict[str, str]:
    from jitney.stack.binaries import POSTGRES_MAJOR

    return {
        "python": platform.python_version(),
        "postgresql": str(POSTGRES_MAJOR),
        **{name: version(name) for name in _LIBRARIES},
    }
