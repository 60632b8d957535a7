"""The real service on a real PostgreSQL, with Stripe's library and the sandbox's process, and all that befalls it.

The service runs in this process, over its own composition root; a crash raises out of a failpoint, and what was running
then is dropped. (What dies as a process stands in `tests.proof.matrix`.)
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from unittest.mock import patch

from chassis.auth import Actor, Role, set_current_actor
from chassis.database import Database
from chassis.runtime import Wakeup
from chassis.validation import validate
from payment_service import bootstrap
from payment_service.adapters.store import PostgresStore, PostgresWork
from payment_service.adapters.stripe_psp import StripePsp
from payment_service.bootstrap import Core, build_core
from payment_service.entrypoints.payment_servicer import PaymentServicer
from payment_service.entrypoints.payout_servicer import PayoutServicer
from payment_service.entrypoints.psp_event_servicer import PspEventServicer
from payment_service.entrypoints.refund_servicer import RefundServicer
from payment_service.entrypoints.wallet_servicer import WalletServicer
from payment_service.entrypoints.wire import event_to_wire
from payment_service.settings import PaymentSettings
from payment_service.use_cases.repositories import Needs
from ridesharing.payment.v1.webhook_service_pb2 import ReceivePspEventRequest
from shared_kernel.errors import DomainError, InFlight, Unavailable, Unknown
from shared_kernel.ids import Uuid7Source
from tests.integration.embedded import free_port
from tests.proof.ground import Ground
from tests.proof.operations import NOT_YET, OPERATIONS, Names
from tests.proof.oracle import Difference
from tests.proof.records import Records
from tests.proof.world import LATE, Answer, Ask

T = TypeVar("T")
LEASE_SECONDS = 30.0
PSP_TIMEOUT_SECONDS = 0.8
_NETWORK_TIMEOUT_SECONDS = 0.6
_LONG_SECONDS = 900.0
"""After which the PSP may have paid the platform's balance out."""


class Crashed(BaseException):
    """The process died here. Not an Exception: nothing in the process may take it for a failure that it survives."""


