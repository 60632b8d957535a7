"""A sandbox process of the tests' own: started, killed, started again on the same data, spoken to over its socket."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from jitney.stack.launch import Launcher
from jitney.stack.specs import ProcessSpec
from tests.fakes.plain_http import NO_AUTHORITIES
from tests.integration.embedded import free_port, running

API_KEY = "sk_test_sandbox"
WEBHOOK_SECRET = "whsec_test"
PATIENCE_SECONDS = 60.0
"""Of clients, longer than any machine is slow: who is to go unanswered is kept waiting on purpose."""
STRIPE_AND_HTTPX = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
"""The client hands its form to httpx in a way that httpx has begun to discourage; that is between the two of them."""


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something of another process has come true; asking is the only way to know."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 (another process sets no event of ours)
            await asyncio.sleep(0.01)


async def a_stranger_pays(sandbox: httpx.AsyncClient) -> None:
    """Charge 7.00 USD at the PSP as no part of the service would; 0.50 of it is the PSP's fee."""
    form = {
        "amount": "700",
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "payment_method_types[]": "card",
        "capture_method": "automatic",
        "confirm": "true",
    }
    answer = await sandbox.post("/psp/v1/payment_intents", data=form, headers={"Authorization": f"Bearer {API_KEY}"})
    assert answer.raise_for_status().json()["status"] == "succeeded"


class SandboxProcess:
    """One sandbox; its data outlives its process."""

    def __init__(self, launcher: Launcher, place: Path, webhook_url: str = "") -> None:
        self._launcher = launcher
        self._place = place
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
        environment |= {
            "JITNEY_SANDBOX_LISTEN": f"127.0.0.1:{self._port}",
            "JITNEY_SANDBOX_DATA": str(place / "data"),
            "JITNEY_SANDBOX_WEBHOOK_URL": webhook_url,
            "JITNEY_SANDBOX_WEBHOOK_EVENTS": "*",
            "JITNEY_PAYMENT_PSP_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }
        self.spec = ProcessSpec(
            name="sandbox",
            argv=(sys.executable, "-m", "jitney.sandbox"),
            environment=environment,
            ready=f"{self.url}/healthz",
        )

    def running(self) -> Any:
        """Run it: a context manager, entered when it is ready."""
        return running(self._launcher, self.spec, self._place / "sandbox.log")

    def start(self) -> Any:
        """Start it without waiting; the caller ends it."""
        return self._launcher.start(self.spec, self._place / "sandbox.log")

    def forget(self, process: Any) -> None:
        """Say that a process has ended."""
        self._launcher.forget(process)

    def log(self) -> str:
        """Read what it has logged."""
        return (self._place / "sandbox.log").read_text()


class Psp:
    """The real client, and the sandbox's own controls beside it."""

    def __init__(self, url: str) -> None:
        self._transport = stripe.HTTPXClient(timeout=PATIENCE_SECONDS, verify_ssl_certs=False)
        self.client = stripe.StripeClient(
            API_KEY, base_addresses={"api": f"{url}/psp"}, http_client=self._transport, max_network_retries=0
        ).v1
        self.controls = httpx.AsyncClient(
            base_url=url, trust_env=False, timeout=PATIENCE_SECONDS, verify=NO_AUTHORITIES
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close_async()
        await self.controls.aclose()

    async def hold(self, amount: int = 2280, *, key: str | None = None, **params: Any) -> stripe.PaymentIntent:
        """Hold money on a card as the payment service does."""
        wanted: Any = {
            "amount": amount,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "capture_method": "manual",
            "confirm": True,
            **params,
        }
        options: Any = {"idempotency_key": key} if key else {}
        return await self.client.payment_intents.create_async(wanted, options)

    async def rider(self, card: str = "pm_card_visa") -> tuple[str, str]:
        """Make a customer with a card on file."""
        customer = await self.client.customers.create_async()
        method = await self.client.payment_methods.attach_async(card, {"customer": customer.id})
        return customer.id, method.id

    async def fault(self, kind: str, operation: str = "*", **rule: Any) -> str:
        """Script a fault."""
        answer = await self.controls.post("/_sim/faults", json={"kind": kind, "operation": operation, **rule})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def ledger(self, **query: Any) -> list[dict[str, Any]]:
        """Ask the oracle."""
        answer = await self.controls.get("/_sim/ledger", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["payment_intents"]

    async def advance(self, seconds: float) -> None:
        """Let time go by."""
        answer = await self.controls.post("/_sim/clock", json={"advance_seconds": seconds})
        assert answer.status_code == 200, answer.text
