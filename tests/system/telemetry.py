"""A receiver of traces (OTLP over HTTP, protobuf), and what its spans say of how things hang together."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SeenSpan:
    """A span as it came over the wire; `name` begins with its service's."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    links: frozenset[str]
    attributes: dict[str, Any]
    raw: str
    """All of it in text, to look for what must not be in it."""


class TraceReceiver:
    """Takes spans in; what is posted to any other path it answers with 204 (a receiver of webhooks)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._spans: list[SeenSpan] = []
        self._lock = threading.Lock()

    def take(self, body: bytes) -> None:
        """Keep the spans of an export."""
        request = ExportTraceServiceRequest.FromString(body)
        found = [
            _seen(span, _text(group.resource.attributes, "service.name"))
            for group in request.resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        ]
        with self._lock:
            self._spans += found

    def spans(self) -> list[SeenSpan]:
        """Return all that came so far."""
        with self._lock:
            return list(self._spans)


@contextmanager
def receiving() -> Generator[TraceReceiver]:
    """Run a receiver on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers["Content-Length"] or 0), _MOST_BYTES))
            answer = b""
            if self.path == "/v1/traces":
                receiver.take(body)
                answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200 if self.path == "/v1/traces" else 204)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's own name)
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = TraceReceiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def connected(spans: Iterable[SeenSpan], trace_id: str) -> list[SeenSpan]:
    """Return the spans that hang together with a trace, by parents and links in either direction."""
    spans = list(spans)
    neighbors: dict[str, set[str]] = {}
    for span in spans:
        for other in {span.parent_id, *span.links} - {""}:
            neighbors.setdefault(span.span_id, set()).add(other)
            neighbors.setdefault(other, set()).add(span.span_id)
    reached = set[str]()
    begun = [span.span_id for span in spans if span.trace_id == trace_id][:1]
    while begun:
        span_id = begun.pop()
        if span_id not in reached:
            reached.add(span_id)
            begun += neighbors.get(span_id, ())
    return [span for span in spans if span.span_id in reached]


def edges(spans: Iterable[SeenSpan]) -> set[tuple[str, str]]:
    """Return which span led to which, by parent or by link, in their names."""
    spans = list(spans)
    names = {span.span_id: span.name for span in spans}
    return {(names[other], span.name) for span in spans for other in {span.parent_id, *span.links} if other in names}


def _seen(span: Any, service: str) -> SeenSpan:
    return SeenSpan(
        name=f"{service}: {span.name}",
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        links=frozenset(link.span_id.hex() for link in span.links),
        attributes={pair.key: _value(pair) for pair in span.attributes},
        raw=str(span),
    )


def _text(attributes: Iterable[KeyValue], key: str) -> str:
    return next((pair.value.string_value for pair in attributes if pair.key == key), "")


def _value(pair: KeyValue) -> Any:
    kind = pair.value.WhichOneof("value")
    return getattr(pair.value, kind) if kind else None
