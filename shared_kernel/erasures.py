"""The one refusal that all services share of an erasure."""

from __future__ import annotations

from collections.abc import Sequence

from shared_kernel.errors import Conflict


def erasure_blocked(blockers: Sequence[str]) -> Conflict:
    """Make the error of an erasure that has to wait; `blockers` names what stands in the way."""
    return Conflict(
        "erasure_blocked",
        f"this account cannot be erased yet: {', '.join(blockers)}",
        metadata={"blockers": ",".join(blockers)},
    )
