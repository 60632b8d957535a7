"""The requests of a flood: what each kind is, and how often it comes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

MEASURED_AT, SEQUENCE = b"@measured_at", b"@sequence"
TRIP, USUAL, DEFERRABLE = "trip", "usual", "deferrable"


@dataclass(frozen=True)
class Kind:
    """Requests of one kind.

    Args:
        name: for the report.
        urgency: trip, usual or deferrable, as the service classes it.
        share: of all that are not of trips; of trips, a kind's share of these.
        method: of HTTP.
        path: of HTTP.
        tokens: of who asks, in turns.
        body: JSON; `@measured_at` and `@sequence` are filled in as it is sent.
    """

    name: str
    urgency: str
    share: float
    method: str
    path: str
    tokens: Sequence[str]
    body: bytes = b""

    def request(self, number: int) -> bytes:
        """Write the next one as HTTP/1.1."""
        body = self.body
        if SEQUENCE in body:
            now = datetime.now(UTC).isoformat().encode()
            body = body.replace(MEASURED_AT, now).replace(SEQUENCE, str(int(1_000 * time.time())).encode())
        token = self.tokens[number % len(self.tokens)]
        head = f"{self.method} {self.path} HTTP/1.1\r\nHost: strain\r\nAuthorization: Bearer {token}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body


@dataclass(frozen=True)
class Flood:
    """Requests at a rate, however slowly they are answered.

    Args:
        kinds: what is asked.
        per_second: of all kinds that are not of trips together.
        trips_per_second: of the kinds of trips together.
        seconds: how long.
        connections: that are held at most, and a fifth as many more for trips: nobody else's app takes theirs.
    """

    kinds: Sequence[Kind]
    per_second: float
    trips_per_second: float
    seconds: float
    connections: int

    def rates(self) -> Mapping[str, float]:
        """Requests a second, by kind."""
        return {
            kind.name: kind.share * (self.trips_per_second if kind.urgency == TRIP else self.per_second)
            for kind in self.kinds
        }


def app_kinds(rider_tokens: Sequence[str], driver_tokens: Sequence[str]) -> list[Kind]:
    """Return what apps ask for: people who look at prices and lists, and drivers who tell where they are."""
    quote = b'{"pickup":{"latitude":37.788,"longitude":-122.4075},"dropoff":{"latitude":37.7955,"longitude":-122.3937}}'
    ping = (
        b'{"locations":[{"latitude":37.7749,"longitude":-122.4194,"accuracy_meters":5,'
        b'"measured_at":"@measured_at","sequence":@sequence}]}'
    )
    return [
        Kind("quotes", DEFERRABLE, 0.6, "POST", "/v1/quotes", rider_tokens, quote),
        Kind("lists of rides", DEFERRABLE, 0.2, "GET", "/v1/rides", rider_tokens),
        Kind("own account", USUAL, 0.2, "GET", "/v1/me", rider_tokens),
        Kind("locations", TRIP, 0.7, "POST", "/v1/driver/locations", driver_tokens, ping),
        Kind("open offer", TRIP, 0.3, "GET", "/v1/driver/offers/current", driver_tokens),
    ]
