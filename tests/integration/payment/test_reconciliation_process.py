"""An accountant's day over the real sandbox: `jitney reconcile` says that all agrees, and what does not."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import httpx
import pytest

from chassis.auth import Role
from jitney.stack.launch import Launcher
from ridesharing.common.v1.money_pb2 import Money
from ridesharing.payment.v1 import payment_service_pb2 as pb
from ridesharing.payment.v1 import payments_pb2
from ridesharing.payment.v1 import reconciliation_service_pb2 as reconciliation_pb
from ridesharing.payment.v1 import refund_service_pb2 as refund_pb
from ridesharing.payment.v1 import statement_service_pb2 as statement_pb
from ridesharing.payment.v1.reconciliation_service_pb2_grpc import ReconciliationServiceStub
from ridesharing.payment.v1.refund_service_pb2_grpc import RefundServiceStub
from ridesharing.payment.v1.statement_service_pb2_grpc import StatementServiceStub
from tests.integration.embedded import free_port
from tests.integration.payment.process import PATIENT, WAIT_SECONDS, Caller, caller, start
from tests.integration.sandbox.running import SandboxProcess, a_stranger_pays

Answer = tuple[int, str, str]


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A sandbox with a list of its own, whose money may be spent at once, and that settles when it is told to."""
    with Launcher() as launcher:
        process = SandboxProcess(launcher, tmp_path)
        own = {"JITNEY_SANDBOX_SETTLEMENT": "manual", "JITNEY_SANDBOX_AVAILABLE_SECONDS": "0"}
        process.spec = replace(process.spec, environment={**process.spec.environment, **own})
        with process.running():
            async with httpx.AsyncClient(base_url=process.url, timeout=WAIT_SECONDS) as client:
                yield client


@pytest.fixture
def environment(
    migrated_postgres_url: Callable[[str], str],
    redis_url_for: Callable[[int], str],
    jwks_file: Path,
    sandbox: httpx.AsyncClient,
) -> dict[str, str]:
    return {
        "JITNEY_PAYMENT_DATABASE_URL": migrated_postgres_url("payment"),
        "JITNEY_PAYMENT_LISTEN": f"127.0.0.1:{free_port()}",
        "JITNEY_PAYMENT_METRICS_LISTEN": "127.0.0.1:0",
        "JITNEY_PAYMENT_PSP_URL": f"{str(sandbox.base_url).rstrip('/')}/psp",
        "JITNEY_PAYMENT_SWEEP_SECONDS": "0.1",
        "JITNEY_PAYMENT_RECONCILIATION_POLL_SECONDS": "0.1",
        "JITNEY_PAYMENT_RECONCILIATION_UNKNOWN_HOURS": "0",
        "JITNEY_PAYMENT_RECONCILIATION_WAIT_DAYS": "0",
        # Only when it is asked for: whenever this runs, it is not 23 o'clock twice.
        "JITNEY_PAYMENT_RECONCILIATION_HOUR": "23",
        "JITNEY_REDIS_URL": redis_url_for(7),
        "JITNEY_JWKS_FILE": str(jwks_file),
    } | PATIENT


