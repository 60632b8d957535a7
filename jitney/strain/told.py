"""What a flood of requests was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Told:
    """Of one kind of request, in one phase."""

    offered: int = 0
    unsent: int = 0
    """Offered while all connections waited for answers: people whose app had not even been heard."""
    silent: int = 0
    """No answer in time, or a connection that was cut."""
    answered: Counter[str] = field(default_factory=Counter[str])
    """By HTTP status or gRPC code."""
    rude: int = 0
    """Refusals for too much load that do not say when to ask again."""
    seconds: list[float] = field(default_factory=list[float])
    """How long each answer took that was no refusal."""

    @property
    def good(self) -> int:
        """Answers that were no refusal."""
        return len(self.seconds)

    @property
    def good_share(self) -> float:
        """Of all that was offered."""
        return self.good / self.offered if self.offered else 1.0

    def within(self, share: float) -> float:
        """Seconds within which such a share of the good answers came; 0 where there is none."""
        taken = sorted(self.seconds)
        return taken[min(len(taken) - 1, int(share * len(taken)))] if taken else 0.0

    def add(self, other: Told) -> None:
        """Take another's figures in."""
        self.offered += other.offered
        self.unsent += other.unsent
        self.silent += other.silent
        self.rude += other.rude
        self.answered.update(other.answered)
        self.seconds += other.seconds

    def figures(self) -> dict[str, object]:
        """Write it down."""
        return {
            "offered": self.offered,
            "answered": dict(self.answered.most_common()),
            "unsent": self.unsent,
            "silent": self.silent,
            "good share": round(self.good_share, 4),
            "p50 ms": round(1000 * self.within(0.5), 1),
            "p99 ms": round(1000 * self.within(0.99), 1),
        }


def together(all_told: Iterable[Told]) -> Told:
    """Add figures up."""
    whole = Told()
    for each in all_told:
        whole.add(each)
    return whole
