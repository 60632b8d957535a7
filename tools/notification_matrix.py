"""Draws the matrix of notifications (notification_service/domain/matrix.py) into docs/notifications.md.

python -m tools.notification_matrix            write the table
python -m tools.notification_matrix --check    fail when the committed page differs from what would be written
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from notification_service.domain.cases import Case
from notification_service.domain.channels import Leg
from notification_service.domain.facts import Happening
from notification_service.domain.matrix import MATRIX, Audience, Collapse, Row

PAGE = Path(__file__).resolve().parent.parent / "docs" / "notifications.md"
_BEGIN, _END = "<!-- the matrix begins -->", "<!-- the matrix ends -->"


def draw() -> str:
    """Return the table."""
    lines = ["| what happens | who is told | when | by which channels | priority | life | collapses | words |"]
    lines += ["| --- " * 8 + "|", *(_line(row) for row in MATRIX)]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Write or check the page; return the exit code."""
    old = PAGE.read_text(encoding="utf-8")
    before, _, rest = old.partition(_BEGIN)
    after = rest.partition(_END)[2]
    page = f"{before}{_BEGIN}\n{draw()}\n{_END}{after}"
    if "--check" not in arguments:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    if page == old:
        return 0
    print(f"{PAGE.name} is not what the matrix says: run python -m tools.notification_matrix", file=sys.stderr)
    return 1


def _line(row: Row) -> str:
    cells = (
        f"`{row.happening}`",
        row.to.value,
        "" if row.case is Case.ALWAYS else row.case.value,
        ", ".join(_leg(leg, row.to) for leg in row.legs),
        f"P{row.priority.value}",
        "the offer's" if row.happening is Happening.OFFER_CREATED else _life(row.life),
        "" if row.collapse is Collapse.NONE else row.collapse.value,
        f"`{row.words}`" if row.words else "",
    )
    return f"| {' | '.join(cells)} |"


def _leg(leg: Leg, to: Audience) -> str:
    wait = leg.unless_acknowledged_within
    if wait is None:
        return leg.channel.value
    # A bare number has no app that would say what was seen.
    unless = "delivered or used" if to is Audience.PHONE else "seen"
    return f"{leg.channel.value} if not {unless} in {wait.total_seconds():.0f} s"


def _life(life: timedelta) -> str:
    minutes = int(life.total_seconds()) // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