async def jitney(environment: dict[str, str], keys: Path, *arguments: str) -> Answer:
    """Run a command of the toolbox; return its exit code and what it wrote."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
    known = {
        "JITNEY_PAYMENT_TARGET": environment["JITNEY_PAYMENT_LISTEN"],
        "JITNEY_SIGNING_KEYS_DIR": str(keys),
    }
    process = await create_subprocess_exec(
        sys.executable, "-m", "jitney", *arguments, env=inherited | known, stdout=PIPE, stderr=PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


async def ride(ask: Caller, amount_minor: int, *, cash: bool = False) -> str:
    ride_id = uuid4()
    hold = pb.PlaceHoldRequest(
        request_id=f"{ride_id}:hold",
        ride_id=str(ride_id),
        rider_id=str(ask.rider_id),
        payment_method_id="" if cash else ask.method_id,
        amount=Money(currency_code="USD", amount_minor=2500),
        funding=payments_pb2.FUNDING_CASH if cash else payments_pb2.FUNDING_CARD,
    )
    await ask.as_matching("PlaceHold", hold)
    assert (await ask.capture(ride_id, amount_minor)).status == payments_pb2.PAYMENT_STATUS_CAPTURED
    return str(ride_id)


def sections(document: str) -> dict[str, list[list[str]]]:
    """Read the report as a program would: the rows below each title."""
    found: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for row in csv.reader(io.StringIO(document)):
        if len(row) == 1:
            rows = found.setdefault(row[0].partition(":")[0].partition(" (")[0], [])
        elif row:
            rows.append(row)
    return {title: rows[1:] for title, rows in found.items()}


async def test_a_day_settles_to_zero_and_a_stranger_at_the_psp_is_exactly_one_item(
    environment: dict[str, str], signing_keys: Path, sandbox: httpx.AsyncClient
) -> None:
    service = await start("serve", environment)
    try:
        async with caller(environment["JITNEY_PAYMENT_LISTEN"], signing_keys) as ask:
            ask.method_id = await ask.add_card("pm_card_visa")
            rides = [await ride(ask, amount_minor) for amount_minor in (2000, 1500)]
            await ride(ask, 1000, cash=True)
            await refund(ask.of(RefundServiceStub), rides[0])
            (await sandbox.post("/_sim/settle", json={})).raise_for_status()

            code, output, _ = await jitney(environment, signing_keys, "reconcile", "--audit")
            assert (code, output.splitlines()[-1]) == (0, "No open items.")
            assert "4 agree with the ledger" in output
            assert "0 contradictions" in output

            code, document, _ = await jitney(environment, signing_keys, "reconcile", "--no-run", "--report", "csv")
            assert code == 0
            read = sections(document)
            fees = "-1.62"
            assert read["1. Rides charged, by what paid them"][0][2:] == [
                "3", "35.00", "0.00", "10.00", "0.00", "0.00", "45.00",
            ]  # fmt: skip
            [day] = read["2. Account psp_receivable, day by day"]
            assert day[2:] == ["0.00", "35.00", "0.00", "-5.00", "0.00", "0.00", fees, "-28.38", "0.00", "0.00"]
            assert ["USD", "sum of all", "0.00"] in read["6. Trial balance now"]

            await a_stranger_pays(sandbox)
            code, output, _ = await jitney(environment, signing_keys, "reconcile")
            assert (code, output.splitlines()[-1]) == (1, "1 open item."), output
            code, document, _ = await jitney(environment, signing_keys, "reconcile", "--no-run", "--report", "json")
            [item] = json.loads(document)["open_items"]
            assert (item["kind"], item["difference"]["text"]) == ("unknown_transaction", "6.50")

            code, output, _ = await jitney(environment, signing_keys, "payment", rides[0])
            assert code == 0
            for told in (
                "hold",
                "capture",
                "psp_fee",
                "psp_receivable +2000",
                "psp_transaction charge",
                "refund to card",
            ):
                assert told in " ".join(output.split())
            assert "pm_" not in output
            code, _, errors = await jitney(environment, signing_keys, "payment", str(uuid4()))
            assert (code, "payment_not_found" in errors) == (3, True)
            await only_operators(ask.of(ReconciliationServiceStub))
            await statements(ask.of(StatementServiceStub))
    finally:
        service.send_signal(signal.SIGTERM)
        await asyncio.wait_for(service.communicate(), WAIT_SECONDS)
    assert service.returncode == 0


async def refund(ask: Caller, ride_id: str) -> None:
    request = refund_pb.CreateRefundRequest(
        request_id=f"{ride_id}:refund",
        ride_id=ride_id,
        amount=Money(currency_code="USD", amount_minor=500),
        reason="a detour",
    )
    assert (await ask.as_operator("CreateRefund", request)).refund.amount.amount_minor == 500


async def only_operators(ask: Caller) -> None:
    request = reconciliation_pb.ListOpenItemsRequest()
    assert await refusal(ask.as_rider("ListOpenItems", request)) == "PERMISSION_DENIED"
    assert await refusal(ask.as_driver("ListOpenItems", request)) == "PERMISSION_DENIED"
    wrong = reconciliation_pb.ListOpenItemsRequest(page_token="nonsense")
    assert await refusal(ask.as_operator("ListOpenItems", wrong)) == "INVALID_ARGUMENT"
    backwards = reconciliation_pb.GetReconciliationReportRequest(from_date="2026-02-02", to_date="2026-02-01")
    assert await refusal(ask.as_operator("GetReconciliationReport", backwards)) == "INVALID_ARGUMENT"
    nobody = reconciliation_pb.ResolveItemRequest(
        request_id="r", item_id=str(uuid4()), resolution=reconciliation_pb.ITEM_RESOLUTION_EXPLAINED, note="why"
    )
    assert await refusal(ask.as_operator("ResolveItem", nobody)) == "NOT_FOUND"
    nobody.account_kind = "bank"
    assert await refusal(ask.as_operator("ResolveItem", nobody)) == "INVALID_ARGUMENT"


async def statements(ask: Caller) -> None:
    own = statement_pb.GetStatementRequest(account_kind="driver", currency_code="USD")
    page = await ask.as_driver("GetStatement", own)
    # Three quarters of the card rides, and a quarter of the cash ride is owed.
    assert (page.opening.amount_minor, page.closing.amount_minor) == (0, 1500 + 1125 - 250 - 375)
    assert [entry.amount.amount_minor for entry in page.entries] == [1500, 1125, -250, -375]
    bank = statement_pb.GetStatementRequest(account_kind="bank", currency_code="USD")
    assert await refusal(ask.as_driver("GetStatement", bank)) == "NOT_FOUND"
    assert await refusal(ask.as_rider("GetStatement", own)) == "NOT_FOUND"
    other = statement_pb.GetStatementRequest(account_kind="driver", owner=str(uuid4()), currency_code="USD")
    assert await refusal(ask.as_driver("GetStatement", other)) == "NOT_FOUND"
    assert (await ask.as_operator("GetStatement", bank)).closing.amount_minor == 2838

    export = statement_pb.ExportStatementRequest(account_kind="psp_receivable", currency_code="USD")
    parts = ask.stub.ExportStatement(export, metadata=ask.token(Role.OPERATOR, str(uuid4())))
    chunks = [part.chunk async for part in parts]
    rows = list(csv.reader(io.StringIO(b"".join(chunks).decode())))
    assert [rows[0][0], rows[1][2], rows[-1][2], rows[-1][-1]] == ["time (UTC)", "opening", "closing", "0.00"]
    assert len(await all_payments(ask)) == 3


async def all_payments(ask: Caller) -> list[Any]:
    found: list[Any] = []
    token = ""
    while True:
        request = statement_pb.ListPaymentsRequest(page_size=2, page_token=token)
        page = await ask.as_rider("ListPayments", request)
        found += page.payments
        token = page.next_page_token
        if not token:
            return found


async def refusal(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code().name
