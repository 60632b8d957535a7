"""Background work: started again when it fails, stopped when told, woken once for many commits."""

from __future__ import annotations

import asyncio
import gc
import random
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.deadlines import call_timeout, deadline, remaining_seconds
from chassis.runtime import Backoff, Wakeup, Workers, collector_paused


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_waits_grow_up_to_the_cap_and_stay_within_their_halves(seed: int, failures: int) -> None:
    backoff = Backoff(0.1, 30.0, random.Random(seed))
    for number in range(failures):
        whole = min(30.0, 0.1 * 2**number)
        assert whole / 2 <= backoff.next_seconds() <= whole
    backoff.reset()
    assert backoff.next_seconds() <= 0.1


async def test_a_worker_that_fails_or_returns_is_started_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def at_once(backoff: Backoff) -> float:
        return 0.0

    monkeypatch.setattr(Backoff, "next_seconds", at_once)
    starts = 0
    well = asyncio.Event()

    async def work() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise RuntimeError("broken")
        if starts == 2:
            return
        well.set()
        await asyncio.Event().wait()

    workers = Workers()
    workers.add("work", work)
    workers.start()
    await asyncio.wait_for(well.wait(), 60)
    await workers.stop()

    assert starts == 3
    # Servers that other tests keep running in this process have their own to say.
    messages = [record.message for record in caplog.records if record.name == "chassis.runtime"]
    assert messages == ["a worker failed", "a worker returned"]


async def test_stopping_waits_for_a_worker_to_clean_up() -> None:
    cleaned = False
    begun = asyncio.Event()

    async def work() -> None:
        nonlocal cleaned
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned = True

    workers = Workers()
    workers.add("work", work)
    workers.start()
    await begun.wait()
    await workers.stop()

    assert cleaned


async def test_a_worker_that_will_not_stop_is_left_after_a_bound(caplog: pytest.LogCaptureFixture) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        raise asyncio.CancelledError

    workers = Workers()
    workers.add("stubborn", work)
    workers.start()
    await begun.wait()
    await workers.stop(within_seconds=0.01)

    assert "did not stop in time" in caplog.text
    release.set()


async def test_a_worker_that_fails_while_it_is_stopped_is_not_started_again(caplog: pytest.LogCaptureFixture) -> None:
    starts = 0
    begun = asyncio.Event()

    async def one_of_two() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            # As a client library that loses its connection by the cancellation.
            raise ConnectionError("lost")

    async def work() -> None:
        nonlocal starts
        starts += 1
        async with asyncio.TaskGroup() as group:
            group.create_task(one_of_two())
            begun.set()

    workers = Workers()
    workers.add("work", work)
    workers.start()
    await begun.wait()
    await asyncio.sleep(0)
    await workers.stop()

    assert starts == 1
    assert [record.message for record in caplog.records if record.name == "chassis.runtime"] == ["a worker failed"]


def test_two_workers_of_one_name_are_refused() -> None:
    workers = Workers()

    async def work() -> None: ...

    workers.add("work", work)
    with pytest.raises(ValueError, match="already"):
        workers.add("work", work)


async def test_many_wakes_are_one() -> None:
    wakeup = Wakeup(debounce_seconds=0.0)
    for _ in range(10):
        wakeup.wake()

    assert await wakeup.wait(5.0)
    assert not await wakeup.wait(0.0)


async def test_nobody_waking_is_told_as_such() -> None:
    assert not await Wakeup().wait(0.0)


def test_a_call_gets_its_default_or_what_is_left_less_a_margin() -> None:
    assert call_timeout(None) == 5.0
    assert call_timeout(2.0) == 2.0
    assert call_timeout(None, default=None) is None
    with deadline(1.0):
        for wanted in (None, 60.0):
            bounded = call_timeout(wanted)
            assert bounded is not None
            assert bounded <= 0.95
        with deadline(100.0):
            inner = remaining_seconds()
            assert inner is not None
            assert inner <= 1.0
    with deadline(60.0):
        assert call_timeout(0.5) == 0.5
    assert remaining_seconds() is None


def test_a_deadline_that_is_over_still_makes_a_time_out() -> None:
    with deadline(-1.0):
        bounded = call_timeout(None)
        assert bounded is not None
        assert 0 < bounded < 0.01


def test_the_collector_rests_until_the_last_of_overlapping_blocks_ends() -> None:
    with ExitStack() as first, ExitStack() as second:
        first.enter_context(collector_paused())
        second.enter_context(collector_paused())
        first.close()
        assert not gc.isenabled()
        second.close()
        assert gc.isenabled()
