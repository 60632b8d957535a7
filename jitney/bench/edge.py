"""The edge on a stack of its own: quotes and reads of rides beside a constant, and many live streams on one process.

Each round asks the REST process of the stack for quotes and for a ride, and the peer just before, at the same depth
(edge_peer.py: the same application and server, one call to an echo, a constant as the answer). What is compared is
answers a second, medians of the rounds. Then so many live streams are held by the stack's stream process, while clients
lose their connections and Redis is killed and comes back.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from jitney.bench.edge_streams import Crowd, Held
from jitney.bench.http_load import load, request_bytes
from jitney.bench.result import Detail, Promise, Result, median
from jitney.stack.own_stack import OwnStack, own_stack
from jitney.stack.problems import StackError

TARGET_RATIO = 0.7
TARGET_KILOBYTES = 20.0
_CONNECTIONS = 8
_CHURN_SHARE = 0.1
_CHURN_ROUNDS = 5
_LIMITS = ("JITNEY_REST_READS_PER_MINUTE", "JITNEY_REST_WRITES_PER_MINUTE")
_QUOTE = (
    b'{"pickup":{"latitude":37.788,"longitude":-122.4075},"dropoff":{"latitude":37.7955,"longitude":-122.3937},'
    b'"product":"economy"}'
)


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Args:
        rounds: of the peer, quotes and ride reads, in turns.
        a_round: requests of each.
        streams: that are held at once; 0 measures none.
    """

    rounds: int
    a_round: int
    streams: int


@dataclass(frozen=True)
class Rates:
    """Answers a second, by round."""

    echo: list[float]
    quotes: list[float]
    rides: list[float]
    by_connections: dict[int, tuple[float, float]]
    """For so many connections at a time: the echo and ride reads."""
    refused: int


def measure_edge(plan: Plan, say: Callable[[str], None]) -> Result:
    """Measures both on one stack.

    Raises:
        StackError: the stack does not do what it must.
    """
    with own_stack() as stack:
        say("Starting a stack")
        # One rider asks for everything here.
        stack.environment.update(dict.fromkeys(_LIMITS, "1000000"))
        stack.start()
        rates = _measure_rates(stack, plan, say)
        held = asyncio.run(_hold_streams(stack, plan.streams, say)) if plan.streams else []
    return result_of(rates, held)


def measure_streams(count: int, say: Callable[[str], None]) -> Result:
    """Holds so many streams on a stack of its own, and nothing else.

    Raises:
        StackError: the stack does not do what it must.
    """
    with own_stack() as stack:
        say("Starting a stack")
        stack.start()
        return result_of_streams(asyncio.run(_hold_streams(stack, count, say)))


def result_of_streams(held: list[Held]) -> Result:
    """The memory of a stream where there are most; the least possible is that where there are fewest."""
    last = held[-1]
    least = min(item.kilobytes_each for item in held)
    promises = _promises_of(held)[1:]
    return Result("streams", last.kilobytes_each, "kB", least, TARGET_KILOBYTES, _details_of(held), also=promises)


def result_of(rates: Rates, held: list[Held]) -> Result:
    """The lower of both ratios beside 1, and what is promised of streams."""
    echo = median(rates.echo)
    quotes, rides = median(rates.quotes) / echo, median(rates.rides) / echo
    details = [
        Detail("a constant, one echo", echo, "answers/s"),
        Detail("quotes", median(rates.quotes), "answers/s"),
        Detail("quotes / constant", quotes, ""),
        Detail("ride reads", median(rates.rides), "answers/s"),
        Detail("ride reads / constant", rides, ""),
    ]
    for connections, (echoes, reads) in rates.by_connections.items():
        details.append(Detail(f"ride reads / constant, {connections} at a time", reads / echoes, ""))
    details += _details_of(held)
    promises = [Promise("answers other than 2xx", rates.refused, most=0)]
    if held:
        promises += _promises_of(held)
    return Result("edge", min(quotes, rides), "", 1.0, TARGET_RATIO, details, more_is_better=True, also=promises)


def _details_of(held: list[Held]) -> list[Detail]:
    return [
        detail
        for item in held
        for detail in (
            Detail(f"{item.count} streams: memory each", item.kilobytes_each, "kB"),
            Detail(f"{item.count} streams: CPU of a quiet second", item.cpu_seconds_quiet, "s"),
            Detail(f"{item.count} streams: messages told", item.published, ""),
        )
    ]


def _promises_of(held: list[Held]) -> list[Promise]:
    return [
        Promise("kB a stream", held[-1].kilobytes_each, most=TARGET_KILOBYTES),
        Promise("messages missed after churn and a restart of Redis", sum(item.missed for item in held), most=0),
        Promise("streams told to read anew", sum(item.resyncs for item in held), most=0),
    ]


