"""Where spans of a benchmark go: an OTLP/HTTP endpoint that counts what it is sent and says yes."""

from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class SpanSink(ThreadingHTTPServer):
    """Counts the bytes of the batches."""

    daemon_threads = True
    received_bytes = 0

    @property
    def endpoint(self) -> str:
        """What to set as the OTLP endpoint."""
        return f"http://127.0.0.1:{self.server_port}"


class _Batch(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        if isinstance(self.server, SpanSink):
            self.server.received_bytes += length
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Nobody reads these lines."""


@contextmanager
def span_sink() -> Generator[SpanSink]:
    """Listens meanwhile."""
    with SpanSink(("127.0.0.1", 0), _Batch) as sink:
        thread = Thread(target=sink.serve_forever, daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            sink.shutdown()
            thread.join()
