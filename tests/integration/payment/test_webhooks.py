"""The service as a process, the edge before it, and the sandbox's webhooks: as they come, and as they come badly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import grpc
import httpx
import pytest

from jitney.stack.launch import Launcher
from jitney.stack.specs import ProcessSpec
from ridesharing.payment.v1 import dispute_service_pb2 as dispute_pb
from ridesharing.payment.v1 import disputes_pb2, payments_pb2, refunds_pb2
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import refund_service_pb2 as refund_pb
from ridesharing.payment.v1 import webhook_service_pb2 as event_pb
from ridesharing.payment.v1.dispute_service_pb2_grpc import DisputeServiceStub
from ridesharing.payment.v1.refund_service_pb2_grpc import RefundServiceStub
from ridesharing.payment.v1.webhook_service_pb2_grpc import PspEventServiceStub
from tests.integration.edge.processes import edge_spec
from tests.integration.embedded import free_port, running
from tests.integration.payment.process import PATIENT, WAIT_SECONDS, Caller, caller, let_leases_run_out, start, until

PENDING, PAID = refunds_pb2.REFUND_STATUS_PENDING, refunds_pb2.REFUND_STATUS_PAID
FAILED = refunds_pb2.REFUND_STATUS_FAILED
SECRETS = "whsec_old_and_going, whsec_new"


@dataclass(frozen=True)
class Outside:
    """What stands around the service: the sandbox, which posts its webhooks to the edge, and the service's settings."""

    sandbox_url: str
    environment: dict[str, str]
    keys: Path


@pytest.fixture(scope="module")
def outside(
    tmp_path_factory: pytest.TempPathFactory,
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    jwks_file: Path,
    signing_keys: Path,
) -> Iterator[Outside]:
    place, sandbox_port, rest_port, payment_port = tmp_path_factory.mktemp("webhooks"), *(free_port() for _ in range(3))
    sandbox = ProcessSpec(
        name="sandbox",
        argv=(sys.executable, "-m", "jitney", "sandbox"),
        environment={name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
        | {
            "JITNEY_SANDBOX_LISTEN": f"127.0.0.1:{sandbox_port}",
            "JITNEY_SANDBOX_DATA": str(place / "data"),
            "JITNEY_SANDBOX_WEBHOOK_URL": f"http://127.0.0.1:{rest_port}/v1/callbacks/payments/stripe",
            "JITNEY_PAYMENT_PSP_WEBHOOK_SECRET": "whsec_new",
        },
        ready=f"http://127.0.0.1:{sandbox_port}/healthz",
    )
    edge = {
        "payment_target": f"127.0.0.1:{payment_port}",
        "jwks_file": jwks_file,
        "signing_keys_dir": signing_keys,
        "redis_url": redis_url_for(8),
    }
    environment = {
        "JITNEY_PAYMENT_DATABASE_URL": migrated_postgres_url("payment"),
        "JITNEY_PAYMENT_LISTEN": f"127.0.0.1:{payment_port}",
        "JITNEY_PAYMENT_METRICS_LISTEN": "127.0.0.1:0",
        "JITNEY_PAYMENT_PSP_URL": f"http://127.0.0.1:{sandbox_port}/psp",
        "JITNEY_PAYMENT_PSP_WEBHOOK_SECRET": SECRETS,
        "JITNEY_PAYMENT_SWEEP_SECONDS": "0.1",
        "JITNEY_PAYMENT_PSP_EVENT_POLL_SECONDS": "0.1",
        "JITNEY_REDIS_URL": redis_url_for(8),
        "JITNEY_JWKS_FILE": str(jwks_file),
    } | PATIENT
    with contextlib.ExitStack() as stack:
        launcher = stack.enter_context(Launcher())
        stack.enter_context(running(launcher, sandbox, place / "sandbox.log"))
        stack.enter_context(running(launcher, edge_spec("rest", rest_port, edge), place / "rest.log"))
        yield Outside(f"http://127.0.0.1:{sandbox_port}", environment, signing_keys)


@pytest.fixture
async def sandbox(outside: Outside) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=outside.sandbox_url, timeout=WAIT_SECONDS) as client:
        yield client
        await client.delete("/_sim/faults")


