"""Fuzz the contracts of a stack that is started for it.

python -m tests.fuzz rest --examples 50       schemathesis with all checks on the OpenAPI document
python -m tests.fuzz grpc --examples 500      every method of every service, with and without tokens
python -m tests.fuzz keys --keys 1000         each key ten times at once; the books tell what was done twice
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from tests.fuzz.calls import fuzz_calls
from tests.fuzz.keys import send_keys
from tests.fuzz.rest import fuzz_rest
from tests.fuzz.stage import stage

_SHOWN = 40


def main(arguments: list[str]) -> int:
    """Run; returns the exit status: 1 where anything broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("what", choices=("rest", "grpc", "keys"))
    parser.add_argument("--examples", type=int, default=50, help="at most, for each operation and phase")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful", help="of schemathesis")
    parser.add_argument("--only", default="", help="part of the names of gRPC methods")
    parser.add_argument("--keys", type=int, default=1000)
    parser.add_argument("--times", type=int, default=10, help="how often each key is sent")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(options, Path(folder)))


async def _run(options: argparse.Namespace, folder: Path) -> int:
    logging.getLogger("httpx").setLevel(logging.WARNING)
    async with stage(folder) as staged:
        if options.what == "rest":
            rest = await asyncio.to_thread(
                fuzz_rest,
                staged.rest_url,
                staged.tokens,
                folder,
                examples=options.examples,
                phases=options.phases,
                seed=options.seed,
                workers=options.workers,
            )
            print(rest.output)
            print(f"operations {rest.operations}, requests {rest.requests}")
            print(f"statuses {dict(sorted(rest.statuses.items()))}")
            print(f"failed checks {dict(rest.failures)}")
            print(f"server errors {rest.server_errors}, schema violations {rest.schema_violations}")
            return 1 if rest.failures or rest.server_errors else 0
        if options.what == "keys":
            sent = await send_keys(
                staged.rest_url, staged.tokens["operator"], staged.rider_id, keys=options.keys, times=options.times
            )
            print(f"keys {sent.keys}, each sent {options.times} times, requests {sent.requests}")
            print(f"statuses {dict(sent.statuses)}")
            print(f"replayed {sent.replayed}, unlike answers {sent.unlike}, duplicates {sent.duplicates}")
            return 1 if sent.duplicates or sent.unlike else 0
        calls = await asyncio.to_thread(
            fuzz_calls,
            staged.targets,
            staged.tokens,
            staged.known_ids,
            examples=options.examples,
            seed_number=options.seed,
            only=options.only,
        )
        for line in (*calls.server_errors[:_SHOWN], *calls.violations[:_SHOWN]):
            print(line)
        print(f"methods {calls.methods}, calls {calls.calls}, codes {dict(calls.codes.most_common())}")
        print(f"server errors {len(calls.server_errors)}, schema violations {len(calls.violations)}")
        return 1 if calls.server_errors or calls.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
