"""The counts of a run, in words."""

from __future__ import annotations

from collections import Counter

from tests.proof.matrix import Result


def summary_of(counts: Counter[str]) -> str:
    """One line about what was done and what was found."""

    def total(prefix: str) -> int:
        return sum(count for name, count in counts.items() if name.startswith(prefix))

    def kinds(prefix: str) -> int:
        return sum(name.startswith(prefix) and count > 0 for name, count in counts.items())

    return (
        f"{counts['steps']} steps in {counts['plays']} plays: {total('asks: ')} calls of {kinds('asks: ')} RPCs, "
        f"{counts['answers: late']} answers late, {total('faults: ')} faults of {kinds('faults: ')} kinds at the PSP, "
        f"{total('crashes: ')} crashes at {kinds('crashes: ')} steps; audited: "
        f"{counts['audited: holds at the PSP']} holds and {counts['audited: charges at the PSP']} charges at the PSP"
    )


def summary_of_kills(result: Result) -> str:
    """One line about a run of the kill matrix."""
    struck = sum(count for name, count in result.counts.items() if name.startswith("struck: "))
    return (
        f"kill matrix: {result.cells} cells, {result.deaths} deaths by SIGKILL, {struck} faults struck at the PSP; "
        f"audited: {result.counts['holds at the PSP']} holds and {result.counts['charges at the PSP']} charges at the "
        f"PSP; {len(result.differences)} differences"
    )
