"""Named steps at which a test may end the process, to see that nothing is lost there.

`JITNEY_FAILPOINT=NAME` kills the process (SIGKILL, as a crash or a lost node would) when it first reaches the step of
that name; `NAME:3` when it reaches it for the third time. It is refused in production.
"""

from __future__ import annotations

import os
import signal


class Failpoints:
    """Counts the steps that are reached, and dies at one. With an empty plan it does nothing."""

    def __init__(self, plan: str = "") -> None:
        """Make it of `NAME` or `NAME:COUNT` (from 1)."""
        self._name, _, count = plan.partition(":")
        self._left = int(count) if count else 1

    def __call__(self, name: str) -> None:
        """Tell that a step was reached."""
        if name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
