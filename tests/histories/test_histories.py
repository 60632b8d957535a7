"""A share of the histories, and the broken variants that they must show; the command plays them at length."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import pytest

from tests.histories.run import play_offers, play_wallet
from tests.histories.variants import VARIANTS
from tests.histories.wallet import Wallets, wallets
from tests.races.ground import Ground, Lane, ground

HISTORIES = 15
HISTORIES_TO_NOTICE = 200
"""The first without an order ends it."""


@pytest.fixture(scope="module")
async def credit(migrated_postgres_url: Callable[[str], str]) -> AsyncGenerator[Wallets]:
    async with wallets(migrated_postgres_url("payment"), seed=3) as made:
        yield made


@pytest.fixture(scope="module")
async def made(
    migrated_postgres_url: Callable[[str], str], redis_url_for: Callable[[int], str]
) -> AsyncGenerator[Ground]:
    async with ground(migrated_postgres_url("matching"), redis_url_for(5), seed=3) as made:
        yield made


async def test_credit_and_its_keys_are_linearizable(credit: Wallets) -> None:
    found = await play_wallet(credit, HISTORIES)

    assert found.wrong == []
    assert found.undecided == 0
    assert found.unanswered


async def test_offers_are_linearizable(made: Ground) -> None:
    found = await play_offers([Lane(made, 0)], HISTORIES)

    assert found.wrong == []
    assert found.undecided == 0


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", VARIANTS)
async def test_a_broken_variant_is_shown(credit: Wallets, made: Ground, name: str) -> None:
    variant = VARIANTS[name]
    with variant.broken():
        if variant.whose == "wallet":
            found = await play_wallet(credit, HISTORIES_TO_NOTICE, most_wrong=1)
        else:
            found = await play_offers([Lane(made, 1)], HISTORIES_TO_NOTICE, most_wrong=1)

    assert found.wrong
