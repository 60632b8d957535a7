"""Two PSPs that must behave alike: the one in memory, and Stripe's library against the sandbox's process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol, cast
from uuid import UUID, uuid4

import httpx
import pytest

from payment_service.adapters.stripe_psp import StripePsp
from payment_service.domain.dispute import DisputeStatus
from payment_service.domain.orders import ChargeOrder
from payment_service.domain.refund import RefundStatus
from payment_service.use_cases.outcomes import Succeeded
from payment_service.use_cases.ports import PaymentServiceProvider
from shared_kernel.money import Money
from tests.fakes.payment_psp import FakePsp, Fault
from tests.fakes.plain_http import NO_AUTHORITIES
from tests.integration.conftest import sandbox_providers, sandbox_url
from tests.integration.embedded import free_port

__all__ = ["sandbox_providers", "sandbox_url"]

_PATIENCE_SECONDS = 60
_HANG_SECONDS = 0.2
"""So long the sandbox says nothing where an answer gets lost, and then it resets the connection: the client learns by
that, and not by its own patience, which a slow machine would try."""
_OPERATIONS = {
    "attach_card": "payment_methods.attach",
    "set_up_card": "setup_intents.create",
    "read_card_setup": "setup_intents.retrieve",
    "authorize": "payment_intents.create",
    "capture": "payment_intents.capture",
    "void": "payment_intents.cancel",
    "refund": "refunds.create",
    "submit_evidence": "disputes.update",
    "accept_dispute": "disputes.close",
    "transfer": "transfers.create",
    "send_payout": "payouts.create",
    "take_back": "transfer_reversals.create",
}


@dataclass(frozen=True)
class Truth:
    """What really happened to the money of a ride."""

    authorizations: int
    captures: int
    captured_minor: int
    voided: bool


class World(Protocol):
    """A PSP with what stands around it."""

    @property
    def psp(self) -> PaymentServiceProvider: ...

    async def fail(self, method: str, fault: Fault) -> None:
        """Let the next call of a method go wrong."""
        ...

    async def authenticate(self, psp_setup_id: str, *, succeed: bool) -> None:
        """Let the holder of a card that is being set up act."""
        ...

    async def refunds_pend(self) -> None:
        """Let the next refund be pending, and stay so."""
        ...

    async def refund_ends(self, psp_refund_id: str, *, paid: bool) -> None:
        """Let a refund that is pending be paid, or one that went out come back."""
        ...

    async def dispute(self, psp_payment_id: str, *, inquiry: bool = False) -> str:
        """Let the holder dispute a captured payment; returns the dispute's name."""
        ...

    async def decide(self, psp_dispute_id: str, *, won: bool) -> None:
        """Let the bank decide a dispute."""
        ...

    async def truth(self, ride_id: UUID) -> list[Truth]:
        """Return a line for every payment of a ride, declined ones left out."""
        ...

    async def fund(self) -> None:
        """Let the platform have money to transfer."""
        ...

    async def moved(self, psp_account_id: str) -> tuple[int, int, int]:
        """Return how many transfers went to a driver's account, came back, and how many payouts left it."""
        ...

    async def banks_work(self) -> None:
        """Let the days pass in which banks book payouts, refuse them or return them."""
        ...


class FakeWorld:
    """The PSP in memory."""

    def __init__(self) -> None:
        self.psp = FakePsp()

    async def fail(self, method: str, fault: Fault) -> None:
        self.psp.fail(method, fault)

    async def authenticate(self, psp_setup_id: str, *, succeed: bool) -> None:
        self.psp.authenticate(psp_setup_id, succeed=succeed)

    async def refunds_pend(self) -> None:
        self.psp.refunds_begin = RefundStatus.PENDING

    async def refund_ends(self, psp_refund_id: str, *, paid: bool) -> None:
        status = RefundStatus.PAID if paid else RefundStatus.FAILED
        self.psp.refund_ends(psp_refund_id, status, "" if paid else "expired_or_canceled_card")

    async def dispute(self, psp_payment_id: str, *, inquiry: bool = False) -> str:
        return self.psp.dispute_opens(
            psp_payment_id, DisputeStatus.INQUIRY if inquiry else DisputeStatus.NEEDS_RESPONSE
        )

    async def decide(self, psp_dispute_id: str, *, won: bool) -> None:
        self.psp.dispute_ends(psp_dispute_id, DisputeStatus.WON if won else DisputeStatus.LOST)

    async def truth(self, ride_id: UUID) -> list[Truth]:
        return [
            Truth(intent.authorizations, intent.captures, intent.captured_minor, intent.voided)
            for intent in self.psp.intents.values()
            if intent.ride_id == ride_id
        ]

    async def fund(self) -> None:
        self.psp.balance_minor += 50_000

    async def moved(self, psp_account_id: str) -> tuple[int, int, int]:
        to = [it for it in self.psp.transfers.values() if it.account_id == psp_account_id]
        payouts = [it for it in self.psp.bank_payouts.values() if it.account_id == psp_account_id]
        return len(to), sum(it.reversals for it in to), len(payouts)

    async def banks_work(self) -> None:
        self.psp.banks_work()


