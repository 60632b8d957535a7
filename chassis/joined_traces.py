"""The trace of a thing that lives long: its changes are spans of its own trace, linked to whoever made them.

A ride is asked for by its rider, offered by a tick, accepted by a driver and paid for by a sweep: four traces, were
each only its caller's. The thing's row carries the `traceparent` of the request that made it. A transaction that locks
the row shows as a span of that trace, so that what it tells others goes on there; a link leads to the caller's span,
and one from there back. Where the caller is in that trace already, there is nothing to join.
"""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.trace import Link, NonRecordingSpan, Span

from chassis.telemetry import context_from, traceparent_of, tracer


class JoinedTraces:
    """The things that one transaction changes; `end` it with the transaction."""

    __slots__ = ("_attribute", "_name", "_spans")

    def __init__(self, name: str, attribute: str) -> None:
        """Name the spans, and the attribute that carries the thing's id."""
        self._name = name
        self._attribute = attribute
        self._spans: dict[object, Span] = {}

    def join(self, thing: object, traceparent: str) -> None:
        """Go on in the trace of a thing whose row was just locked, if it carries one; the caller's span names it."""
        if thing in self._spans:
            return
        current = trace.get_current_span()
        if current.is_recording():
            current.set_attribute(self._attribute, str(thing))
        context = context_from(traceparent)
        parent = trace.get_current_span(context).get_span_context()
        mine = current.get_span_context()
        if not parent.is_valid or parent.trace_id == mine.trace_id:
            return
        if not parent.trace_flags.sampled:
            self._spans[thing] = NonRecordingSpan(parent)
            return
        links = [Link(mine)] if mine.is_valid else []
        span = tracer().start_span(self._name, context, attributes={self._attribute: str(thing)}, links=links)
        if current.is_recording():
            current.add_link(span.get_span_context())
        self._spans[thing] = span

    def traceparent(self, thing: object) -> str:
        """Return what news of a thing carry: its own trace, if it was joined, else that of the caller."""
        span = self._spans.get(thing) or trace.get_current_span()
        return traceparent_of(span.get_span_context())

    def name(self, thing: object, name: str) -> None:
        """Say what became of a thing; names are of a closed set."""
        span = self._spans.get(thing)
        if span is not None:
            span.update_name(name)

    def end(self) -> None:
        """End the spans."""
        for span in self._spans.values():
            span.end()
