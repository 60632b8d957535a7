"""What is told of a flood and of a soak: figures that are counted right, growth that is named and noise that is not."""

from __future__ import annotations

import asyncio

import pytest

from jitney.strain.http_flood import http_flood, saturate
from jitney.strain.kinds import DEFERRABLE, TRIP, Flood, Kind
from jitney.strain.sampling import Sample
from jitney.strain.soak import growth_in, slopes_of
from jitney.strain.told import Told, together


def samples(name: str, values: list[float], every_seconds: float = 60.0) -> list[Sample]:
    return [Sample(at * every_seconds, {name: value}) for at, value in enumerate(values)]


def test_memory_that_grows_all_the_time_is_named() -> None:
    slopes = slopes_of(samples("own_mb rest", [100.0 + 2 * minute for minute in range(30)]))

    assert [round(slope.an_hour) for slope in slopes] == [120]
    assert growth_in(slopes)[0].startswith("own_mb rest grows by 120")


@pytest.mark.parametrize(
    "values",
    [
        [100.0] * 30,
        [100.0 + minute % 3 for minute in range(30)],
        # Caches that fill at first.
        [100.0, 150.0, 180.0, 190.0, 195.0, *[196.0] * 25],
        [200.0 - minute for minute in range(30)],
    ],
)
def test_noise_warming_up_and_shrinking_are_not_named(values: list[float]) -> None:
    assert growth_in(slopes_of(samples("own_mb rest", values))) == []


def test_rows_that_are_kept_for_a_day_are_told_and_no_violation() -> None:
    slopes = slopes_of(samples("rows matching.outbox", [100.0 * minute for minute in range(30)]))

    assert slopes[0].is_notable
    assert growth_in(slopes) == []


def test_a_figure_that_was_not_there_all_the_time_has_no_slope() -> None:
    assert slopes_of([*samples("fds rest", [1.0] * 10), Sample(900, {})]) == []


def test_shares_are_of_all_that_was_offered_also_where_nobody_heard_it() -> None:
    told = together([Told(offered=4, unsent=1, seconds=[0.1, 0.2]), Told(offered=6, silent=1, seconds=[0.3])])

    assert (told.good, told.good_share, told.within(0.5)) == (3, 0.3, 0.2)


async def test_flood_comes_at_its_rate_however_the_server_answers() -> None:
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"]
    answers.append(b"HTTP/1.1 503 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answers[asked % 3])
                asked += 1
        except asyncio.IncompleteReadError:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        kinds = [
            Kind("lists", DEFERRABLE, 1.0, "GET", "/lists", ["token"]),
            Kind("offer", TRIP, 1.0, "GET", "/offer", ["token"]),
        ]
        told = await asyncio.to_thread(http_flood, "127.0.0.1", port, Flood(kinds, 100, 50, 0.6, 10))
        eager = await asyncio.to_thread(saturate, "127.0.0.1", port, Flood(kinds, 0.9, 0.1, 0.2, 4))

    assert told["lists"].offered == pytest.approx(2 * told["offer"].offered, abs=4)
    whole = together(told.values())
    assert whole.offered == whole.unsent + sum(whole.answered.values()) > 0
    assert set(whole.answered) == {"200", "503"}
    assert 0 < whole.rude < whole.answered["503"]
    assert together(eager.values()).good > 0
