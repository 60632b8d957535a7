"""`python -m tests.arrivals kills | faults`: the proof at length, with figures. Exit code 1: something did not arrive.

faults --codes 200 --rate 20    one provider of the SMS hangs, is down, throttles, resets: how long the other one takes;
                                and those of pushes unregister half of all tokens
kills --kills 100 --rate 60 --codes 300 --seed 7    so many SIGKILLs, so many events a second, three times each
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys

from tests.arrivals import removed_apps
from tests.arrivals.faults import FAULTS, play
from tests.arrivals.ground import ground
from tests.arrivals.kills import Plan, Run
from tests.proof.ground import sandbox


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def kills(plan: Plan) -> bool:
    """Run it; tells whether all arrived."""
    with ground() as made:
        outcome = asyncio.run(Run(made, plan)())
    verdict = outcome.verdict
    for line in [*outcome.lines(), *verdict.lost[:20], *verdict.out_of_order[:20], *verdict.twice_in_an_inbox[:20]]:
        _say(line)
    return verdict.well


def faults(codes: int, per_second: float) -> bool:
    """Play each failing provider; tells whether nothing was lost."""
    well = True
    with ground() as made:
        for fault in FAULTS:
            with sandbox(made.folder) as first, sandbox(made.folder) as second:
                url = made.postgres.migrated("notification")
                figures = asyncio.run(play(fault, url, first, second, codes, per_second))
            _say(figures.line())
            well &= figures.lost == 0
        with removed_apps.push_providers(made.folder) as providers:
            url = made.postgres.migrated("notification")
            gone = asyncio.run(removed_apps.play(url, providers, codes, per_second))
        _say(gone.line())
    return well and gone.lost == 0 and gone.asked_again == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.arrivals")
    commands = parser.add_subparsers(dest="command", required=True)
    killing = commands.add_parser("kills")
    killing.add_argument("--kills", type=int, default=100)
    killing.add_argument("--rate", type=float, default=60.0)
    killing.add_argument("--codes", type=int, default=300)
    killing.add_argument("--seed", type=int, default=7)
    failing = commands.add_parser("faults")
    failing.add_argument("--codes", type=int, default=200)
    failing.add_argument("--rate", type=float, default=20.0)
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if chosen.command == "faults":
        return 0 if faults(chosen.codes, chosen.rate) else 1
    return 0 if kills(Plan(chosen.kills, chosen.rate, chosen.codes, chosen.seed, (0.05, 5.0))) else 1


if __name__ == "__main__":
    sys.exit(main())