def _measure_rates(stack: OwnStack, plan: Plan, say: Callable[[str], None]) -> Rates:
    from jitney.bench.edge_stage import peer, rider_with_ride

    host, port = _listening(stack, "JITNEY_REST_LISTEN")
    token, ride_id = asyncio.run(rider_with_ride(stack))
    ride = request_bytes("GET", f"/v1/rides/{ride_id}", token)
    quote = request_bytes("POST", "/v1/quotes", token, _QUOTE)
    with peer(stack) as (peer_host, peer_port):
        constant = request_bytes("GET", "/v1/echo", token)
        sides = ((peer_host, peer_port, constant), (host, port, quote), (host, port, ride))
        found: list[list[float]] = [[], [], []]
        refused = 0
        for number in range(plan.rounds + 1):
            for rates, side in zip(found, sides, strict=True):
                one = asyncio.run(load(*side, plan.a_round, _CONNECTIONS))
                refused += one.refused
                if number:  # the first round warms everything up
                    rates.append(one.rate)
            if number:
                echo, quotes, rides = (rates[-1] for rates in found)
                say(f"Round {number}: constant {echo:.0f}/s, quotes {quotes:.0f}/s, ride reads {rides:.0f}/s")
        growth: dict[int, tuple[float, float]] = {}
        for connections in (1, 4, 16, 32):
            pair = [asyncio.run(load(*side, plan.a_round, connections)) for side in (sides[0], sides[2])]
            refused += sum(one.refused for one in pair)
            growth[connections] = (pair[0].rate, pair[1].rate)
    return Rates(found[0], found[1], found[2], growth, refused)


async def _hold_streams(stack: OwnStack, count: int, say: Callable[[str], None]) -> list[Held]:
    """Holds a tenth of the streams, a half, all; with all of them, clients and Redis come and go."""
    from redis.asyncio import Redis

    from chassis.auth import Role, TokenSigner
    from jitney.bench.edge_stage import settings_of

    _allow_many_files(count)
    signer = TokenSigner.from_dir(stack.data.keys, "cli")
    crowd = Crowd(
        *_listening(stack, "JITNEY_STREAM_LISTEN"),
        _worker_of(stack, "stream"),
        lambda account: signer.sign(account, Role.RIDER, 3_600),
    )
    empty = crowd.memory_bytes()
    held: list[Held] = []
    async with Redis.from_url(settings_of(stack)["JITNEY_REDIS_URL"]) as redis:
        try:
            for size in sorted({max(1, count // 10), max(1, count // 2), count}):
                await crowd.grow_to(size)
                published = await crowd.publish(redis)
                await crowd.settled()
                each = (crowd.memory_bytes() - empty) / size / 1_000
                say(f"{size} streams: {each:.1f} kB each")
                if size == count:
                    published = await _shake(crowd, stack, redis, say)
                quiet = await crowd.cpu_in(1.0)
                resyncs = sum(item.resyncs for item in crowd.listeners)
                held.append(Held(size, each, published, crowd.missed(), resyncs, quiet))
                # Who joins later has not heard what was said before.
                crowd.forget()
        finally:
            await crowd.leave()
    return held


async def _shake(crowd: Crowd, stack: OwnStack, redis: Any, say: Callable[[str], None]) -> int:
    """Lets clients lose their connections, and kills Redis, while everybody is told things."""
    published = 0
    for number in range(_CHURN_ROUNDS):
        crowd.churn(_CHURN_SHARE)
        if number == _CHURN_ROUNDS // 2:
            pid = next(item.pid for item in stack.record().processes if item.name == "redis")
            os.kill(pid, signal.SIGKILL)
            say("Redis is killed")
        published = await crowd.publish(redis)
    await crowd.settled()
    say(f"{published} messages to each, {crowd.missed()} missed")
    return published


def _listening(stack: OwnStack, setting: str) -> tuple[str, int]:
    host, _, port = stack.environment[setting].rpartition(":")
    return host, int(port)


def _worker_of(stack: OwnStack, name: str) -> psutil.Process:
    """The process that serves: granian's worker below its main process."""
    record = next((item for item in stack.record().processes if item.name == name), None)
    if record is None:
        raise StackError(f"The stack has no process {name}.")
    workers = psutil.Process(record.pid).children()
    return max(workers, key=lambda process: process.memory_info().rss)


def _allow_many_files(count: int) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = count + 200
    if soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise StackError(f"{count} streams need {needed} open files; only {hard} are allowed here.")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