class MovedClock:
    """The machine's clock, moved on now and then."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


class Process:
    """The service between one start and the next: two replicas that die together.

    Once it is dead nothing of it reaches the database or passes a step, whatever still runs of it.
    """

    def __init__(self, stage: Stage, psp: StripePsp) -> None:
        self.is_dead = False
        self._stage = stage
        ids, relay = Uuid7Source(), Wakeup()
        store = MortalStore(stage.database, event_to_wire, ids, relay)
        store.process = self
        with patch.object(bootstrap, "Failpoints", lambda plan: self.failpoint):  # pyright: ignore[reportUnknownLambdaType]
            self.cores = [build_core(stage.settings, store, psp, stage.clock, ids) for _ in range(2)]

    def failpoint(self, name: str) -> None:
        """Die here, if this is where to die."""
        if name == self._stage.crash_at:
            self._stage.crash_at = ""
            self._stage.counts[f"crashes: {name}"] += 1
            self.is_dead = True
        self.live()

    def live(self) -> None:
        """Go on, unless dead."""
        if self.is_dead:
            raise Crashed


class MortalStore(PostgresStore):
    """The store of a process that may be dead."""

    process: Process

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[PostgresWork]:
        self.process.live()
        async with super().transaction() as work:
            yield work

    @asynccontextmanager
    async def together(self, needs: Sequence[Needs], now: datetime) -> AsyncGenerator[Sequence[PostgresWork]]:
        self.process.live()
        async with super().together(needs, now) as works:
            yield works

    @asynccontextmanager
    async def single(self) -> AsyncGenerator[PostgresWork]:
        self.process.live()
        async with super().single() as work:
            yield work

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[PostgresWork]:
        self.process.live()
        async with super().snapshot() as work:
            yield work


class Stage:
    """One service, its PSP and its database."""

    def __init__(self, ground: Ground) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = MovedClock()
        self.names = Names()
        self.counts: Counter[str] = Counter()
        self.crash_at = ""
        self.found: list[BaseException] = []
        """What was found wrong."""
        url = ground.postgres.migrated("payment")
        self.settings = PaymentSettings(
            payment_database_url=url,
            jwks_file=ground.keys / "jwks.json",
            redis_url="redis://127.0.0.1:1/0",
            payment_psp_timeout_seconds=PSP_TIMEOUT_SECONDS,
            payment_lease_seconds=LEASE_SECONDS,
            payment_payouts_a_day=100,
            # Plays last for months, and the model has no calendar: the window has tests of its own.
            payment_tip_window_days=365,
        )
        self.database = Database(url, 12, name="proof")
        self.records = Records(self.database, ground.sandbox_url)
        self._psp = self._psp_at(f"{ground.sandbox_url}/psp")
        self._nowhere = self._psp_at(f"http://127.0.0.1:{free_port()}")
        self._is_down = False
        self.process = self._start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do one thing in the service's event loop."""
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        async def end() -> None:
            await self._drop_what_runs()
            for closing in (self._psp.close, self._nowhere.close, self.records.close, self.database.dispose):
                await closing()

        self.run(end())
        self.loop.close()

    async def ask(self, *asks: Ask) -> list[Answer]:
        """Ask at once, each another replica; what a crash or a lost outcome leaves open is late."""
        calls = [asyncio.create_task(self._ask(ask, self.process.cores[at % 2])) for at, ask in enumerate(asks)]
        ended = await asyncio.gather(*calls, return_exceptions=True)
        if self.process.is_dead:
            await self._start_again()
        answers = [LATE if isinstance(end, Crashed | asyncio.CancelledError) else end for end in ended]
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        told = cast("list[Answer]", answers)
        self.counts.update(f"answers: {'late' if answer == LATE else answer.what}" for answer in told)
        return told

    async def sweep(self) -> int:
        """Sweep until nothing is due; return how many operations were taken."""
        taken = 0
        try:
            while swept := await self.process.cores[0].sweep():
                taken += swept
            while await self.process.cores[0].driver_money.steps["payouts at banks"].step():
                pass
        except Crashed:
            pass
        if self.process.is_dead:
            await self._start_again()
        self.counts["sweeps"] += 1
        return taken

    async def deliver(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Bring the PSP's events to the service as its webhooks do, and let it apply them.

        Raises:
            Difference: an event was acknowledged that is not kept.
        """
        for event in events:
            kept = await self._deliver(json.dumps(event).encode())
            if self.process.is_dead:
                await self._start_again()
            elif kept and not await self.records.rows("SELECT id FROM psp_event WHERE id = :id", id=event["id"]):
                raise Difference(f"{event['type']} {event['id']} was acknowledged and is not kept")
        self.counts["events delivered"] += len(events)

    async def _deliver(self, payload: bytes) -> bool:
        at = int(self.clock.now().timestamp())
        secret = self.settings.payment_psp_webhook_secret.get_secret_value().split(",")[0].encode()
        signature = hmac.new(secret, f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
        request = ReceivePspEventRequest(payload=payload, signature=f"t={at},v1={signature}")

        async def receive() -> None:
            set_current_actor(Actor(Role.SERVICE, "rider_api", "", "rider_api"))
            servicer = PspEventServicer(self.process.cores[0].refunds.psp_events)
            await servicer.ReceivePspEvent(request, cast("Any", None))

        try:
            await asyncio.create_task(receive())
        except (Crashed, Unavailable):
            return False
        return True

    async def apply_events(self) -> None:
        """Let the service apply the events that it has kept, and look at what it holds."""
        looks = self.process.cores[0].refunds
        try:
            while await looks.apply_psp_events():
                pass
            await looks.sweep_psp_objects.holds()
        except Crashed:
            pass
        if self.process.is_dead:
            await self._start_again()

    async def advance(self, seconds: float) -> None:
        """Let time pass, here and at the PSP."""
        self.clock.advance(seconds)
        await self.records.advance(seconds)
        if seconds >= _LONG_SECONDS:
            await self.records.fund()

    async def clear(self) -> None:
        """Take all faults away."""
        for kind, count in (await self.records.clear()).items():
            self.counts[f"faults: {kind}"] += count

    async def connect(self, *, down: bool) -> None:
        """Let the PSP be out of reach, or in it again."""
        if down != self._is_down:
            self._is_down = down
            await self._start_again()

    async def abandon(self) -> None:
        """Close what is left open, so that it is nobody else's."""
        await self.records.execute(
            "UPDATE psp_operation SET state = 'refused', finished_at = created_at WHERE finished_at IS NULL"
        )

    def _start(self) -> Process:
        return Process(self, self._nowhere if self._is_down else self._psp)

    async def _start_again(self) -> None:
        self.process.is_dead = True
        await self._drop_what_runs()
        self.process = self._start()

    async def _drop_what_runs(self) -> None:
        others = asyncio.all_tasks() - {cast("Any", asyncio.current_task())}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _ask(self, ask: Ask, core: Core) -> Answer:
        operation = OPERATIONS[ask.operation]
        set_current_actor(self._actor(ask.caller))
        request = operation.request(ask, self.names)
        self.counts[f"asks: {operation.rpc}"] += 1
        try:
            validate(request)
            servicers = {
                "payment": PaymentServicer(core.use_cases),
                "wallet": WalletServicer(core.wallet),
                "refund": RefundServicer(core.refunds.refunds),
                "payout": PayoutServicer(core.driver_money.payouts),
            }
            response = await getattr(servicers[operation.service], operation.rpc)(request, cast("Any", None))
        except (InFlight, Unknown):
            return LATE
        except DomainError as error:
            return LATE if error.reason in NOT_YET else Answer.refused(error.reason)
        return operation.read(response, ask, self.names)

    def _actor(self, caller: str) -> Actor:
        if caller == "matching":
            return Actor(Role.SERVICE, "matching", "", "matching")
        role = Role(caller.partition(" ")[0])
        return Actor(role, self.names.id_of(caller), "", "cli")

    def _psp_at(self, url: str) -> StripePsp:
        return StripePsp(url, "sk_test_sandbox", timeout_seconds=_NETWORK_TIMEOUT_SECONDS)
