"""Traces: carried on by traceparent, sampled by the parent, and silent about data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import get_current_span

from chassis.telemetry import context_from, current_traceparent, install_tracing, shutdown_telemetry, span_from

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = SAMPLED[:-2] + "00"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    install_tracing("test", 0.0, SimpleSpanProcessor(exporter))
    yield exporter
    shutdown_telemetry()


def test_a_sampled_parent_is_continued_whatever_the_ratio(exporter: InMemorySpanExporter) -> None:
    with span_from(SAMPLED, "outer"), span_from(current_traceparent(), "inner"):
        assert current_traceparent().startswith("00-0af7651916cd43dd8448eb211c80319c-")

    inner, outer = exporter.get_finished_spans()
    assert inner.parent is not None
    assert outer.context is not None
    assert inner.parent.span_id == outer.context.span_id
    assert outer.parent is not None
    assert f"{outer.parent.span_id:016x}" == "b7ad6b7169203331"


def test_an_unsampled_parent_is_passed_on_and_not_exported(exporter: InMemorySpanExporter) -> None:
    with span_from(UNSAMPLED, "step"):
        assert current_traceparent().startswith("00-0af7651916cd43dd8448eb211c80319c-")
        assert current_traceparent().endswith("-00")

    assert exporter.get_finished_spans() == ()


def test_a_failure_names_its_class_and_none_of_its_data(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="5551234567"), span_from(SAMPLED, "step"):
        raise ValueError("+15551234567")

    (span,) = exporter.get_finished_spans()
    assert span.status.description == "ValueError"
    assert "5551234567" not in span.to_json()


def test_without_a_span_there_is_no_traceparent() -> None:
    assert current_traceparent() == ""


@pytest.mark.parametrize(
    "text", ["", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "ff" + SAMPLED[2:], SAMPLED[:-1]]
)
def test_a_malformed_traceparent_is_no_parent(text: str) -> None:
    assert not get_current_span(context_from(text)).get_span_context().is_valid


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    context_from(text)
