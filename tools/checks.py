"""`make check`: every check that needs no test, two at a time, one line each; a failed one shows what it said.

python -m tools.checks            all of them
python -m tools.checks ruff types only those
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_LIMIT_SECONDS = 900

# The longest ones first.
CHECKS: Mapping[str, tuple[str, ...]] = {
    "types": ("pyright", "--warnings"),
    # Leaves behind what pytest makes of the asserts: the runners of `make test` would each make it, all at once.
    "tests": (sys.executable, "-m", "pytest", "--collect-only", "-qq"),
    "migrations": (sys.executable, "-m", "tools.check_migrations"),
    "stubs": (sys.executable, "-m", "tools.stubs", "--check"),
    "clients": (sys.executable, "-m", "tools.clients", "--check"),
    "typescript": (sys.executable, "-m", "tools.typescript"),
    "contracts": (sys.executable, "-m", "tools.stubs", "--lint"),
    "openapi": (sys.executable, "-m", "tools.openapi", "--check"),
    "imports": ("lint-imports", "--no-cache"),
    "states": (sys.executable, "-m", "tools.ride_states", "--check"),
    "messages": (sys.executable, "-m", "tools.notification_matrix", "--check"),
    "telemetry": (sys.executable, "-m", "tools.telemetry", "--check"),
    "vendored": (sys.executable, "-m", "tools.vendored"),
    "locks": (sys.executable, "-m", "tools.runtime_lock", "--check"),
    "ruff": ("ruff", "check"),
    "format": ("ruff", "format", "--check"),
}


def run_check(name: str) -> tuple[int, float, str]:
    """Run one check; return its exit code, its seconds and all that it said."""
    began = time.monotonic()
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        result = subprocess.run(
            CHECKS[name],
            cwd=ROOT,
            env={**os.environ, "PATH": tools},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, time.monotonic() - began, f"took longer than {_LIMIT_SECONDS} s"
    return result.returncode, time.monotonic() - began, result.stdout


def main(names: Sequence[str]) -> int:
    """Run the checks of these names (all if there is none); return the exit code."""
    unknown = set(names) - set(CHECKS)
    if unknown:
        print(f"There is no check {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}.", file=sys.stderr)
        return 2
    failed: list[str] = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        running = {pool.submit(run_check, name): name for name in names or CHECKS}
        for done in as_completed(running):
            name = running[done]
            code, seconds, output = done.result()
            print(f"{'ok    ' if code == 0 else 'FAILED'} {name:<11}{seconds:6.1f} s", flush=True)
            if code != 0:
                failed.append(name)
                print(output.rstrip(), flush=True)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
