"""What the sandbox does not take: strangers, unknown parameters, long bodies, other hosts, production."""

import subprocess
from typing import Any

import pytest
import stripe

from tests.integration.sandbox.running import API_KEY, STRIPE_AND_HTTPX, Psp, SandboxProcess

pytestmark = STRIPE_AND_HTTPX
AUTHORIZATION = {"authorization": f"Bearer {API_KEY}"}


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": -5}, "parameter_invalid_integer", "amount"),
        ({"amount": "12.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"tip": 5}, "parameter_unknown", "tip"),
        ({"payment_method_options": {"card": {"installments": "1"}}}, "parameter_unknown", None),
        ({"capture_method": "later"}, None, "capture_method"),
        ({"payment_method": "pm_unknown"}, "resource_missing", "payment_method"),
        ({"customer": "cus_unknown"}, "resource_missing", "customer"),
    ],
)
async def test_a_wrong_parameter_is_named(
    psp: Psp, params: dict[str, Any], code: str | None, param: str | None
) -> None:
    whole: dict[str, Any] = {"amount": 500, **params}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await psp.hold(**whole)
    assert refusal.value.code == code
    if param:
        assert refusal.value.param == param


async def test_a_missing_parameter_is_named(psp: Psp) -> None:
    answer = await psp.controls.post("/psp/v1/payment_intents", data={"amount": "5"}, headers=AUTHORIZATION)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "parameter_missing"
    assert answer.json()["error"]["param"] == "currency"
    assert answer.headers["request-id"].startswith("req_")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer sk_live_1", "Basic !!!", "Basic cGtfdGVzdDo=", "Digest sk_test_1"]
)
async def test_a_stranger_is_not_served(psp: Psp, authorization: str) -> None:
    answer = await psp.controls.get("/psp/v1/events", headers={"authorization": authorization})
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_a_key_may_come_as_the_name_of_basic_authentication(psp: Psp) -> None:
    assert (await psp.controls.get("/psp/v1/events", auth=(API_KEY, ""))).status_code == 200


@pytest.mark.parametrize("path", ["/psp/v1/subscriptions", "/psp/v2/core/accounts", "/psp/"])
async def test_what_is_not_imitated_is_a_404_in_stripes_shape(psp: Psp, path: str) -> None:
    answer = await psp.controls.post(path, headers=AUTHORIZATION)
    assert answer.status_code == 404
    assert "Unrecognized request URL" in answer.json()["error"]["message"]


async def test_a_long_body_is_not_read(psp: Psp) -> None:
    answer = await psp.controls.post("/psp/v1/customers", data={"name": "x" * 70_000}, headers=AUTHORIZATION)
    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_a_body_that_is_no_form_is_refused(psp: Psp) -> None:
    answer = await psp.controls.post("/psp/v1/customers", json={"name": "x"}, headers=AUTHORIZATION)
    assert answer.status_code == 400


async def test_another_host_name_is_refused(psp: Psp) -> None:
    answer = await psp.controls.get("/_sim/messages", headers={"host": "rebound.example"})
    assert answer.status_code == 400


async def test_a_page_elsewhere_cannot_script_faults_with_a_form(psp: Psp) -> None:
    content = '{"kind": "rate_limited"}'
    answer = await psp.controls.post("/_sim/faults", content=content, headers={"content-type": "text/plain"})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "unheard_of"},
        {"kind": "never"},
        {"kind": "conflict", "target": "sms"},
        {"kind": "delay", "seconds": 601},
        {"kind": "rate_limited", "count": 0},
        {"kind": "rate_limited", "probability": 1.5},
        {"kind": "rate_limited", "when": "later"},
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(psp: Psp, rule: dict[str, Any]) -> None:
    assert (await psp.controls.post("/_sim/faults", json=rule)).status_code == 400
    assert (await psp.controls.get("/_sim/faults")).json() == {"faults": []}


async def test_one_fault_is_taken_back(psp: Psp) -> None:
    identifier = await psp.fault("rate_limited", "customers.list")
    assert (await psp.controls.delete(f"/_sim/faults/{identifier}")).json() == {"removed": 1}
    assert (await psp.controls.delete(f"/_sim/faults/{identifier}")).status_code == 404
    await psp.client.customers.list_async()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("JITNEY_ENVIRONMENT", "production"),
        ("JITNEY_SANDBOX_LISTEN", "0.0.0.0:8090"),
        ("JITNEY_SANDBOX_LISTEN", "nowhere"),
        ("JITNEY_SANDBOX_WEBHOOK_URL", "ftp://127.0.0.1/"),
    ],
)
def test_production_and_open_addresses_are_refused(own_sandbox: SandboxProcess, setting: str, value: str) -> None:
    environment = {**own_sandbox.spec.environment, setting: value}
    ended = subprocess.run(own_sandbox.spec.argv, env=environment, capture_output=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.decode().startswith(f"{setting}: ")
