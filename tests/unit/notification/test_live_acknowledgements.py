"""What apps acknowledge on live streams: the window of one connection, and how it is kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from chassis.live_entries import LiveEvent, write_entry_id
from notification_service.domain.seen import Follower, Position, Seen
from notification_service.entrypoints.live_window import Window
from notification_service.use_cases.keep_acknowledgements import KeepAcknowledgements
from notification_service.use_cases.ports import Store
from shared_kernel.errors import InvalidInput, Unavailable

NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return NOW


class Stores:
    """Both stores, which answer or do not; `log` tells what was written in which order."""

    def __init__(self) -> None:
        self.log: list[tuple[str, object]] = []
        self.broken: set[str] = set()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Stores]:
        if "postgres" in self.broken:
            raise Unavailable("database_unavailable", "the database does not answer")
        yield self

    async def acknowledge_all(self, pairs: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
        assert now == NOW
        self.log.append(("seen", sorted(pairs)))

    async def keep(self, positions: Mapping[Follower, Position]) -> None:
        if "redis" in self.broken:
            raise Unavailable("streams_unavailable", "live streams are not available just now")
        self.log.append(("kept", dict(positions)))


def an_event(number: int, notification_id: UUID | str = "") -> LiveEvent:
    return LiveEvent((number, 0), "ride_updated", "{}", None, notification_id=str(notification_id))


@pytest.fixture
def stores() -> Stores:
    return Stores()


@pytest.fixture
def keep(stores: Stores) -> KeepAcknowledgements:
    return KeepAcknowledgements(cast("Store", stores), stores, Clock(), most_waiting=10)


def someone() -> Follower:
    return Follower(uuid4(), "phone")


def test_an_acknowledgement_counts_for_all_before_it() -> None:
    window, ids = Window((0, 0), 3), [uuid4() for _ in range(3)]
    for number, notification_id in enumerate(ids, start=1):
        window.sent(an_event(number, notification_id))
    assert window.room == 0
    assert window.acknowledge("2-0") == Seen((2, 0), frozenset(ids[:2]))
    assert window.room == 2
    assert window.acknowledge("1-0") is None
    assert window.acknowledge("3-0") == Seen((3, 0), frozenset(ids[2:]))


def test_what_was_never_sent_cannot_be_acknowledged() -> None:
    window = Window((5, 0), 3)
    window.sent(an_event(6))
    assert window.acknowledge("5-0") is None
    with pytest.raises(InvalidInput) as refusal:
        window.acknowledge("6-1")
    assert refusal.value.reason == "event_not_sent"


def test_an_event_that_was_passed_over_takes_no_room_and_is_done_with() -> None:
    window = Window((0, 0), 1)
    window.passed_over(an_event(1, uuid4()))
    assert window.room == 1
    assert window.acknowledge("1-0") == Seen((1, 0))


def test_after_lost_entries_smaller_ids_count_and_late_acknowledgements_do_not() -> None:
    window = Window((0, 0), 2)
    window.sent(an_event(100))
    window.begin_anew()
    assert window.room == 2
    assert window.acknowledge("100-0") is None
    window.sent(an_event(7))
    assert window.acknowledge("7-0") == Seen((7, 0))


async def test_acknowledgements_of_one_follower_go_together(stores: Stores, keep: KeepAcknowledgements) -> None:
    follower, ids, told = someone(), [uuid4(), uuid4()], list[str]()
    for number, notification_id in enumerate(ids, start=1):
        seen = Seen((number, 0), frozenset({notification_id}))
        keep.note(follower, seen, lambda position: told.append(write_entry_id(position)))
    await keep.write()
    pairs = sorted((follower.account_id, each) for each in ids)
    assert stores.log == [("seen", pairs), ("kept", {follower: (2, 0)})]
    assert told == ["2-0"]
    await keep.write()
    assert len(stores.log) == 2


@pytest.mark.parametrize("broken", ["postgres", "redis"])
async def test_what_a_store_did_not_take_waits_and_nothing_is_told_kept(
    stores: Stores, keep: KeepAcknowledgements, broken: str
) -> None:
    follower, first, second, told = someone(), uuid4(), uuid4(), list[Position]()
    stores.broken = {broken}
    keep.note(follower, Seen((1, 0), frozenset({first})), told.append)
    with pytest.raises(Unavailable):
        await keep.write()
    keep.note(follower, Seen((2, 0), frozenset({second})), told.append)
    assert not any(what == "kept" for what, _ in stores.log)
    assert told == []
    stores.broken, stores.log = set(), []
    await keep.write()
    pairs: Any = sorted([(follower.account_id, first), (follower.account_id, second)])
    assert stores.log == [("seen", pairs), ("kept", {follower: (2, 0)})]
    assert told == [(2, 0)]


async def test_what_waits_is_bounded(stores: Stores, keep: KeepAcknowledgements) -> None:
    stores.broken = {"postgres"}
    with pytest.raises(Unavailable) as refusal:  # noqa: PT012 (which one is refused does not matter)
        for number in range(11):
            keep.note(someone(), Seen((number, 0), frozenset({uuid4()})), lambda _: None)
    assert refusal.value.reason == "streams_unavailable"


async def test_many_followers_are_written_in_several_goes(stores: Stores) -> None:
    keep = KeepAcknowledgements(cast("Store", stores), stores, Clock())
    followers = [someone() for _ in range(1_200)]
    for follower in followers:
        keep.note(follower, Seen((1, 0), frozenset({uuid4()})), lambda _: None)
    await keep.write()
    kept = [cast("dict[Follower, Position]", what) for kind, what in stores.log if kind == "kept"]
    assert len(kept) > 1
    assert {follower for positions in kept for follower in positions} == set(followers)
