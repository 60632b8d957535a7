"""Refunds, disputes and the PSP's events, over the use cases of `conftest.py`."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from payment_service.domain.ledger import AccountKind
from payment_service.domain.payment import Payment
from payment_service.domain.refund import BorneBy, Refund
from payment_service.use_cases.create_refund import RefundRequest
from payment_service.use_cases.sweep_psp_objects import BATCH
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.conftest import Payments, fare, request_key, store_over, usd

SECRET = "whsec_sandbox"


def signed(payload: bytes, at: float, secret: str = SECRET) -> str:
    digest = hmac.new(secret.encode(), f"{int(at)}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={int(at)},v1={digest}"


@dataclass
class Stage:
    """Who asks for refunds, and how the PSP tells of itself."""

    payments: Payments
    psp: FakePsp
    clock: StillClock
    driver_id: UUID = field(default_factory=uuid4)

    async def captured(self, amount_minor: int = 2000, **more: Any) -> Payment:
        """Return the payment of a ride that was driven and charged by card."""
        ride_id = uuid4()
        await self.payments.hold(ride_id, max(2500, amount_minor), **more)
        return await self.payments.capture(ride_id, fare(amount_minor), driver_id=self.driver_id)

    async def refund(
        self,
        payment: Payment,
        amount_minor: int | None = None,
        *,
        key: str = "refund",
        borne_by: BorneBy | None = None,
    ) -> Refund:
        amount = None if amount_minor is None else usd(amount_minor)
        asked = RefundRequest(payment.id, None, amount, "the ride went wrong", borne_by)
        request = request_key("CreateRefund", f"{payment.id}:{key}", amount_minor, str(borne_by))
        return await self.payments.core.refunds.refunds.create(request, asked)

    def event(self, event_type: str, subject: dict[str, Any], event_id: str | None = None) -> tuple[bytes, str]:
        """Return an event as the PSP would send it now, and its signature."""
        told = {"id": event_id or f"evt_{uuid4().hex}", "object": "event", "type": event_type}
        payload = json.dumps({**told, "data": {"object": subject}}).encode()
        return payload, signed(payload, self.clock.now().timestamp())

    async def tell(self, event_type: str, subject: dict[str, Any], event_id: str | None = None) -> bool:
        """Send an event; returns whether it was new."""
        return await self.payments.core.refunds.psp_events.receive(*self.event(event_type, subject, event_id))

    async def tell_of_intent(
        self, event_type: str, payment: Payment, psp_payment_id: str = "", status: str = "unheard_of"
    ) -> None:
        """Send an event about a payment, with what caused it and how it stood."""
        rows = await self.payments.rows(
            "SELECT id FROM psp_operation WHERE payment_id = :id AND kind IN ('hold', 'charge')", id=payment.id
        )
        await self.tell(
            event_type,
            {
                "id": psp_payment_id or payment.psp_payment_id,
                "object": "payment_intent",
                "status": status,
                "metadata": {"op_id": str(rows[0]["id"])},
            },
        )

    async def tell_of_refund(self, event_type: str, refund: Refund, payment: Payment) -> None:
        name = refund.psp_refund_id or next(
            name for name, seen in self.psp.refunds.items() if seen.refund_id == refund.id
        )
        await self.tell(
            event_type,
            {
                "id": name,
                "object": "refund",
                "payment_intent": payment.psp_payment_id,
                "metadata": {"refund_id": str(refund.id)},
            },
        )

    async def tell_of_dispute(self, event_type: str, name: str) -> None:
        dispute = self.psp.disputes[name]
        await self.tell(event_type, {"id": name, "object": "dispute", "payment_intent": dispute.psp_payment_id})

    async def look_at_refunds(self) -> None:
        """Ask for refunds until no look is due."""
        while await self.payments.core.refunds.sweep_psp_objects.refunds() == BATCH:
            pass

    async def look_at_disputes(self) -> None:
        """Ask for disputes until no look is due."""
        while await self.payments.core.refunds.sweep_psp_objects.disputes() == BATCH:
            pass

    async def look_at_holds(self) -> None:
        """Ask for one round of holds whose time has come."""
        while await self.payments.core.refunds.sweep_psp_objects.holds() == BATCH:
            pass

    async def apply(self) -> None:
        """Apply events until none is due."""
        for _ in range(1000):
            if not await self.payments.core.refunds.apply_psp_events():
                return
        raise AssertionError("the events do not end")

    async def states(self) -> list[tuple[str, str, str]]:
        """Return type, state and detail of the events about the PSP's own objects, oldest first."""
        statement = "SELECT type, state, detail FROM psp_event WHERE object_id LIKE :name ORDER BY received_at, id"
        rows = await self.payments.rows(statement, name=f"%\\_{self.psp.prefix}\\_%")
        return [(row["type"], row["state"], row["detail"]) for row in rows]

    async def refund_now(self, refund: Refund) -> Refund:
        return await self.payments.core.refunds.refunds.get(refund.id, None)

    async def payment_now(self, payment: Payment) -> Payment:
        async with store_over(self.payments.database).snapshot() as work:
            found = await work.payments.get(payment.id)
        assert found is not None
        return found

    async def moved(self, payment: Payment) -> dict[str, int]:
        """Return what a payment's entries add up to, by kind of account, zeroes left out."""
        statement = (
            "SELECT account.kind, sum(amount_minor)::bigint AS amount FROM posting"
            " JOIN journal_entry ON journal_entry.id = entry_id JOIN account ON account.id = account_id"
            " WHERE payment_id = :id GROUP BY account.kind HAVING sum(amount_minor) <> 0"
        )
        return {row["kind"]: row["amount"] for row in await self.payments.rows(statement, id=payment.id)}

    async def entries(self, payment: Payment) -> list[str]:
        statement = "SELECT kind FROM journal_entry WHERE payment_id = :id ORDER BY created_at, id"
        return [row["kind"] for row in await self.payments.rows(statement, id=payment.id)]

    async def owed_to_driver(self) -> int:
        return await self.payments.balance(AccountKind.DRIVER, self.driver_id)


@pytest.fixture
def stage(payments: Payments, psp: FakePsp, clock: StillClock) -> Stage:
    return Stage(payments, psp, clock)
