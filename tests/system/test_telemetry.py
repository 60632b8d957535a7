"""What a ride leaves behind in the telemetry: one connected trace, and nobody's secrets."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared_kernel.ids import from_public_id
from tests.conftest import FIGURE
from tests.system.people import HandDriver, HandRider, Town, until
from tests.system.telemetry import SeenSpan, TraceReceiver, connected, edges

pytestmark = pytest.mark.system

MATCHING = "ridesharing.matching.v1"
PAYMENT = "ridesharing.payment.v1"
PUSH_TOKEN = "fcm-" + secrets.token_hex(16)
CLOCK_TIME = re.compile(r"\d\d:\d\d:\d\d\.\d+")

EXPECTED_EDGES = {
    # The request: edge → matching → identity, payment → PSP.
    ("rider_api_rest: POST /v1/rides", f"rider_api_rest: {MATCHING}.RideService/RequestRide"),
    (f"rider_api_rest: {MATCHING}.RideService/RequestRide", f"matching: {MATCHING}.RideService/RequestRide"),
    (f"matching: {MATCHING}.RideService/RequestRide", "matching: ridesharing.identity.v1.IdentityService/GetContact"),
    (
        "matching: ridesharing.identity.v1.IdentityService/GetContact",
        "identity: ridesharing.identity.v1.IdentityService/GetContact",
    ),
    (f"matching: {MATCHING}.RideService/RequestRide", "matching: saga hold_pending"),
    ("matching: saga hold_pending", f"matching: {PAYMENT}.PaymentService/PlaceHold"),
    (f"matching: {PAYMENT}.PaymentService/PlaceHold", f"payment: {PAYMENT}.PaymentService/PlaceHold"),
    (f"payment: {PAYMENT}.PaymentService/PlaceHold", "payment: PSP POST payment_intents"),
    # The offer of the tick, over outbox and stream to the driver's live stream and telephone.
    (f"matching: {MATCHING}.RideService/RequestRide", "matching: ride offered"),
    ("matching: ride offered", "notification: consume OfferCreated"),
    ("notification: consume OfferCreated", "notification: send stream redis"),
    ("notification: send stream redis", "rider_api_stream: stream offer_created"),
    # The driver's accept is a trace of its own, linked to the ride's.
    ("matching: ride driver_en_route", f"matching: {MATCHING}.DriverService/AcceptOffer"),
    (f"matching: {MATCHING}.DriverService/AcceptOffer", "matching: ride driver_en_route"),
    ("matching: ride driver_en_route", "notification: consume RideAssigned"),
    ("notification: consume RideAssigned", "notification: send push fcm"),
    ("notification: consume RideAssigned", "notification: post webhook"),
    # The end: the saga's sweep, payment, PSP, and the news of it.
    (f"matching: {MATCHING}.RideService/RequestRide", "matching: saga capture_pending"),
    ("matching: saga capture_pending", f"matching: {PAYMENT}.PaymentService/CapturePayment"),
    (f"matching: {PAYMENT}.PaymentService/CapturePayment", f"payment: {PAYMENT}.PaymentService/CapturePayment"),
    (f"payment: {PAYMENT}.PaymentService/CapturePayment", "payment: PSP POST payment_intents/{id}/capture"),
    (f"payment: {PAYMENT}.PaymentService/CapturePayment", "notification: consume PaymentCaptured"),
    ("notification: consume PaymentCaptured", "notification: send stream redis"),
    ("matching: saga capture_pending", "notification: consume RidePaymentSettled"),
}


def sampled() -> tuple[str, str]:
    """Make the traceparent of a trace that is to be recorded; return it with the trace's id."""
    trace_id = secrets.token_hex(16)
    return f"00-{trace_id}-{secrets.token_hex(8)}-01", trace_id


async def traced(people: Town, person: Any, method: str, path: str, body: Any = None) -> tuple[dict[str, Any], str]:
    """Call the public interface in a trace of its own; return the answer and the trace's id."""
    traceparent, trace_id = sampled()
    headers = {"Authorization": f"Bearer {await person.token()}", "traceparent": traceparent}
    if method != "GET":
        headers["Idempotency-Key"] = secrets.token_hex(8)
    async with httpx.AsyncClient(base_url=people.stack.rest_url, timeout=15) as client:
        answer = await client.request(method, path, headers=headers, json=body)
    assert answer.is_success, answer.text
    return answer.json(), trace_id


async def requested(people: Town, rider: HandRider) -> tuple[str, str]:
    """Ask for a ride in a trace; return the ride's id and the trace's."""
    quote = await rider.quote()
    body = {"quote_id": quote["id"], "payment_method_id": rider.payment_method_id}
    ride, trace_id = await traced(people, rider.person, "POST", "/v1/rides", body)
    return str(ride["id"]), trace_id


async def accepted(people: Town, driver: HandDriver, ride_id: str) -> None:
    """Let a driver accept in a trace of their own."""
    offer = await driver.offer(ride_id)
    await traced(people, driver.person, "POST", f"/v1/driver/offers/{offer['id']}/accept")


