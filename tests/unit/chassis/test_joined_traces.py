"""Changes of a ride show in its own trace, and whoever makes them is linked to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.joined_traces import JoinedTraces
from chassis.telemetry import follow, install_tracing, is_recording, shutdown_telemetry, span_from

OF_THE_RIDE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OF_ITS_DRIVER = "00-1bf7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    install_tracing("test", 0.0, SimpleSpanProcessor(exporter))
    yield exporter
    shutdown_telemetry()


def changed(caller: str, ride: str) -> str:
    """Change a ride in a caller's span; return what its news carry."""
    with span_from(caller, "accept"):
        traces = JoinedTraces("ride", "jitney.ride_id")
        traces.join("r1", ride)
        traces.name("r1", "ride assigned")
        news = traces.traceparent("r1")
        traces.end()
    return news


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def linked(span: ReadableSpan) -> list[int]:
    return [link.context.span_id for link in span.links]


def test_a_change_by_somebody_else_is_a_span_of_the_ride_and_both_are_linked(exporter: InMemorySpanExporter) -> None:
    news = changed(OF_ITS_DRIVER, OF_THE_RIDE)
    spans = by_name(exporter)
    ride, accept = spans["ride assigned"], spans["accept"]
    assert ride.context is not None
    assert accept.context is not None
    assert f"{ride.context.trace_id:032x}" == OF_THE_RIDE.split("-")[1]
    assert ride.parent is not None
    assert f"{ride.parent.span_id:016x}" == OF_THE_RIDE.split("-")[2]
    assert (linked(ride), linked(accept)) == ([accept.context.span_id], [ride.context.span_id])
    assert news == f"00-{ride.context.trace_id:032x}-{ride.context.span_id:016x}-01"
    assert ride.attributes is not None
    assert accept.attributes is not None
    assert ride.attributes["jitney.ride_id"] == accept.attributes["jitney.ride_id"] == "r1"


def test_within_the_rides_own_trace_there_is_nothing_to_join(exporter: InMemorySpanExporter) -> None:
    news = changed(OF_THE_RIDE, OF_THE_RIDE)
    spans = by_name(exporter)
    assert list(spans) == ["accept"]
    assert spans["accept"].context is not None
    assert news.split("-")[2] == f"{spans['accept'].context.span_id:016x}"


def test_news_of_an_unsampled_ride_keep_its_ids_and_are_not_recorded(exporter: InMemorySpanExporter) -> None:
    assert changed(OF_ITS_DRIVER, OF_THE_RIDE[:-2] + "00") == OF_THE_RIDE[:-2] + "00"
    assert list(by_name(exporter)) == ["accept"]


def test_a_ride_without_a_trace_leaves_the_callers_as_it_is(exporter: InMemorySpanExporter) -> None:
    assert changed(OF_ITS_DRIVER, "").split("-")[1] == OF_ITS_DRIVER.split("-")[1]
    assert linked(by_name(exporter)["accept"]) == []


def test_a_step_follows_what_its_row_carries_and_begins_no_trace_of_its_own(exporter: InMemorySpanExporter) -> None:
    with follow("", "nothing"):
        assert not is_recording()
    with follow(OF_THE_RIDE, "saga capture_pending"), follow("", "within"):
        assert is_recording()
    spans = by_name(exporter)
    assert list(spans) == ["within", "saga capture_pending"]
    assert spans["within"].parent is not None
    assert spans["saga capture_pending"].context is not None
    assert spans["within"].parent.span_id == spans["saga capture_pending"].context.span_id
