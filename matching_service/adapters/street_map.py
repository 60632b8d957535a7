"""A city's street graph as arrays, and the file it is kept in.

The file: 10 bytes that name the format, its version and the length of the header (big-endian, 16 and 32 bits), the
header in JSON, then the arrays one after another, little-endian. The header names each array with its type and length
and carries a digest of them all. There is nothing in it that could run, and what is loaded fits together: a map from a
stranger can at worst be wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matching_service.adapters.osm_reader import MapError

MAGIC = b"JITNEYMAP\n"
VERSION = 1
_PREFIX = struct.Struct(">10sHI")
_MAX_HEADER_BYTES = 1_000_000
_TYPES = {
    "node_latitude": "<i4",
    "node_longitude": "<i4",
    "arrival_node": "<i4",
    "first_edge": "<i4",
    "edge_target": "<i4",
    "edge_meters": "<f4",
    "edge_seconds": "<f4",
    "first_shape": "<i4",
    "shape_latitude": "<i4",
    "shape_longitude": "<i4",
}
DEGREE = 1e7
"""Places are whole ten millionths of a degree (1.1 cm), as in OpenStreetMap."""

Array = Any
"""A numpy array. numpy is imported by who works with a map, not by who names one."""


@dataclass(frozen=True, slots=True)
class StreetMap:
    """A directed graph: nodes 0 .. n-1, the edges of node i at `first_edge[i]` up to `first_edge[i + 1]`.

    Only the first `places` nodes stand for places on the map. The others are what turn restrictions need: copies of
    crossings for who comes from where not every turn is allowed, and ends that only arrivals reach.
    """

    places: int
    node_latitude: Array
    node_longitude: Array
    arrival_node: Array
    """For each place, the node by which one arrives there: itself, save at crossings with turn restrictions."""
    first_edge: Array
    edge_target: Array
    """Ascending within a node."""
    edge_meters: Array
    edge_seconds: Array
    """Without traffic."""
    first_shape: Array
    """Of edge i the points between its ends lie at `first_shape[i]` up to `first_shape[i + 1]`."""
    shape_latitude: Array
    shape_longitude: Array

    @property
    def edges(self) -> int:
        """How many directed edges there are."""
        return len(self.edge_target)

    @property
    def kilometers(self) -> float:
        """Length of all directed edges."""
        return float(self.edge_meters.sum(dtype="f8")) / 1000

    def digest(self) -> str:
        """Name the map by its content; what was learned on one map is not applied to another."""
        return _digest(self.places, [getattr(self, name) for name in _TYPES])


def save_map(street_map: StreetMap, path: Path) -> int:
    """Write a map, whole or not at all; return its size in bytes. Raises MapError."""
    arrays = [getattr(street_map, name).astype(dtype) for name, dtype in _TYPES.items()]
    header = json.dumps(
        {
            "places": street_map.places,
            "arrays": [[name, dtype, len(array)] for (name, dtype), array in zip(_TYPES.items(), arrays, strict=True)],
            "digest": _digest(street_map.places, arrays),
        }
    ).encode()
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                file.write(_PREFIX.pack(MAGIC, VERSION, len(header)) + header)
                for array in arrays:
                    file.write(array.tobytes())
                file.flush()
                os.fsync(file.fileno())
                os.chmod(file.name, 0o644)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise MapError(f"{path}: cannot be written: {error.strerror}") from error
    return path.stat().st_size


def load_map(path: Path) -> StreetMap:
    """Read a map file. Raises MapError when it is none, of another version, cut off or changed."""
    import numpy as np  # noqa: PLC0415 (half a second to import)

    try:
        content = path.read_bytes()
    except OSError as error:
        raise MapError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) < _PREFIX.size or not content.startswith(MAGIC):
        hint = "; jitney map build makes one of an .osm.pbf" if path.suffix in {".pbf", ".osm"} else ""
        raise MapError(f"{path}: is not a street map of Jitney{hint}")
    _, version, header_bytes = _PREFIX.unpack_from(content)
    if version != VERSION:
        raise MapError(f"{path}: is a street map of version {version}, this release reads {VERSION}; build it anew")
    try:
        if header_bytes > _MAX_HEADER_BYTES:
            raise ValueError("its header is too long")
        header = json.loads(content[_PREFIX.size : _PREFIX.size + header_bytes])
        offset = _PREFIX.size + header_bytes
        arrays: dict[str, Array] = {}
        for name, dtype, count in header["arrays"]:
            if _TYPES.get(name) != dtype:
                raise ValueError(f"it holds an unknown array {name!r}")
            arrays[name] = np.frombuffer(content, dtype, count, offset)
            offset += arrays[name].nbytes
        if len(content) != offset:
            raise ValueError("its length is not what the header says")
        street_map = StreetMap(places=int(header["places"]), **arrays)
        if header["digest"] != street_map.digest():
            raise ValueError("its content is not what was written")
        _refuse_unless_whole(street_map)
    except (ValueError, KeyError, TypeError) as error:
        raise MapError(f"{path}: is damaged ({error}); build it anew") from error
    return street_map


def _refuse_unless_whole(here: StreetMap) -> None:
    """Raise ValueError where an array points beyond another, or a way takes no time: a search would not end well."""
    import numpy as np  # noqa: PLC0415

    def starts(first: Array, count: int, end: int) -> bool:
        steps = np.diff(first.astype(np.int64))
        return len(first) == count + 1 and first[0] == 0 and first[-1] == end and bool((steps >= 0).all())

    def names(nodes: Array) -> bool:
        return bool(((nodes >= 0) & (nodes < len(here.node_latitude))).all())

    nodes, edges, points = len(here.node_latitude), here.edges, len(here.shape_latitude)
    if not (
        0 < here.places <= nodes
        and len(here.arrival_node) == here.places
        and len(here.node_longitude) == nodes
        and len(here.edge_meters) == len(here.edge_seconds) == edges
        and len(here.shape_longitude) == points
        and starts(here.first_edge, nodes, edges)
        and starts(here.first_shape, edges, points)
        and names(here.arrival_node)
        and names(here.edge_target)
        and bool((np.isfinite(here.edge_seconds) & (here.edge_seconds > 0)).all())
        and bool((np.isfinite(here.edge_meters) & (here.edge_meters >= 0)).all())
    ):
        raise ValueError("its parts do not fit together")


def _digest(places: int, arrays: list[Array]) -> str:
    digest = hashlib.blake2b(str(places).encode(), digest_size=16)
    for array, dtype in zip(arrays, _TYPES.values(), strict=True):
        digest.update(array.astype(dtype, copy=False).tobytes())
    return digest.hexdigest()
