"""`python -m tools.mutants matching|payment`: changes the domain's rules one at a time and tells which no test notices.

mutmut makes the changes and runs the unit tests that reach them, in a copy below build/. It is no dependency of ours:
it is fetched into build/ when it is first needed (network, once). Takes a quarter of an hour a part on two cores.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
_TOOL = "mutmut==3.8.1"
_FOLDER, _TOOL_FOLDER = ROOT / "build" / "mutants", ROOT / "build" / "mutmut"
_OURS = ("_pytest", "pytest", "pluggy", "iniconfig", "packaging", "pygments", "py.py", "a1_coverage")
"""What comes along and is here already, in the version that the tests are run with."""
_COPIED = (
    "chassis",
    "clients",
    "docs",
    "helm",
    "identity_service",
    "jitney",
    "matching_service",
    "notification_service",
    "payment_service",
    "protos",
    "rider_api",
    "shared_kernel",
    "tests",
    "tools",
    "pyproject.toml",
)


@dataclass(frozen=True)
class Part:
    """Rules that are changed.

    Args:
        package: the service.
        modules: of its domain.
        tests: that must notice.
        left_out: tests that judge the text of files, which every change changes.
    """

    package: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    left_out: tuple[str, ...] = ()


PARTS = {
    "matching": Part(
        "matching_service",
        (
            *("moves", "offer", "pricing", "surge"),
            *("ride", "ride_cancels", "ride_delivery", "ride_payment"),
            *("ride_route", "ride_schedule", "ride_search", "ride_trip"),
        ),
        ("tests/unit/matching",),
        ("tests/unit/matching/test_ride_states_page.py",),
    ),
    "payment": Part(
        "payment_service",
        ("charge", "ledger", "refund", "refund_shares", "ride_account", "withdrawal"),
        ("tests/unit/payment",),
    ),
}


def main(arguments: list[str]) -> int:
    """Run a part; returns 1 where a change was not noticed."""
    if len(arguments) != 1 or arguments[0] not in PARTS:
        sys.stderr.write(f"usage: python -m tools.mutants {'|'.join(PARTS)}\n")
        return 2
    part, folder = PARTS[arguments[0]], _FOLDER / arguments[0]
    _fetch_tool()
    _copy(folder)
    (folder / "setup.cfg").write_text(_settings(part))
    environment = {**os.environ, "PYTHONPATH": str(_TOOL_FOLDER)}
    mutmut = [sys.executable, "-m", "mutmut"]
    subprocess.run([*mutmut, "run", "--max-children", "2"], cwd=folder, env=environment, check=False)
    listed = subprocess.run([*mutmut, "results"], cwd=folder, env=environment, check=True, capture_output=True)
    unnoticed = [line.split(":")[0].strip() for line in listed.stdout.decode().splitlines() if ": survived" in line]
    for name in unnoticed:
        subprocess.run([*mutmut, "show", name], cwd=folder, env=environment, check=False)
    sys.stdout.write(f"{len(unnoticed)} changes were not noticed\n")
    return 1 if unnoticed else 0


def _fetch_tool() -> None:
    if _TOOL_FOLDER.is_dir():
        return
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "pip", "install", "--quiet", "--target", _TOOL_FOLDER, _TOOL], check=True)
    for path in _TOOL_FOLDER.iterdir():
        if path.name.startswith(_OURS):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _copy(folder: Path) -> None:
    """Copy what is committed or about to be; what was found out about unchanged code before stays."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *_COPIED],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)


def _settings(part: Part) -> str:
    lists = {
        "source_paths": [part.package],
        "only_mutate": [f"{part.package}/domain/{module}.py" for module in part.modules],
        "pytest_add_cli_args_test_selection": part.tests,
        "pytest_add_cli_args": [*(f"--deselect={test}" for test in part.left_out), "-p", "no:cacheprovider"],
        "also_copy": [name for name in _COPIED if name not in (part.package, "pyproject.toml")],
    }
    # Each change is tried in a process that ran no test before: Hypothesis refuses to be run twice in one.
    written = ["process_isolation=forkserver\n"]
    written += [f"{name}=\n" + "".join(f"    {value}\n" for value in values) for name, values in lists.items()]
    return "[mutmut]\n" + "".join(written)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
