"""Writes the rules of the objectives and the dashboards below helm/jitney/, where the chart and compose read them, and
the page of all metrics.

python -m tools.telemetry            write them
python -m tools.telemetry --check    fail when what is committed differs from what would be written
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tools.telemetry import metrics, panels, slos
from tools.telemetry.dashboards import DASHBOARDS

ROOT = Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "helm" / "jitney"


def drawn() -> dict[Path, str]:
    """Return all that is written, by its file."""
    pages = {CHART / "dashboards" / f"{each.name}.json": panels.draw(each) for each in DASHBOARDS}
    return {CHART / "rules" / "slos.yaml": slos.draw(), ROOT / "docs" / "metrics.md": metrics.draw(), **pages}


def main(arguments: Sequence[str]) -> int:
    """Write or check; return the exit code."""
    if list(arguments) == ["--check"]:
        stale = [path for path, text in drawn().items() if not path.exists() or path.read_text() != text]
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run python -m tools.telemetry")
        return int(bool(stale))
    for path, text in drawn().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
