"""`python -m tests.proof machine | kills | variants`: the proof at length, with its figures. Exit code 1: a difference.

machine --plays 500 --seed 7    random plays of about 40 steps; without a seed the same ones each time
kills --faults 9 --workers 2    the kill matrix; nine faults are all of them
variants --plays 200            the broken variants, each until it is caught
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.integration.embedded import embedded_redis
from tests.proof.cells import FAULTS as ALL_FAULTS
from tests.proof.cells import Cell, a_share, all_cells
from tests.proof.figures import summary_of, summary_of_kills
from tests.proof.ground import ground, sandbox
from tests.proof.machine import play_for
from tests.proof.matrix import Matrix, Result
from tests.proof.stage import Stage
from tests.proof.variants import VARIANTS


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def machine(plays: int, seed: int | None, *, shrink: bool) -> bool:
    """Run so many plays; tells whether there was no difference."""
    with ground() as made:
        stage = Stage(made)
        try:
            play_for(stage, plays, seed=seed, shrink=shrink)
        except Exception as error:
            _say("\n".join([repr(error), *getattr(error, "__notes__", [])]))
        finally:
            _say(f"machine: {summary_of(stage.counts)}; {len(stage.found)} differences")
            for name, count in sorted(stage.counts.items()):
                _say(f"  {name}: {count}")
            stage.close()
        return not stage.found


def variants(plays: int) -> bool:
    """Run every broken variant; tells whether all were caught."""
    caught = 0
    with ground() as made:
        for name, variant in VARIANTS.items():
            stage = Stage(made)
            try:
                with variant(stage):
                    play_for(stage, plays)
            except Exception as error:
                caught += error in stage.found
                _say(f"{name}: caught after {stage.counts['steps']} steps: {str(error).splitlines()[0][:200]}")
            else:
                _say(f"{name}: NOT caught in {stage.counts['steps']} steps")
            finally:
                stage.close()
    return caught == len(VARIANTS)


def kills(faults: int, workers: int) -> bool:
    """Run the kill matrix; tells whether there was no difference."""
    cells = all_cells() if faults >= len(ALL_FAULTS) else a_share(faults)
    parts = [cells[number::workers] for number in range(workers)]
    with ExitStack() as stack:
        made = stack.enter_context(ground())
        redis = stack.enter_context(embedded_redis())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jitney-kills-")))
        matrices = [
            Matrix(made, stack.enter_context(sandbox(folder)), redis.url(number), folder)
            for number in range(len(parts))
        ]
        results = asyncio.run(_all(matrices, parts))
    whole = sum(results, start=Result())
    for difference in whole.differences:
        _say(difference)
    _say(summary_of_kills(whole))
    for name, count in sorted(whole.counts.items()):
        _say(f"  {name}: {count}")
    return not whole.differences


async def _all(matrices: Sequence[Matrix], parts: Sequence[Sequence[Cell]]) -> list[Result]:
    runs = (matrix.run(part) for matrix, part in zip(matrices, parts, strict=True))
    return await asyncio.gather(*runs)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proof")
    commands = parser.add_subparsers(dest="command", required=True)
    plays = commands.add_parser("machine")
    plays.add_argument("--plays", type=int, default=500)
    plays.add_argument("--seed", type=int, default=None)
    plays.add_argument("--shrink", action="store_true", help="look for the shortest play that shows a difference")
    matrix = commands.add_parser("kills")
    matrix.add_argument("--faults", type=int, default=len(ALL_FAULTS))
    matrix.add_argument("--workers", type=int, default=2)
    broken = commands.add_parser("variants")
    broken.add_argument("--plays", type=int, default=200)
    chosen = parser.parse_args()
    # The service is made to fail all the time, and says so.
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    match chosen.command:
        case "machine":
            fine = machine(chosen.plays, chosen.seed, shrink=chosen.shrink)
        case "kills":
            fine = kills(chosen.faults, chosen.workers)
        case _:
            fine = variants(chosen.plays)
    _say(f"{time.monotonic() - began:.0f} s")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
