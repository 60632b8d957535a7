"""Traces: the OpenTelemetry SDK alone, W3C trace context, sampled by the parent or by ratio, exported over OTLP/HTTP.

The provider is this module's own instead of the process-wide one: the global can be set only once, and a test (or a
process that hosts two parts) needs its own.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from random import getrandbits

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags, Tracer
from opentelemetry.util.types import AttributeValue

from chassis.settings import ChassisSettings
from shared_kernel.errors import DomainError, Unavailable, Unknown

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


class _State:
    provider: TracerProvider | None = None
    samples_none = True
    tracer: Tracer = trace.NoOpTracer()


def configure_telemetry(service: str, settings: ChassisSettings) -> None:
    """Start tracing for this process; without `otlp_endpoint` spans carry their ids along but are not exported."""
    processor: SpanProcessor | None = None
    if settings.otlp_endpoint:
        # Imported here: the exporter costs 140 ms at the start, and most local processes export nothing.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        endpoint = settings.otlp_endpoint.rstrip("/")
        if not endpoint.endswith("/v1/traces"):
            endpoint += "/v1/traces"
        processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))
    install_tracing(service, settings.trace_sample_ratio, processor)


def install_tracing(service: str, sample_ratio: float, processor: SpanProcessor | None) -> None:
    """Make spans go to a processor; what `configure_telemetry` does with the exporter of the settings."""
    shutdown_telemetry()
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(sample_ratio)),
        resource=Resource.create({SERVICE_NAME: service, SERVICE_VERSION: _version()}),
        shutdown_on_exit=False,
    )
    if processor is not None:
        provider.add_span_processor(processor)
    _State.provider = provider
    _State.samples_none = sample_ratio == 0.0
    _State.tracer = provider.get_tracer("jitney")


def shutdown_telemetry() -> None:
    """Send what is still held and stop; blocks while exporting (at most the exporter's own time-out)."""
    provider, _State.provider, _State.tracer = _State.provider, None, trace.NoOpTracer()
    _State.samples_none = True
    if provider is not None:
        provider.shutdown()


def tracer() -> Tracer:
    """Return this process' tracer; before `configure_telemetry` it makes spans that do nothing."""
    return _State.tracer


def current_traceparent() -> str:
    """Write the current span as a W3C `traceparent`; empty where there is none."""
    return traceparent_of(trace.get_current_span().get_span_context())


def is_recording() -> bool:
    """Tell whether what goes on now is shown to anybody."""
    return trace.get_current_span().is_recording()


def traceparent_of(span: SpanContext) -> str:
    """Write a span's context as a W3C `traceparent`; empty if it is not valid."""
    if not span.is_valid:
        return ""
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags & 0xFF:02x}"


def trace_id_of(traceparent: str) -> str:
    """Return the trace's id of a `traceparent`, 32 hexadecimal digits; empty for a malformed one."""
    match = _TRACEPARENT.fullmatch(traceparent)
    return "" if match is None else match[1]


def context_from(traceparent: str) -> Context:
    """Read a `traceparent` into a context whose current span is that remote one; a malformed one is no parent."""
    match = _TRACEPARENT.fullmatch(traceparent)
    if match is None or traceparent.startswith("ff"):
        return Context()
    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    remote = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & TraceFlags.SAMPLED))
    return trace.set_span_in_context(NonRecordingSpan(remote), Context()) if remote.is_valid else Context()


def start_server_span(traceparent: str, name: str) -> Span:
    """Start the span of a call that came in and make it current for the rest of the task."""
    span = _start(context_from(traceparent), name, SpanKind.SERVER)
    otel_context.attach(trace.set_span_in_context(span))
    return span


@contextmanager
def span_from(
    traceparent: str,
    name: str,
    kind: SpanKind = SpanKind.CONSUMER,
    attributes: Mapping[str, AttributeValue] | None = None,
) -> Generator[Span]:
    """Run a block in a span that continues the trace of `traceparent` (an event's, a webhook's); empty starts one."""
    with _within(_start(context_from(traceparent), name, kind, attributes)) as span:
        yield span


def follow(trace_of: str, step: str) -> AbstractContextManager[object]:
    """Show a block as a step of a trace that a row carries; without one, of what is going on (`Follow`)."""
    return _follow(trace_of, step, SpanKind.INTERNAL)


def follow_out(trace_of: str, step: str) -> AbstractContextManager[object]:
    """Show a block as a call to a program outside: a provider, an endpoint of webhooks (`Follow`)."""
    return _follow(trace_of, step, SpanKind.CLIENT)


def _follow(trace_of: str, step: str, kind: SpanKind) -> AbstractContextManager[Span | None]:
    current = trace.get_current_span()
    if not trace_of:
        # Nothing to go on with: no trace is begun by a step alone.
        return _within(_start(otel_context.get_current(), step, kind)) if current.is_recording() else nullcontext()
    return _within(_start(context_from(trace_of), step, kind))


def _start(context: Context, name: str, kind: SpanKind, attributes: Mapping[str, AttributeValue] | None = None) -> Span:
    """Start a span.

    Where nothing will be recorded the SDK is passed by (it costs a tenth of a call): an unsampled parent is carried on
    as it is, and without a parent fresh ids are drawn, so that logs of one call can still be found by their trace.
    """
    parent = trace.get_current_span(context).get_span_context()
    if parent.is_valid and not parent.trace_flags.sampled:
        return NonRecordingSpan(parent)
    if not parent.is_valid and _State.samples_none:
        ids = SpanContext(getrandbits(128) or 1, getrandbits(64) or 1, is_remote=False, trace_flags=TraceFlags(0))
        return NonRecordingSpan(ids)
    return tracer().start_span(name, context, kind=kind, attributes=attributes)


@contextmanager
def _within(span: Span) -> Generator[Span]:
    token = otel_context.attach(trace.set_span_in_context(span))
    try:
        yield span
    except DomainError as error:
        # A refusal is an answer; only what somebody has to look into is shown as an error.
        if span.is_recording():
            span.set_attribute("jitney.reason", error.reason)
            if isinstance(error, Unavailable | Unknown):
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
        raise
    except Exception as error:
        # The class alone: a message may carry what must not leave the process.
        span.set_status(trace.StatusCode.ERROR, type(error).__name__)
        raise
    finally:
        otel_context.detach(token)
        span.end()


def _version() -> str:
    try:
        return version("jitney")
    except ModuleNotFoundError:  # run from a source tree that is not installed
        return "0"
