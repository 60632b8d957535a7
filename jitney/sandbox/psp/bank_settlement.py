"""Settlement: the platform's available balance is paid out to its bank, each midnight (UTC) or when told to.

Each balance transaction goes out with one payout, and is listed by it (`GET /v1/balance_transactions?payout=po_…`):
together with the payout's own they add up to nothing.
"""

from __future__ import annotations

import sqlite3

from jitney.sandbox.psp import funds, payouts
from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.operations import Call
from jitney.sandbox.tasks import TaskKind, is_scheduled

_DAY_SECONDS = 24 * 3600
_SUBJECT = "platform"


def settle(call: Call) -> list[Json]:
    """Pay out what is available, a payout for each currency. A balance below nothing waits for better times."""
    available, _ = funds.balances(call.connection, call.account, call.now)
    made: list[Json] = []
    for currency, amount_minor in sorted(available.items()):
        if amount_minor > 0:
            payout = payouts.send(
                call, amount_minor, currency, payouts.OUR_BANK, automatic=True, description="STRIPE PAYOUT"
            )
            _put_out(call.connection, payout["id"], currency, call.now)
            payouts.schedule_arrival(call, payout["id"])
            made.append(payout)
    return made


def settle_daily(call: Call, subject: str, data: str) -> None:
    """Settle, and again tomorrow."""
    del data
    settle(call)
    call.schedule(TaskKind.SETTLE, subject, _until_midnight(call.now))


def begin(call: Call) -> None:
    """See to it that settlement comes each midnight, or does not, as the policy says."""
    if not call.policy.settles_daily:
        call.unschedule(_SUBJECT)
    elif not is_scheduled(call.connection, TaskKind.SETTLE):
        call.schedule(TaskKind.SETTLE, _SUBJECT, _until_midnight(call.now))


def _until_midnight(now: int) -> int:
    return _DAY_SECONDS - now % _DAY_SECONDS


def _put_out(connection: sqlite3.Connection, payout_id: str, currency: str, now: int) -> None:
    connection.execute(
        """
        UPDATE object SET payout = ?
        WHERE kind = 'balance_transaction' AND payout IS NULL AND account = '' AND private = ?
          AND json_extract(body, '$.available_on') <= ?
        """,
        (payout_id, currency, now),
    )