class SandboxWorld:
    """The real adapter and the sandbox."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url
        self._client = client
        self.psp = StripePsp(f"{url}/psp", "sk_test_sandbox", timeout_seconds=_PATIENCE_SECONDS)
        nowhere = f"http://127.0.0.1:{free_port()}"
        self._nowhere = StripePsp(nowhere, "sk_test_sandbox", timeout_seconds=_PATIENCE_SECONDS)

    async def close(self) -> None:
        await self._client.delete("/_sim/faults")
        await self.psp.close()
        await self._nowhere.close()

    async def fail(self, method: str, fault: Fault) -> None:
        if fault is Fault.NOT_CONNECTED:
            self.psp, self._nowhere = self._nowhere, self.psp
            return
        rule = {"operation": _OPERATIONS[method], "kind": fault.value, "seconds": _HANG_SECONDS}
        (await self._client.post("/_sim/faults", json=rule)).raise_for_status()

    async def authenticate(self, psp_setup_id: str, *, succeed: bool) -> None:
        path = f"/_sim/setup_intents/{psp_setup_id}/authenticate"
        (await self._client.post(path, json={"succeed": succeed})).raise_for_status()

    async def refunds_pend(self) -> None:
        rule = {"operation": "refunds.create", "kind": "pending", "seconds": 30 * 24 * 3600}
        (await self._client.post("/_sim/faults", json=rule)).raise_for_status()

    async def refund_ends(self, psp_refund_id: str, *, paid: bool) -> None:
        verb = "succeed" if paid else "fail"
        (await self._client.post(f"/_sim/refunds/{psp_refund_id}/{verb}", json={})).raise_for_status()

    async def dispute(self, psp_payment_id: str, *, inquiry: bool = False) -> str:
        key = {"Authorization": "Bearer sk_test_sandbox"}
        intent = (await self._client.get(f"/psp/v1/payment_intents/{psp_payment_id}", headers=key)).json()
        path, reason = f"/_sim/charges/{intent['latest_charge']}/dispute", "inquiry" if inquiry else "fraudulent"
        (await self._client.post(path, json={"reason": reason})).raise_for_status()
        which = {"payment_intent": psp_payment_id}
        page = (await self._client.get("/psp/v1/disputes", params=which, headers=key)).raise_for_status().json()
        return str(page["data"][0]["id"])

    async def decide(self, psp_dispute_id: str, *, won: bool) -> None:
        body = {"outcome": "won" if won else "lost"}
        (await self._client.post(f"/_sim/disputes/{psp_dispute_id}/decide", json=body)).raise_for_status()

    async def truth(self, ride_id: UUID) -> list[Truth]:
        answer = await self._client.get("/_sim/ledger", params={"metadata[ride_id]": str(ride_id)})
        lines = cast("list[dict[str, Any]]", answer.raise_for_status().json()["payment_intents"])
        return [
            Truth(line["authorizations"], line["captures"], line["captured_minor"], line["status"] == "canceled")
            for line in lines
            if line["authorizations"]
        ]

    async def fund(self) -> None:
        customer = await self.psp.create_customer(str(uuid4()), uuid4())
        assert isinstance(customer, Succeeded)
        card = await self.psp.attach_card(str(uuid4()), customer.psp_object_id, "pm_card_bypassPending")
        assert isinstance(card, Succeeded)
        order = ChargeOrder(customer.psp_object_id, card.psp_object_id, Money("USD", 50_000))
        assert isinstance(await self.psp.charge(str(uuid4()), uuid4(), order), Succeeded)
        # A charge at once is booked a little later.
        await self._advance(60)

    async def moved(self, psp_account_id: str) -> tuple[int, int, int]:
        transfers, payouts = [await self._effects(kind, psp_account_id) for kind in ("transfers", "payouts")]
        assert all(line["returned_minor"] in (0, line["moved_minor"]) for line in transfers)
        return len(transfers), sum(line["returned_minor"] > 0 for line in transfers), len(payouts)

    async def banks_work(self) -> None:
        await self._advance(60 * 3600)

    async def _advance(self, seconds: int) -> None:
        (await self._client.post("/_sim/clock", json={"advance_seconds": seconds})).raise_for_status()

    async def _effects(self, kind: str, psp_account_id: str) -> list[dict[str, Any]]:
        answer = (await self._client.get(f"/_sim/ledger/{kind}", params={"limit": 1000})).raise_for_status().json()
        assert answer["next_after"] is None
        return [line for line in answer[kind] if line["account"] == psp_account_id]


@pytest.fixture(params=["memory", "sandbox"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        yield FakeWorld()
        return
    url = cast("str", request.getfixturevalue("sandbox_url"))
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE_SECONDS, verify=NO_AUTHORITIES) as client:
        made = SandboxWorld(url, client)
        yield made
        await made.close()


@pytest.fixture
def ride_id() -> UUID:
    return uuid4()
