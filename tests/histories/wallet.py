"""A rider's credit, and requests with keys: granted, taken back and read at once, by two replicas over one PostgreSQL.

The model is a number and the answers that were given by key: the first request with a key has its effect and an id, the
same one again has the same id and no effect, another one with the key is refused, and so is taking more than there is.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Hashable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from chassis.auth import Actor, Role, set_current_actor
from chassis.database import Database
from chassis.runtime import Wakeup
from payment_service.adapters.store import PostgresStore
from payment_service.adapters.stripe_psp import StripePsp
from payment_service.bootstrap import build_core
from payment_service.entrypoints.wallet_servicer import WalletServicer
from payment_service.entrypoints.wire import event_to_wire
from payment_service.settings import PaymentSettings
from ridesharing.payment.v1 import wallet_service_pb2 as pb
from shared_kernel.clock import SystemClock
from shared_kernel.errors import Conflict, DomainError, InFlight
from shared_kernel.ids import Uuid7Source
from tests.histories.checker import Model, Operation
from tests.histories.record import History

_NOWHERE = "http://127.0.0.1:1"
_POOL = 10
_AMOUNTS = (100, 200, 300)
_KEYS = 4
"""Few, so that most requests come again."""
_LOST_SHARE = 0.1
_DASHES = 4
_GRANT, _REVOKE, _READ = "grant", "revoke", "read"

State = tuple[int, frozenset[tuple[str, int, Hashable]]]
"""The credit, and by key: the amount that it was for (below zero: taken back), and the id that was answered."""


def _step(state: State, operation: Operation) -> tuple[Hashable, State]:
    credit, kept = state
    what, key, amount = cast("tuple[str, str, int]", operation.what)
    if what == _READ:
        return credit, state
    change = amount if what == _GRANT else -amount
    # Keys are by method: the same text grants and takes back.
    key = f"{what} {key}"
    for entry in kept:
        known, earlier, answer = entry
        if known != key:
            continue
        if earlier != change:
            return "idempotency_key_reused", state
        if answer is not None:
            return answer, state
        # Whoever was first was not answered: this one tells the id.
        return _some_id(operation), (credit, kept - {entry} | {(key, change, operation.answer)})
    if credit + change < 0:
        return "insufficient_credit", state
    return _some_id(operation), (credit + change, kept | {(key, change, operation.answer)})


def _some_id(operation: Operation) -> Hashable:
    """Return the answer that came where it is an id, whichever; what an id is else compared with is none."""
    return operation.answer if str(operation.answer).count("-") == _DASHES else "an id"


WALLET: Model[State] = Model((0, frozenset()), _step)


class Wallets:
    """Two replicas of the wallet."""

    def __init__(self, replicas: list[WalletServicer], chance: random.Random) -> None:
        self._replicas = replicas
        self._chance = chance
        self._new_id = Uuid7Source()

    async def play(self, operations: int, at_a_time: int) -> History:
        """Let so many ask at a time, one after the other, of a rider who has nothing yet."""
        history, rider_id = History(self._chance), self._new_id()
        left = operations

        async def someone() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                what, key = self._chance.choice((_GRANT, _REVOKE, _REVOKE, _READ)), str(self._chance.randrange(_KEYS))
                amount = self._chance.choice(_AMOUNTS)
                replica = self._chance.choice(self._replicas)
                lost = 0.0 if what == _READ else _LOST_SHARE
                asked = (what, "", 0) if what == _READ else (what, key, amount)
                await history.ask(asked, _ask(replica, what, key, amount, rider_id), _answer_of, lost)

        await asyncio.gather(*(someone() for _ in range(at_a_time)))
        return history


@asynccontextmanager
async def wallets(postgres_url: str, seed: int) -> AsyncGenerator[Wallets]:
    """Open them on a migrated database."""
    settings = PaymentSettings(payment_database_url=postgres_url, jwks_file=Path(), redis_url="redis://127.0.0.1:1/0")
    async with AsyncExitStack() as stack:
        replicas: list[WalletServicer] = []
        for _ in range(2):
            database = Database(postgres_url, _POOL)
            stack.push_async_callback(database.dispose)
            psp, ids = StripePsp(_NOWHERE, "sk_test_histories", timeout_seconds=1.0), Uuid7Source()
            stack.push_async_callback(psp.close)
            store = PostgresStore(database, event_to_wire, ids, Wakeup())
            replicas.append(WalletServicer(build_core(settings, store, psp, SystemClock(), ids).wallet))
        yield Wallets(replicas, random.Random(seed))


async def _ask(replica: WalletServicer, what: str, key: str, amount: int, rider_id: UUID) -> Any:
    # One operator for all of a rider's: keys are by who asks.
    set_current_actor(Actor(Role.OPERATOR, str(rider_id), "", "cli"))
    context = cast("Any", None)
    if what == _READ:
        return await replica.GetWallet(pb.GetWalletRequest(rider_id=str(rider_id)), context)
    if what == _GRANT:
        granted = pb.GrantCreditRequest(request_id=key, rider_id=str(rider_id), reason="for a history")
        granted.amount.currency_code, granted.amount.amount_minor = "USD", amount
        return await replica.GrantCredit(granted, context)
    revoked = pb.RevokeCreditRequest(request_id=key, rider_id=str(rider_id), reason="for a history")
    revoked.amount.currency_code, revoked.amount.amount_minor = "USD", amount
    return await replica.RevokeCredit(revoked, context)


def _answer_of(told: Any) -> Hashable:
    match told:
        case pb.GetWalletResponse():
            return sum(balance.credit.amount_minor for balance in told.balances)
        case pb.GrantCreditResponse() | pb.RevokeCreditResponse():
            return told.adjustment.adjustment_id
        case Conflict():
            return told.reason
        case InFlight():
            return None
        case DomainError() if told.retryable:
            return None
        case _:
            return repr(told)