async def test_a_ride_leaves_one_connected_trace_without_secrets(
    people: Town, traces: TraceReceiver, record_property: Callable[[str, object], None]
) -> None:
    rider, driver = await people.rider(), await people.driver()
    await rider.person.do("POST", "/v1/me/devices", {"platform": "android", "app": "rider", "token": PUSH_TOKEN})
    hook = {"url": f"{traces.url}/hook", "topics": ["ride_assigned"]}
    endpoint = (await people.operator("POST", "/v1/operator/webhook-endpoints", hook))["endpoint"]
    ride_id, trace_id = await requested(people, rider)
    await accepted(people, driver, ride_id)
    pin = (await rider.ride(ride_id))["start_pin"]
    await driver.step(ride_id, "arrive")
    await driver.step(ride_id, "start", {"pin": pin})
    await driver.step(ride_id, "complete")
    await rider.settled(ride_id)

    plain_id = str(from_public_id("ride", ride_id))

    def apart(seen: Sequence[SeenSpan], of_ride: Sequence[SeenSpan]) -> list[str]:
        """The spans about the ride that nothing connects with its trace."""
        known = {span.span_id for span in of_ride}
        about_it = (span for span in seen if span.attributes.get("jitney.ride_id") == plain_id)
        return [span.name for span in about_it if span.span_id not in known]

    async def all_edges() -> list[SeenSpan] | None:
        # Processes send their spans by themselves: one may be here before the one that it hangs on.
        seen = traces.spans()
        of_ride = connected(seen, trace_id)
        return of_ride if edges(of_ride) >= EXPECTED_EDGES and not apart(seen, of_ride) else None

    try:
        spans = await until(all_edges, "the spans of a ride")
    except AssertionError:
        of_ride = connected(traces.spans(), trace_id)
        seen, loose = edges(of_ride), apart(traces.spans(), of_ride)
        raise AssertionError(f"missing: {EXPECTED_EDGES - seen}; apart: {loose}; seen: {sorted(seen)}") from None
    finally:
        await people.operator("DELETE", f"/v1/operator/webhook-endpoints/{endpoint['id']}")
    assert {span.name.partition(":")[0] for span in spans} == {
        "rider_api_rest",
        "rider_api_stream",
        "identity",
        "matching",
        "payment",
        "notification",
    }
    timeline = await people.operator("GET", f"/v1/operator/rides/{ride_id}/timeline")
    assert timeline["trace_id"] == trace_id
    metrics = await metrics_of(people)
    what_is_promised_is_measured(metrics)
    values = {str(value) for span in traces.spans() for value in span.attributes.values()}
    assert pin not in values
    # Without the times: one of each minute's sixty thousand milliseconds is written as the place is.
    logs = CLOCK_TIME.sub("", "".join(path.read_text() for path in own_logs(people)))
    # Names and labels: among thousands of values some look like anything.
    series = [line.rpartition(" ")[0] for text in metrics.values() for line in text.splitlines()]
    told = "\n".join([*(span.raw for span in traces.spans()), logs, *series])
    secret = [PUSH_TOKEN, "pm_card_visa", "eyJ", "Bearer ", "+1415555", "37.788", "whsec_"]
    leaked = [each for each in secret if each in told]
    assert leaked == []
    record_property(
        FIGURE,
        f"secrets and personal data: {len(secret)} looked for in {len(traces.spans())} spans, "
        f"{len(logs.splitlines())} lines of logs and {len(series)} lines of metrics: found {len(leaked)}",
    )


async def metrics_of(people: Town) -> dict[str, str]:
    """Ask all our processes that serve for their metrics."""
    services = (f"{service}_METRICS" for service in ("IDENTITY", "MATCHING", "PAYMENT", "NOTIFICATION"))
    metrics: dict[str, str] = {}
    async with httpx.AsyncClient(timeout=15) as client:
        for process in (*services, "REST", "STREAM"):
            address = people.stack.addresses[f"JITNEY_{process}_LISTEN"]
            metrics[process] = (await client.get(f"http://{address}/metrics")).text
    return metrics


def what_is_promised_is_measured(metrics: Mapping[str, str]) -> None:
    """The ride is in the figures that the objectives are judged by."""
    measured = {
        "MATCHING_METRICS": [
            "matching_offer_wait_seconds_count ",
            'matching_payment_settled_seconds_count{outcome="captured"} ',
            'matching_rides_total{state="completed"} ',
            'matching_offers_total{outcome="accepted"} ',
        ],
        "PAYMENT_METRICS": ['psp_calls_total{operation="POST payment_intents/{id}/capture",outcome="2xx"} '],
        "NOTIFICATION_METRICS": [
            'notification_delivery_seconds_count{channel="push",priority="trip_critical"} ',
            'notification_deliveries_total{channel="stream",outcome="sent"} ',
            'notification_provider_open{provider="fcm"} ',
        ],
        "REST": ['http_server_handled_total{method="POST",route="/v1/rides",status="201"} '],
        "STREAM": ['stream_latency_seconds_count{type="offer_created"} ', "stream_connections "],
    }
    missing = [
        (process, name)
        for process, names in measured.items()
        for name in names
        if not (found := re.search(rf"^{re.escape(name)}(\S+)$", metrics[process], re.MULTILINE))
        or (float(found[1]) == 0 and "open" not in name)
    ]
    assert missing == []


def own_logs(people: Town) -> list[Path]:
    """Return the logs of our own processes that serve, as far as they have written any."""
    names = ("identity", "matching", "payment", "notification", "rest", "stream")
    logs = [people.stack.data / "logs" / f"{name}.log" for name in names]
    assert sum(path.stat().st_size for path in logs) > 0
    return logs
