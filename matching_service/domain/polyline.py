"""Encoded polylines: a line on the map as a short text, which map libraries of apps draw as it is.

The format is Google's Encoded Polyline Algorithm with five decimals (1.1 m), the one OSRM writes as `polyline`.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared_kernel.errors import InvalidInput
from shared_kernel.geo import GeoPoint

_PRECISION = 1e5


def encode_polyline(points: Iterable[tuple[float, float]]) -> str:
    """Write (latitude, longitude) pairs in degrees."""
    text: list[str] = []
    before = (0, 0)
    for latitude, longitude in points:
        here = (round(latitude * _PRECISION), round(longitude * _PRECISION))
        for value in (here[0] - before[0], here[1] - before[1]):
            bits = ~(value << 1) if value < 0 else value << 1
            while bits >= 0x20:
                text.append(chr((0x20 | (bits & 0x1F)) + 63))
                bits >>= 5
            text.append(chr(bits + 63))
        before = here
    return "".join(text)


def join_polylines(lines: Iterable[str]) -> str:
    """Write lines, each of which begins where the one before ends, as one; empty when any of them is unknown."""
    points: list[tuple[float, float]] = []
    for line in lines:
        if not line:
            return ""
        more = decode_polyline(line)
        points += more[1:] if points and more[:1] == points[-1:] else more
    return encode_polyline(points)


def decode_polyline(text: str) -> list[tuple[float, float]]:
    """Read what `encode_polyline` wrote. Raises ValueError when it is no polyline."""
    values: list[int] = []
    bits = shift = 0
    for letter in text:
        code = ord(letter) - 63
        if not 0 <= code < 64 or shift > 30:
            raise ValueError("not an encoded polyline")
        bits |= (code & 0x1F) << shift
        shift += 5
        if code < 0x20:
            values.append(~(bits >> 1) if bits & 1 else bits >> 1)
            bits = shift = 0
    if shift or len(values) % 2:
        raise ValueError("an encoded polyline ends too early")
    points: list[tuple[float, float]] = []
    latitude = longitude = 0
    for index in range(0, len(values), 2):
        latitude += values[index]
        longitude += values[index + 1]
        points.append((latitude / _PRECISION, longitude / _PRECISION))
    return points


def points_of(text: str) -> list[GeoPoint]:
    """Return the points of a line that is ours or a provider's; none where it is empty or cannot be read."""
    try:
        return [GeoPoint(*point) for point in decode_polyline(text)]
    except (ValueError, InvalidInput):
        return []
