"""Two PSPs that must behave alike: the one in memory, and Stripe's library against the sandbox's process."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol, cast
from uuid import UUID, uuid4

import httpx
import pytest

from payment_service.adapters.stripe_psp import StripePsp
from payment_service.domain.dispute import DisputeStatus
from payment_service.domain.refund import RefundStatus
from payment_service.use_cases.ports import PaymentServiceProvider
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.conftest import sandbox_url

__all__ = ["sandbox_url"]

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


class SandboxWorld:
    """The real adapter and the sandbox."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url
        self._client = client
        self.psp = StripePsp(f"{url}/psp", "sk_test_sandbox", timeout_seconds=1)
        self._nowhere = StripePsp(f"http://127.0.0.1:{unused_port()}", "sk_test_sandbox", timeout_seconds=1)

    async def close(self) -> None:
        await self._client.delete("/_sim/faults")
        await self.psp.close()
        await self._nowhere.close()

    async def fail(self, method: str, fault: Fault) -> None:
        if fault is Fault.NOT_CONNECTED:
            self.psp, self._nowhere = self._nowhere, self.psp
            return
        rule = {"operation": _OPERATIONS[method], "kind": fault.value, "seconds": 10}
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


def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(params=["memory", "sandbox"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        yield FakeWorld()
        return
    url = cast("str", request.getfixturevalue("sandbox_url"))
    async with httpx.AsyncClient(base_url=url) as client:
        made = SandboxWorld(url, client)
        yield made
        await made.close()


@pytest.fixture
def ride_id() -> UUID:
    return uuid4()
