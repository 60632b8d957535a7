"""Bodies on their way: who has a place, who is sent away, and what a broken one is taken for."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from rider_api.problems import ProblemError
from rider_api.rest.bodies import Bodies, ClientGoneError
from rider_api.rest.strict_json import MAX_BODY_BYTES

LARGE = MAX_BODY_BYTES + 1
FOREVER = 3_600.0


class Given:
    """A body whose pieces come when they are put."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        for piece in pieces:
            self.put(piece)

    def put(self, piece: bytes | None) -> None:
        """The next piece; None is the end."""
        self._pieces.put_nowait(piece)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._pieces.get()
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def __call__(self) -> bytes:
        return b"".join([piece async for piece in self])


def ended(*pieces: bytes) -> Given:
    """All pieces, an empty one, and the end: as the server tells a whole body."""
    given = Given(*pieces, b"")
    given.put(None)
    return given


async def begun(bodies: Bodies, length: int | None) -> asyncio.Task[bytes]:
    """A body of which something has come, and nothing more comes."""
    task = asyncio.create_task(bodies.take(length, Given(b"{")))
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize("length", [10, LARGE, None], ids=["small", "large", "chunked"])
async def test_for_one_more_the_one_that_has_been_coming_longest_is_sent_away(length: int | None) -> None:
    bodies = Bodies(FOREVER, small_at_once=2, large_at_once=2)
    oldest, next_one, newest = [await begun(bodies, length) for _ in range(3)]
    with pytest.raises(ProblemError) as refused:
        await oldest
    assert (refused.value.problem.status, refused.value.problem.code) == (408, "body_too_slow")
    assert not next_one.done()
    assert not newest.done()
    for task in (next_one, newest):
        task.cancel()


async def test_whole_bodies_find_room_beside_ever_so_many_slow_ones() -> None:
    bodies = Bodies(FOREVER, small_at_once=3, large_at_once=3)
    slow = [await begun(bodies, length) for length in (10, LARGE) * 20]
    assert await bodies.take(2, ended(b"{}")) == b"{}"
    assert await bodies.take(LARGE, ended(b"x" * 60_000, b"x" * (LARGE - 60_000))) == b"x" * LARGE
    for task in slow:
        task.cancel()


async def test_one_that_was_sent_away_gains_no_time_by_another_piece() -> None:
    bodies = Bodies(FOREVER, large_at_once=1)
    given = Given(b"{")
    first = asyncio.create_task(bodies.take(None, given))
    await asyncio.sleep(0)
    second = await begun(bodies, None)
    given.put(b"}")
    with pytest.raises(ProblemError):
        await first
    second.cancel()


async def test_a_body_that_is_never_whole_has_its_time() -> None:
    bodies = Bodies(0.01)
    for length in (10, LARGE, None):
        with pytest.raises(ProblemError) as refused:
            await bodies.take(length, Given(b"{"))
        assert refused.value.problem.retryable


async def test_a_large_body_has_more_time_the_more_of_it_came() -> None:
    bodies = Bodies(0.05)
    given = Given(b"x" * MAX_BODY_BYTES)
    taking = asyncio.create_task(bodies.take(LARGE, given))
    # Four more seconds by now; without them it would be over.
    done, _ = await asyncio.wait([taking], timeout=0.2)
    assert not done
    given.put(b"x")
    given.put(b"")
    given.put(None)
    assert len(await taking) == LARGE


@pytest.mark.parametrize("length", [LARGE, None], ids=["short of its length", "chunked"])
async def test_a_connection_that_broke_leaves_no_body(length: int | None) -> None:
    # As the server tells it: one empty piece too many.
    given = ended(b"{}", b"")
    with pytest.raises(ClientGoneError):
        await Bodies(FOREVER).take(length, given)


async def test_what_is_too_much_is_cut_and_not_read_for_ever() -> None:
    megabyte = b"x" * 1024 * 1024
    kept = await Bodies(FOREVER).take(None, Given(*[megabyte] * 20))
    assert 4 * len(megabyte) < len(kept) < 5 * len(megabyte)


async def test_no_body_is_not_waited_for() -> None:
    assert await Bodies(FOREVER).take(0, Given()) == b""
