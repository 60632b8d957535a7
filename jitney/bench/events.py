"""Events from a transaction to a driver's live stream: the real outbox, relay, consumer and delivery worker.

The transactions and the reading of the streams run here, notification_service as a process of its own, PostgreSQL and
Redis beside them. Commit is when the database has answered; the consumer has an event when its use case begins with it;
a driver has it when a blocking read of the live stream, as the edge makes it, returns.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitney.bench.result import Detail, Promise, Result
from jitney.bench.stores_alone import Stores, await_ready, stores_alone
from jitney.stack.keys import make_signing_keys
from jitney.stack.launch import Launcher
from jitney.stack.own_stack import free_ports, scratch_folder
from jitney.stack.specs import ProcessSpec

if TYPE_CHECKING:
    from jitney.bench.event_load import EventLoad, Seen

MOST_CONSUMER_MILLIS = 15.0
MOST_STREAM_MILLIS = 50.0
LEAST_PRODUCERS_RATIO = 0.9
MOST_MARKETING_RATIO = 1.5
_CALM_PER_SECOND = 100.0
_WARM_UP = (100.0, 3.0)


@dataclass(frozen=True)
class Plan:
    """How much: events a second, seconds a stretch, marketing messages that are queued."""

    per_second: float
    seconds: float
    marketing: int


def measure_events(plan: Plan, say: Callable[[str], None]) -> Result:
    """Run it on stores of its own."""
    with stores_alone() as stores:
        matching, notification = stores.database("matching"), stores.database("notification")
        with _service(stores, notification):
            return asyncio.run(_measure(plan, matching, notification, stores.redis_url, say))


async def _measure(plan: Plan, matching: str, notification: str, redis_url: str, say: Callable[[str], None]) -> Result:
    from jitney.bench.event_load import EventLoad

    async with EventLoad(matching, notification, redis_url) as load:
        await load.stretch(*_WARM_UP)
        without = await load.stretch(plan.per_second, plan.seconds, events=False)
        say(f"without events: {without.per_second:.0f} transactions/s")
        full = await _told(load, plan.per_second, plan.seconds, say)
        growth = [await _told(load, plan.per_second * share, plan.seconds / 2, say) for share in (0.25, 0.5, 2.0)]
        calm = await _told(load, _CALM_PER_SECOND, plan.seconds, say)
        say(f"laying {plan.marketing} marketing messages into the queue")
        await load.queue_marketing(plan.marketing)
        queued = await _told(load, _CALM_PER_SECOND, plan.seconds, say)
    return _result(plan, without, full, growth, calm, queued)


async def _told(load: "EventLoad", per_second: float, seconds: float, say: Callable[[str], None]) -> "Seen":
    seen = await load.stretch(per_second, seconds)
    say(
        f"{seen.asked_per_second:.0f} events/s asked, {seen.per_second:.0f} written: commit to consumer p50 "
        f"{_millis(seen.to_consumer, 0.5):.1f} p99 {_millis(seen.to_consumer, 0.99):.1f} ms, to the driver's stream "
        f"p50 {_millis(seen.to_stream, 0.5):.1f} p99 {_millis(seen.to_stream, 0.99):.1f} ms, {seen.missing} missing"
    )
    return seen


def _result(
    plan: Plan, without: "Seen", full: "Seen", growth: Sequence["Seen"], calm: "Seen", queued: "Seen"
) -> Result:
    consumer, stream = _millis(full.to_consumer, 0.99), _millis(full.to_stream, 0.99)
    calm_p99, queued_p99 = _millis(calm.to_stream, 0.99), _millis(queued.to_stream, 0.99)
    details = [
        Detail("transactions without events", without.per_second, "/s"),
        Detail("transactions with events", full.per_second, "/s"),
        Detail("commit to consumer, p50", _millis(full.to_consumer, 0.5), "ms"),
        Detail("commit to the driver's live stream, p50", _millis(full.to_stream, 0.5), "ms"),
        *(
            Detail(f"to the live stream at {seen.asked_per_second:.0f}/s, p99", _millis(seen.to_stream, 0.99), "ms")
            for seen in growth
        ),
        Detail(f"to the live stream at {_CALM_PER_SECOND:.0f}/s, idle queue, p99", calm_p99, "ms"),
        Detail(f"the same with {plan.marketing} marketing messages queued, p99", queued_p99, "ms"),
    ]
    missing = sum(seen.missing for seen in (full, *growth, calm, queued))
    return Result(
        "events",
        stream,
        "ms",
        # The least that any rate took: what the way costs when nobody waits.
        min(_millis(seen.to_stream, 0.5) for seen in (full, *growth, calm)),
        MOST_STREAM_MILLIS,
        details,
        also=[
            Promise("commit to consumer, p99 (ms)", consumer, most=MOST_CONSUMER_MILLIS),
            Promise(
                "producers' rate with events / without",
                full.per_second / max(1.0, without.per_second),
                least=LEAST_PRODUCERS_RATIO,
            ),
            Promise("p99 with a marketing queue / idle", queued_p99 / max(0.001, calm_p99), most=MOST_MARKETING_RATIO),
            Promise("events that did not arrive", missing, most=0),
        ],
    )


def _millis(ascending: Sequence[float], share: float) -> float:
    """A quantile in ms; 0 without any."""
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))] * 1_000 if ascending else 0.0


@contextmanager
def _service(stores: Stores, database_url: str) -> Generator[None]:
    """notification_service as a process, ready."""
    with scratch_folder() as folder, Launcher() as launcher:
        keys = folder / "keys"
        make_signing_keys(keys)
        port, metrics = free_ports(2)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
        environment |= {
            "JITNEY_NOTIFICATION_DATABASE_URL": database_url,
            "JITNEY_NOTIFICATION_LISTEN": f"127.0.0.1:{port}",
            "JITNEY_NOTIFICATION_WEBHOOK_KEY": "00" * 32,
            "JITNEY_NOTIFICATION_METRICS_LISTEN": f"127.0.0.1:{metrics}",
            "JITNEY_REDIS_URL": stores.redis_url,
            "JITNEY_JWKS_FILE": str(keys / "jwks.json"),
            "JITNEY_SIGNING_KEYS_DIR": str(keys),
            "JITNEY_LOG_LEVEL": "warning",
            "GRPC_VERBOSITY": "NONE",
        }
        spec = ProcessSpec(
            name="notification",
            argv=(sys.executable, "-m", "notification_service", "serve"),
            environment=environment,
            ready=f"grpc://127.0.0.1:{port}",
        )
        log = folder / "notification.log"
        process = launcher.start(spec, log)
        try:
            await_ready(spec, log)
            yield
        finally:
            launcher.stop(process, spec)
