"""Captures that wait together, without gRPC: `python -m jitney.bench.waiting_captures FIRST COUNT TOGETHER`.

Runs in a process of its own, as the service itself does, over the service's own use case and settings; prints one line
of JSON. It begins with the ride numbered FIRST; COUNT rides are captured, TOGETHER at a time.
"""

import asyncio
import json
import sys
import time
from importlib import import_module
from typing import Any, NamedTuple

from jitney.bench.capture_rides import DRIVER, SERVICE_RIDES


class Parts(NamedTuple):
    """What the service is made of, as far as it is needed here; loaded by name: nothing of ours depends on it."""

    bootstrap: Any
    settings: Any
    store: Any
    wire: Any
    capture: Any
    charge: Any
    requests: Any


async def _measure(first: int, count: int, together: int) -> dict[str, float]:
    from chassis.database import Database
    from chassis.idempotency import fingerprint
    from chassis.runtime import Wakeup
    from shared_kernel.clock import SystemClock
    from shared_kernel.ids import Uuid7Source
    from shared_kernel.money import Money

    parts = Parts(
        *(
            import_module(f"payment_service.{name}")
            for name in (
                *("bootstrap", "settings", "adapters.store", "entrypoints.wire"),
                *("use_cases.capture_payment", "domain.charge", "use_cases.repositories"),
            )
        )
    )
    settings = parts.settings.PaymentSettings()
    database = Database(settings.payment_database_url, settings.payment_database_pool_size)
    ids = Uuid7Source()
    store = parts.store.PostgresStore(database, parts.wire.event_to_wire, ids, Wakeup())
    # No PSP: these captures ask nobody outside.
    core = parts.bootstrap.build_core(settings, store, None, SystemClock(), ids)
    kind, line = parts.charge.ChargeLineKind, parts.charge.ChargeLine
    lines = (
        line(kind.FARE, Money("USD", 2000), 2500),
        line(kind.BOOKING_FEE, Money("USD", 150)),
        line(kind.TAX, Money("USD", 180), tax_jurisdiction="us-ca-sf"),
    )

    async def capture(number: int) -> None:
        ride_id = SERVICE_RIDES.ride.of(number)
        request = parts.requests.RequestKey(
            "service:matching", "CapturePayment", f"capture-{ride_id}", fingerprint(str(ride_id))
        )
        await core.use_cases.capture_payment(request, parts.capture.Charge(ride_id, DRIVER.of(number), lines))

    numbers = range(first, first + count)
    warm, timed = numbers[:together], numbers[together:]
    await asyncio.gather(*(capture(number) for number in warm))
    waiting = iter(timed)

    async def keep_waiting() -> None:
        for number in waiting:
            await capture(number)

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(keep_waiting() for _ in range(together)))
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    await database.dispose()
    return {"captures": len(timed), "seconds": seconds, "cpu_seconds": cpu_seconds}


def main() -> None:
    """Measures and prints."""
    from chassis.runtime import run

    first, count, together = (int(argument) for argument in sys.argv[1:4])
    sys.stdout.write(json.dumps(run(_measure(first, count, together))) + "\n")


if __name__ == "__main__":
    main()
