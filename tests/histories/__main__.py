"""`python -m tests.histories --histories 1000`: plays and judges histories. Exit code 1: one has no order.

--seed 7        chance
--variants      the broken variants instead, each until a history shows it
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time

from tests.histories.run import Found, play_offers, play_wallet
from tests.histories.variants import VARIANTS
from tests.histories.wallet import Wallets, wallets
from tests.integration.embedded import embedded_postgres, embedded_redis
from tests.races.ground import Lane, ground


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _tell(name: str, found: Found, seconds: float) -> bool:
    _say(f"{name}: {found}, {seconds:.0f} s")
    for history in found.wrong:
        _say(f"  WITHOUT AN ORDER\n{history}")
    return not found.wrong and not found.undecided


async def _histories(credit: Wallets, lanes: list[Lane], histories: int) -> bool:
    began = time.monotonic()
    well = _tell("credit and keys", await play_wallet(credit, histories), time.monotonic() - began)
    began = time.monotonic()
    return _tell("offers", await play_offers(lanes, histories), time.monotonic() - began) and well


async def _variants(credit: Wallets, lanes: list[Lane], histories: int) -> bool:
    unseen = 0
    for name, variant in VARIANTS.items():
        with variant.broken():
            if variant.whose == "wallet":
                found = await play_wallet(credit, histories, most_wrong=1)
            else:
                found = await play_offers(lanes, histories, most_wrong=1)
        unseen += not found.wrong
        _say(f"{name}: {'shown' if found.wrong else 'NOT SHOWN'} after {found.histories} histories")
    return not unseen


async def _main(chosen: argparse.Namespace, payment_url: str, matching_url: str, redis_url: str) -> bool:
    async with (
        wallets(payment_url, chosen.seed) as credit,
        ground(matching_url, redis_url, chosen.seed) as made,
    ):
        play = _variants if chosen.variants else _histories
        return await play(credit, [Lane(made, 0)], chosen.histories)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.histories")
    parser.add_argument("--histories", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--variants", action="store_true")
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)
    # Who goes away in the middle of a commit leaves asyncpg with a future that nobody asks for.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    with embedded_postgres() as postgres, embedded_redis() as redis:
        urls = (postgres.migrated("payment"), postgres.migrated("matching"), redis.url(3))
        return 0 if asyncio.run(_main(chosen, *urls)) else 1


if __name__ == "__main__":
    sys.exit(main())
