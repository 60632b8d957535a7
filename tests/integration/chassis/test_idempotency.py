"""Idempotency keys: one winner, the others replay or are told to wait; the database decides."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from chassis.idempotency import Claimed, Replay, claim, complete, fingerprint
from shared_kernel.errors import Conflict, InFlight
from tests.integration.chassis.stores import KEYS, Stores

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SAME = fingerprint("ride", 1)


async def claim_alone(stores: Stores, digest: bytes = SAME, now: datetime = NOW) -> Claimed | Replay:
    async with stores.database.transaction() as connection:
        return await claim(connection, KEYS, principal="rider", method="Pay", key="k", fingerprint=digest, now=now)


async def finish(stores: Stores, claimed: Claimed, response: bytes = b"answer") -> None:
    async with stores.database.transaction() as connection:
        await complete(connection, KEYS, claimed, response)


async def test_twenty_claims_at_once_have_one_winner_and_nineteen_replays(stores: Stores) -> None:
    """In one transaction with the work, the others wait for its end and replay its answer."""
    worked = 0

    async def work() -> bytes:
        nonlocal worked
        async with stores.database.transaction() as connection:
            outcome = await claim(connection, KEYS, principal="rider", method="Pay", key="k", fingerprint=SAME, now=NOW)
            if isinstance(outcome, Replay):
                return outcome.response
            worked += 1
            await complete(connection, KEYS, outcome, b"answer")
            return b"answer"

    assert await asyncio.gather(*(work() for _ in range(20))) == [b"answer"] * 20
    assert worked == 1


async def test_of_twenty_separate_claims_nineteen_are_told_to_wait(stores: Stores) -> None:
    outcomes = await asyncio.gather(*(claim_alone(stores) for _ in range(20)), return_exceptions=True)

    assert sum(isinstance(outcome, Claimed) for outcome in outcomes) == 1
    refusals = [outcome for outcome in outcomes if isinstance(outcome, InFlight)]
    assert len(refusals) == 19
    assert {(refusal.reason, refusal.retry_after_seconds) for refusal in refusals} == {("request_in_flight", 1.0)}


async def test_the_same_key_with_other_fields_is_refused_in_flight_and_after(stores: Stores) -> None:
    claimed = await claim_alone(stores)
    assert isinstance(claimed, Claimed)
    with pytest.raises(Conflict) as in_flight:
        await claim_alone(stores, fingerprint("ride", 2))
    await finish(stores, claimed)
    with pytest.raises(Conflict) as after:
        await claim_alone(stores, fingerprint("ride", 2))

    assert in_flight.value.reason == after.value.reason == "idempotency_key_reused"
    assert await claim_alone(stores) == Replay(b"answer")


async def test_a_claim_that_rolls_back_leaves_the_key_free(stores: Stores) -> None:
    async def fail() -> None:
        async with stores.database.transaction() as connection:
            await claim(connection, KEYS, principal="rider", method="Pay", key="k", fingerprint=SAME, now=NOW)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert isinstance(await claim_alone(stores), Claimed)


async def test_keys_of_two_riders_and_of_two_methods_do_not_meet(stores: Stores) -> None:
    for principal, method in (("one", "Pay"), ("two", "Pay"), ("one", "Cancel")):
        async with stores.database.transaction() as connection:
            outcome = await claim(
                connection, KEYS, principal=principal, method=method, key="k", fingerprint=SAME, now=NOW
            )
        assert isinstance(outcome, Claimed)


async def test_an_abandoned_claim_is_taken_over_by_one_and_its_owner_cannot_finish_it(stores: Stores) -> None:
    first = await claim_alone(stores)
    assert isinstance(first, Claimed)
    later = NOW + timedelta(seconds=61)

    outcomes = await asyncio.gather(*(claim_alone(stores, now=later) for _ in range(8)), return_exceptions=True)

    (second,) = [outcome for outcome in outcomes if isinstance(outcome, Claimed)]
    with pytest.raises(InFlight):
        await finish(stores, first, b"late")
    await finish(stores, second, b"taken over")
    replayed = await claim_alone(stores, now=later)
    assert replayed == Replay(b"taken over")
