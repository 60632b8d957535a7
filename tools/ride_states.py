"""Draws the table of ride states (matching_service/domain/ride_states.py) as docs/ride_states.md.

python -m tools.ride_states            write the page
python -m tools.ride_states --check    fail when the committed page differs from what would be written
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from matching_service.domain.ride_states import (
    END_STATES,
    INITIAL_STATES,
    OWED_PAYMENT_STATES,
    PAYMENT_TRANSITIONS,
    TRANSITIONS,
    PaymentState,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "ride_states.md"


def draw() -> str:
    """Return the page."""
    lines = [
        "# The states of a ride",
        "",
        "Written by `python -m tools.ride_states` from the table in `matching_service/domain/ride_states.py`, which",
        "also guards the aggregate. The database holds it too (`legal_ride_move`) and refuses whatever it lacks.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        *(f"    [*] --> {state}" for state in sorted(INITIAL_STATES)),
        *(f"    {item.source} --> {item.target}: {item.move}" for item in TRANSITIONS),
        *(f"    {state} --> [*]" for state in sorted(END_STATES)),
        "```",
        "",
        "## The states of its payment",
        "",
        f"The saga owes payment_service a call in {_listed(OWED_PAYMENT_STATES)},",
        "and repeats it until its outcome is known.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {PaymentState.HOLD_NOT_DUE}",
        f"    [*] --> {PaymentState.HOLD_PENDING}",
        *(f"    {source} --> {target}" for source, target in sorted(PAYMENT_TRANSITIONS)),
        "```",
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write or check the page; return the exit code."""
    page = draw()
    if "--check" not in arguments:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page:
        return 0
    print(f"{PAGE.name} is not what the table of states says: run python -m tools.ride_states", file=sys.stderr)
    return 1


def _listed(states: frozenset[PaymentState]) -> str:
    first, *others = sorted(f"`{state}`" for state in states)
    return ", ".join([first, *others[:-1]]) + f" and {others[-1]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