@dataclass(frozen=True)
class Service:
    """The service, seen by its callers, and its process."""

    process: Process
    ask: Caller
    refunds: Caller
    disputes: Caller
    events: Caller

    async def captured(self) -> payments_pb2.Payment:
        ride_id = uuid4()
        await self.ask.hold(ride_id)
        return await self.ask.capture(ride_id)

    async def refund(self, payment_id: str, amount_minor: int = 500) -> refunds_pb2.Refund:
        request = refund_pb.CreateRefundRequest(request_id=f"{payment_id}:r", payment_id=payment_id, reason="late")
        request.amount.currency_code, request.amount.amount_minor = "USD", amount_minor
        return (await self.refunds.as_operator("CreateRefund", request)).refund

    async def refund_at_last(self, payment_id: str) -> refunds_pb2.Refund:
        """Ask with the same key until whoever died over it counts as dead."""
        found: list[refunds_pb2.Refund] = []

        async def answered() -> bool:
            try:
                found.append(await self.refund(payment_id))
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.ABORTED  # noqa: PT017 (any other refusal is a defect)
            return bool(found)

        await until(answered)
        return found[0]

    async def status(self, refund_id: str) -> int:
        answer = await self.refunds.as_operator("GetRefund", refund_pb.GetRefundRequest(refund_id=refund_id))
        return int(answer.refund.status)

    async def only_refund(self, payment_id: str) -> refunds_pb2.Refund | None:
        request = refund_pb.ListRefundsRequest(payment_id=payment_id)
        found = (await self.refunds.as_operator("ListRefunds", request)).refunds
        assert len(found) <= 1
        return found[0] if found else None

    async def disputes_of(self, payment_id: str) -> list[disputes_pb2.Dispute]:
        request = dispute_pb.ListDisputesRequest(payment_id=payment_id)
        return list((await self.disputes.as_operator("ListDisputes", request)).disputes)

    async def parked(self) -> list[event_pb.PspEvent]:
        request = event_pb.ListPspEventsRequest(state=event_pb.PSP_EVENT_STATE_PARKED)
        return list((await self.events.as_operator("ListPspEvents", request)).psp_events)

    async def balances(self) -> dict[str, int]:
        answer = await self.ask.as_operator("GetTrialBalance", pb.GetTrialBalanceRequest())
        assert {row.sum_minor for row in answer.currencies} <= {0}
        return {row.account_kind: row.balance.amount_minor for row in answer.accounts}


@contextlib.asynccontextmanager
async def service(outside: Outside, **more: str) -> AsyncGenerator[Service]:
    process = await start("serve", outside.environment | more)
    address = outside.environment["JITNEY_PAYMENT_LISTEN"]
    try:
        async with caller(address, outside.keys) as ask:
            yield Service(
                process, ask, *(ask.of(s) for s in (RefundServiceStub, DisputeServiceStub, PspEventServiceStub))
            )
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), WAIT_SECONDS)


async def psp_refund_of(sandbox: httpx.AsyncClient, refund_id: str) -> str:
    answer = await sandbox.get("/_sim/ledger/refunds", params={"metadata[refund_id]": refund_id})
    return str(answer.raise_for_status().json()["refunds"][0]["refund"])


async def act(sandbox: httpx.AsyncClient, path: str, **body: object) -> None:
    (await sandbox.post(f"/_sim/{path}", json=body)).raise_for_status()


FAULTS = ("", "duplicate", "reordered", "early", "late", "bad_signature", "replay_old")


async def test_refunds_and_disputes_come_out_right_however_webhooks_come(
    outside: Outside, sandbox: httpx.AsyncClient
) -> None:
    async with service(outside) as it:
        it.ask.method_id = await it.ask.add_card("pm_card_visa")
        for fault in FAULTS:
            if fault:
                seconds = 3600 if fault == "replay_old" else 1
                rule = {"target": "webhook", "operation": "*", "kind": fault, "count": None, "seconds": seconds}
                await act(sandbox, "faults", **rule)
            await refund_and_dispute(it, sandbox)
            (await sandbox.delete("/_sim/faults")).raise_for_status()


