"""One rider's requests of every kind at once: each is done, or refused by name, and the books agree afterwards."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from chassis.idempotency import fingerprint
from payment_service.domain.adjustment import AdjustmentKind
from payment_service.domain.payment import Funding
from payment_service.use_cases.repositories import RequestKey
from shared_kernel.errors import DomainError
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments, fare
from tests.integration.payment.rider_money import RiderMoney

_EXPECTED = {
    "arrears_in_collection",
    "cash_tip_not_taken",
    "exceeds_arrears",
    "exceeds_top_ups",
    "insufficient_credit",
    "insufficient_wallet",
    "invalid_transition",
    "no_arrears",
    "outcome_unknown",
    "payment_method_in_use",
    "payment_method_not_found",
    "request_in_flight",
    "rider_in_arrears",
    "tip_exists",
    "too_many_payment_methods",
    "wallet_full",
}


@pytest.mark.parametrize("seed", range(3))
async def test_requests_of_every_kind_at_once_leave_books_that_agree(
    payments: Payments, psp: FakePsp, clock: StillClock, seed: int
) -> None:
    rider, luck = RiderMoney(payments), random.Random(seed)
    await rider.top_up(20_000)
    await rider.owe(psp, 700)
    await rider.adjust(AdjustmentKind.CREDIT_GRANT, 900)
    await rider.pay_arrears()
    rides = [await rider.captured(funding) for funding in (Funding.CARD, Funding.WALLET, Funding.CASH)]
    others = [await payments.add_card("pm_card_visa") for _ in range(3)]

    async def ride() -> None:
        ride_id = uuid4()
        await payments.hold(ride_id, 1000, funding=luck.choice(list(Funding)))
        await payments.capture(ride_id, fare(luck.choice((900, 1300))))

    def key(method: str) -> RequestKey:
        return RequestKey(f"rider:{payments.rider_id}", method, str(uuid4()), fingerprint("-"))

    use_cases = payments.core.use_cases
    kinds: list[Callable[[], Awaitable[object]]] = [
        ride,
        lambda: rider.top_up(luck.choice((500, 5000))),
        rider.pay_arrears,
        lambda: rider.withdraw(luck.choice((300, 6000))),
        lambda: rider.tip(luck.choice(rides), luck.choice((300, 400))),
        lambda: rider.adjust(luck.choice(list(AdjustmentKind)), luck.choice((100, 400))),
        lambda: payments.add_card("pm_card_visa"),
        lambda: use_cases.set_up_payment_method(key("SetUpPaymentMethod"), payments.rider_id, "pm_card_visa"),
        lambda: use_cases.set_default_payment_method(
            key("SetDefaultPaymentMethod"), payments.rider_id, luck.choice(others)
        ),
        lambda: use_cases.remove_payment_method(key("RemovePaymentMethod"), payments.rider_id, luck.choice(others)),
    ]
    for method in ("charge", "authorize", "capture", "refund"):
        psp.fail(method, Fault.TIMEOUT_AFTER_EFFECT, Fault.TIMEOUT_BEFORE_EFFECT)

    answers = await asyncio.gather(*(luck.choice(kinds)() for _ in range(60)), return_exceptions=True)

    raised = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [error for error in raised if not isinstance(error, DomainError)] == []
    assert {error.reason for error in raised if isinstance(error, DomainError)} <= _EXPECTED
    for _ in range(6):
        clock.advance(minutes=15)
        while await payments.core.sweep():
            pass
    await _compare(payments, psp)


async def _compare(payments: Payments, psp: FakePsp) -> None:
    """Compare payments, ledger and PSP for everything the rider paid."""
    mine = {"id": payments.rider_id}
    left = await payments.rows(
        "SELECT kind FROM psp_operation WHERE rider_id = :id AND state IN ('sending', 'unknown')", **mine
    )
    assert left == []
    by_card = await payments.rows(
        "SELECT coalesce(sum(captured_minor - refunded_minor), 0) AS total FROM payment "
        "WHERE rider_id = :id AND funding = 'card'",
        **mine,
    )
    posted = await payments.rows(
        "SELECT coalesce(sum(p.amount_minor), 0) AS total FROM posting p JOIN account a ON a.id = p.account_id "
        "JOIN journal_entry e ON e.id = p.entry_id JOIN payment m ON m.id = e.payment_id "
        "WHERE a.kind = 'psp_receivable' AND m.rider_id = :id",
        **mine,
    )
    at_psp = sum(intent.captured_minor - psp.refunded_minor(name) for name, intent in psp.intents.items())
    assert by_card[0]["total"] == posted[0]["total"] == at_psp
    assert all(intent.captures <= 1 for intent in psp.intents.values())
    held = await payments.rows(
        "SELECT kind, held_minor FROM account_balance WHERE owner = :owner AND held_minor <> 0",
        owner=str(payments.rider_id),
    )
    open_holds = await payments.rows(
        "SELECT count(*) AS n FROM payment WHERE rider_id = :id AND status = 'held'", **mine
    )
    assert held == [] or open_holds[0]["n"] > 0
    tips = await payments.rows(
        "SELECT ride_id FROM payment WHERE rider_id = :id AND purpose = 'tip' AND status = 'captured'", **mine
    )
    assert len(tips) == len({tip["ride_id"] for tip in tips})
    defaults = await payments.rows(
        "SELECT count(*) FILTER (WHERE is_default) AS chosen, count(*) AS kept FROM payment_method "
        "WHERE rider_id = :id AND removed_at IS NULL",
        **mine,
    )
    assert defaults[0]["chosen"] == min(1, defaults[0]["kept"])
