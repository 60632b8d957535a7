"""Who keeps which shards: beats of several matchers over leases in memory."""

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_service.domain.shards import preferred_owner
from matching_service.use_cases.keep_shards import IDLE_BEATS, LEASE_SECONDS, KeepShards
from shared_kernel.errors import Unavailable
from tests.fakes.matching_dispatch import FakeShardLeases, HandClock

SHARDS = [f"8528308{number:x}fffffff" for number in range(40)]
IDS = st.sets(st.uuids(), min_size=1, max_size=8)


class Town:
    """Matchers around one table of leases."""

    def __init__(self, shards: int = 40) -> None:
        self.clock = HandClock()
        self.leases = FakeShardLeases(self.clock)
        self.leases.busy = set(SHARDS[:shards])

    def matcher(self, number: int) -> KeepShards:
        return KeepShards(self.leases, self.clock.monotonic, UUID(int=number), f"matcher {number}")


@pytest.fixture
def town() -> Town:
    return Town()


async def test_a_lone_matcher_keeps_every_shard_that_has_rides_under_the_same_fences(town: Town):
    alone = town.matcher(1)
    report = await alone.beat()
    assert (report.owned, report.gained, report.taken_over) == (40, 40, 0)
    for _ in range(10):
        town.clock.advance(1)
        await alone.beat()
    assert dict(alone.held()) == dict.fromkeys(SHARDS, 1)


async def test_a_newcomer_is_handed_its_share_and_fences_grow_where_the_owner_changed(town: Town):
    old, new = town.matcher(1), town.matcher(2)
    await old.beat()
    await new.beat()  # sees the other, and finds nothing vacant
    assert not new.held()
    handed_over = (await old.beat()).handed_over
    await new.beat()
    assert len(new.held()) == handed_over > 0
    assert set(new.held().values()) == {2}
    assert set(old.held().values()) == {1}
    assert old.held().keys() | new.held().keys() == set(SHARDS)
    assert not old.held().keys() & new.held().keys()


async def test_who_leaves_is_replaced_at_the_next_beat(town: Town):
    stays, leaves = town.matcher(1), town.matcher(2)
    for matcher in (stays, leaves, stays, leaves):
        await matcher.beat()
    await leaves.leave()
    assert not leaves.held()
    report = await stays.beat()
    assert (report.owned, report.matchers, report.taken_over) == (40, 1, 0)


async def test_who_dies_is_replaced_when_its_leases_have_run_out_and_not_before(town: Town):
    lives, dies = town.matcher(1), town.matcher(2)
    for matcher in (lives, dies, lives, dies):
        await matcher.beat()
    share = len(dies.held())
    for _ in range(3):
        town.clock.advance(1)
        assert (await lives.beat()).gained == 0
    town.clock.advance(1)
    assert (await lives.beat()).taken_over == share
    assert len(lives.held()) == 40


async def test_who_wakes_up_late_holds_nothing_until_it_has_seen_what_became_of_its_shards(town: Town):
    lives, sleeps = town.matcher(1), town.matcher(2)
    for matcher in (lives, sleeps, lives, sleeps):
        await matcher.beat()
    fences = dict(sleeps.held())
    town.clock.advance(LEASE_SECONDS)
    await lives.beat()
    assert not sleeps.held()
    report = await sleeps.beat()
    assert report.lost == len(fences)
    assert not sleeps.held()
    await lives.beat()
    await sleeps.beat()
    assert all(sleeps.held()[shard] > fence for shard, fence in fences.items())


async def test_a_beat_that_fails_leaves_the_leases_until_their_end(town: Town):
    matcher = town.matcher(1)
    await matcher.beat()
    town.leases.failure = Unavailable("database_unavailable", "gone")
    town.clock.advance(LEASE_SECONDS - 0.5)
    with pytest.raises(Unavailable):
        await matcher.beat()
    assert len(matcher.held()) == 40
    town.clock.advance(0.5)
    assert not matcher.held()


async def test_a_shard_without_rides_is_kept_for_a_while_and_then_given_back(town: Town):
    matcher = town.matcher(1)
    await matcher.beat()
    town.leases.busy = set(SHARDS[:1])
    for _ in range(IDLE_BEATS):
        town.clock.advance(1)
        assert (await matcher.beat()).handed_over == 0
    assert (await matcher.beat()).handed_over == 39
    assert list(matcher.held()) == SHARDS[:1]


async def test_a_chore_is_one_matchers(town: Town):
    matchers = [town.matcher(number) for number in range(1, 5)]
    for matcher in (*matchers, *matchers):
        await matcher.beat()
    assert sum(matcher.has_chore("sweep the yard") for matcher in matchers) == 1


@given(IDS, st.sampled_from(SHARDS))
def test_all_who_know_of_the_same_matchers_prefer_the_same_one(ids: set[UUID], shard: str):
    assert preferred_owner(shard, ids) == preferred_owner(shard, sorted(ids, reverse=True))
    assert preferred_owner(shard, ids) in ids


@given(IDS, st.uuids())
def test_a_newcomer_takes_shards_and_moves_none_between_the_others(ids: set[UUID], newcomer: UUID):
    for shard in SHARDS:
        before, after = preferred_owner(shard, ids), preferred_owner(shard, ids | {newcomer})
        assert after in (before, newcomer)


def test_matchers_get_about_the_same_number_of_shards():
    counts = Counter(preferred_owner(f"shard {n}", [UUID(int=m) for m in range(4)]) for n in range(4_000))
    assert all(850 < count < 1_150 for count in counts.values())


def test_without_matchers_nobody_is_preferred():
    assert preferred_owner(SHARDS[0], []) is None
