"""An OSRM server as far as its API goes: `python -m tests.fakes.matching_osrm` prints its port and serves.

It knows streets within 0.3 degrees of 0, 0, all driven at 10 m/s over 1.2 times the great circle. `POST /fault?kind=…`
has it fail from then on: `error` (500), `slow` (never answers), `drip` (a byte now and then), `garbage`, `nested`
(without end), `silent` (empty), `negative`, `huge`, `none`. The formats are those of
https://project-osrm.org/docs/v5.24.0/api/.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from matching_service.domain.polyline import encode_polyline
from shared_kernel.geo import GeoPoint, haversine_meters

MAX_TABLE_SIZE = 100
EDGE = 0.3


class Handler(BaseHTTPRequestHandler):
    """Answers as OSRM does."""

    protocol_version = "HTTP/1.1"
    fault = "none"
    asked = 0
    ended = threading.Event()

    def do_POST(self) -> None:
        Handler.fault = parse_qs(urlsplit(self.path).query)["kind"][0]
        self._send(200, b"{}")

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/asked":
            self._send(200, json.dumps(Handler.asked).encode())
            return
        Handler.asked += 1
        match Handler.fault:
            case "error":
                self._send(500, b"{}")
            case "slow":
                Handler.ended.wait(30)
                self.close_connection = True
            case "drip":
                self._drip()
            case "garbage":
                self._send(200, b"<html>not what you asked for")
            case "nested":
                self._send(200, b"[" * 100_000)
            case "silent":
                self._send(200, b'{"code":"Ok"}')
            case _:
                self._answer(parts.path, parse_qs(parts.query))

    def _answer(self, path: str, query: dict[str, list[str]]) -> None:
        _, service, _, _, coordinates = path.split("/")
        pairs = [tuple(map(float, pair.split(","))) for pair in coordinates.split(";")]
        points = [GeoPoint(latitude, longitude) for longitude, latitude in pairs]
        if service == "table" and len(points) > MAX_TABLE_SIZE:
            self._send(400, b'{"code":"TooBig","message":"Too many table coordinates"}')
            return
        streets = [_street(point) for point in points]
        ends: list[dict[str, Any]] = [
            {"distance": haversine_meters(point, street), "location": [street.longitude, street.latitude], "name": ""}
            for point, street in zip(points, streets, strict=True)
        ]
        sign = -1 if Handler.fault == "negative" else 1
        if service == "route":
            meters = haversine_meters(*streets) * 1.2
            line = encode_polyline([(street.latitude, street.longitude) for street in streets])
            seconds = 10**400 if Handler.fault == "huge" else sign * meters / 10
            route = {"distance": meters, "duration": seconds, "weight": meters / 10, "geometry": line}
            self._send(200, json.dumps({"code": "Ok", "routes": [route], "waypoints": ends}).encode())
            return
        sources, destinations = ([int(n) for n in query[name][0].split(";")] for name in ("sources", "destinations"))
        durations = [
            [sign * haversine_meters(streets[a], streets[b]) * 1.2 / 10 for b in destinations] for a in sources
        ]
        body = {
            "code": "Ok",
            "durations": [[10**400] * len(row) for row in durations] if Handler.fault == "huge" else durations,
            "sources": [ends[index] for index in sources],
            "destinations": [ends[index] for index in destinations],
        }
        self._send(200, json.dumps(body).encode())

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        try:
            for _ in range(100):
                self.wfile.write(b" ")
                Handler.ended.wait(0.05)
        except OSError:  # who asked has gone
            self.close_connection = True

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is the base class')
        pass


def _street(point: GeoPoint) -> GeoPoint:
    """Snap to the streets there are, however far: as OSRM does."""
    return GeoPoint(max(-EDGE, min(EDGE, point.latitude)), max(-EDGE, min(EDGE, point.longitude)))


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()
