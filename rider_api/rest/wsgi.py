"""One call of a WSGI application (PEP 3333) with a request that was taken in whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, Protocol

Headers = list[tuple[str, str]]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_ALWAYS: dict[str, Any] = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "granian",
    "wsgi.errors": sys.stderr,
    "wsgi.multiprocess": False,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
    # Werkzeug's own word: the input ends where the body ends, also where its length was not declared.
    "wsgi.input_terminated": True,
}
_PLAIN = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class RequestHeaders(Protocol):
    """A request's headers by lower-case names; a name may come several times."""

    def items(self) -> list[tuple[str, str]]: ...
    def get(self, key: str) -> str | None: ...


class Scope(Protocol):
    """A request without its body, as granian's RSGI tells it."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None

    @property
    def headers(self) -> RequestHeaders: ...


def environ_of(scope: Scope, body: bytes) -> dict[str, Any]:
    """Return the environment of a request."""
    host, _, port = scope.server.rpartition(":")
    environ = {
        **_ALWAYS,
        "REQUEST_METHOD": scope.method,
        # Bytes as PEP 3333 wants them told: each a character.
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].removeprefix("[").removesuffix("]"),
        "HTTP_HOST": scope.authority or "",
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
    }
    seen: set[str] = set()
    for name, value in scope.headers.items():
        key = _PLAIN.get(name) or "HTTP_" + name.replace("-", "_").upper()
        environ[key] = f"{environ[key]},{value}" if key in seen else value
        seen.add(key)
    return environ


def answer(application: Application, environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
    """Return status, headers and body of what the application answers."""
    told: list[tuple[int, Headers]] = []

    def start(status: str, headers: Headers, exc_info: object = None) -> None:
        del exc_info
        told.append((int(status[:3]), headers))

    pieces = application(environ, start)
    try:
        body = b"".join(pieces)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    status, headers = told[-1]
    return status, headers, body
