"""The counts of a run, in words."""

from __future__ import annotations

from collections import Counter

from tests.proof.audit import AMISS
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
    operations = len({operation for operation, _ in result.steps})
    audited = ", ".join(f"{result.counts[f'{what} at the PSP']} {what}" for what in ("holds", "charges", "payouts"))
    wrong = ", ".join(f"{name} {result.counts[name]}" for name in AMISS)
    sums = ", ".join(
        f"{result.sums_minor[code]} {code} of {count} postings" for code, count in sorted(result.postings.items())
    )
    return (
        f"kill matrix: {operations} operations, {len(result.steps)} failpoints of theirs, {result.cells} cells with "
        f"the PSP's faults, {result.deaths} deaths by SIGKILL, {struck} faults struck at the PSP; audited: {audited} "
        f"at the PSP: {wrong}; Σ postings {sums or 'none'}; {len(result.differences)} differences"
    )