async def refund_and_dispute(it: Service, sandbox: httpx.AsyncClient) -> None:
    """Let one refund be paid and fail, and one dispute be opened and lost."""
    before = await it.balances()
    await act(sandbox, "faults", operation="refunds.create", kind="pending", seconds=10**6)
    refunded, disputed = await it.captured(), await it.captured()

    refund = await it.refund(refunded.payment_id)
    assert refund.status == PENDING
    name = await psp_refund_of(sandbox, refund.refund_id)
    for verb, status in (("succeed", PAID), ("fail", FAILED)):
        await act(sandbox, f"refunds/{name}/{verb}")
        await until(lambda wanted=status: is_status(it, refund.refund_id, wanted))

    truth = (await sandbox.get("/_sim/ledger", params={"metadata[ride_id]": disputed.ride_id})).json()
    key = {"Authorization": "Bearer sk_test_sandbox"}
    intent_path = f"/psp/v1/payment_intents/{truth['payment_intents'][0]['payment_intent']}"
    intent = (await sandbox.get(intent_path, headers=key)).json()
    await act(sandbox, f"charges/{intent['latest_charge']}/dispute", reason="fraudulent")
    await until(lambda: it.disputes_of(disputed.payment_id))
    dispute = (await it.disputes_of(disputed.payment_id))[0]
    accept = dispute_pb.AcceptDisputeRequest(request_id=dispute.dispute_id, dispute_id=dispute.dispute_id)
    lost = (await it.disputes.as_operator("AcceptDispute", accept)).dispute
    assert lost.status == disputes_pb2.DISPUTE_STATUS_LOST

    assert await it.parked() == []
    after = await it.balances()
    moved = {kind: amount - before.get(kind, 0) for kind, amount in after.items() if amount != before.get(kind, 0)}
    assert moved == {
        "psp_receivable": 2 * 2000 - 2000 - 1500,
        "driver": -3000,
        "commission": -1000,
        "chargeback_loss": 2000,
        "dispute_fee": 1500,
    }


async def is_status(it: Service, refund_id: str, wanted: int) -> bool:
    return await it.status(refund_id) == wanted


@pytest.mark.parametrize("step", ["refund.asked", "psp_event.handled"])
async def test_killed_in_the_middle_a_refund_is_paid_once(
    outside: Outside, sandbox: httpx.AsyncClient, step: str
) -> None:
    async with service(outside) as it:
        before = await it.balances()
        method_id = it.ask.method_id = await it.ask.add_card("pm_card_visa")
        rider_id = it.ask.rider_id
        payment = await it.captured()
        # What was told before is taken in before the service is to die of what the refund tells.
        await until(lambda: all_told(sandbox))
        await until(lambda: all_applied(it))
    await act(sandbox, "faults", operation="refunds.create", kind="pending", seconds=10**6)

    async with service(outside, JITNEY_FAILPOINT=step) as it:
        with contextlib.suppress(grpc.aio.AioRpcError):
            await it.refund(payment.payment_id)
        await asyncio.wait_for(it.process.wait(), WAIT_SECONDS)
    await let_leases_run_out(outside.environment)

    async with service(outside) as it:
        it.ask.method_id, it.ask.rider_id = method_id, rider_id
        refund = await it.refund_at_last(payment.payment_id)
        await until(lambda: accepted(sandbox, refund.refund_id))
        await act(sandbox, f"refunds/{await psp_refund_of(sandbox, refund.refund_id)}/succeed")
        await until(lambda: is_status(it, refund.refund_id, PAID))

        only = await it.only_refund(payment.payment_id)
        assert only is not None
        assert only.refund_id == refund.refund_id
        after = await it.balances()
    moved = {kind: amount - before.get(kind, 0) for kind, amount in after.items() if amount != before.get(kind, 0)}
    assert moved == {"psp_receivable": 1500, "driver": -1125, "commission": -375}
    lines = (await sandbox.get("/_sim/ledger", params={"metadata[ride_id]": payment.ride_id})).json()
    assert lines["payment_intents"][0]["refunded_minor"] == 500


async def all_told(sandbox: httpx.AsyncClient) -> bool:
    return not (await sandbox.get("/_sim/deliveries")).raise_for_status().json()["deliveries"]


async def all_applied(it: Service) -> bool:
    request = event_pb.ListPspEventsRequest(state=event_pb.PSP_EVENT_STATE_RECEIVED)
    return not (await it.events.as_operator("ListPspEvents", request)).psp_events


async def accepted(sandbox: httpx.AsyncClient, refund_id: str) -> bool:
    try:
        return bool(await psp_refund_of(sandbox, refund_id))
    except IndexError:
        return False
