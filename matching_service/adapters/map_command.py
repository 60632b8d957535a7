"""`map build`: from an OpenStreetMap extract to the file that the service loads."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from matching_service.adapters.osm_reader import MapError, read_streets
from matching_service.adapters.street_builder import build_street_map
from matching_service.adapters.street_map import load_map, save_map

USAGE = "usage: python -m matching_service map build FILE.osm.pbf [--out FILE]"


def default_target(source: Path) -> Path:
    """Name the map of an extract: beside it, without its endings, as `.map`."""
    name = source.name
    for ending in (".pbf", ".gz", ".bz2", ".osm"):
        name = name.removesuffix(ending)
    return source.with_name(f"{name}.map")


def build_map(source: Path, target: Path, say: Callable[[str], None]) -> None:
    """Build and write the map, and tell what was found. Raises MapError."""
    began = time.monotonic()
    streets = read_streets(source)
    read = time.monotonic()
    built = build_street_map(streets)
    size = save_map(built.street_map, target)
    done = time.monotonic()
    street_map = load_map(target)
    loaded = time.monotonic()
    say(f"{target}: {size / 1e6:.1f} MB, map {street_map.digest()}")
    say(f"  {len(streets.ways):,} streets that cars may use, {len(streets.signals):,} signals")
    say(f"  {street_map.places:,} nodes, {street_map.edges:,} edges, {street_map.kilometers:,.1f} km in all directions")
    say(f"  {built.turns:,} of {len(streets.turns):,} turn restrictions held")
    say(f"  {built.dropped_nodes:,} nodes left out, which are not connected both ways with the rest")
    say(f"  read in {read - began:.2f} s, built in {done - read:.2f} s, loads in {loaded - done:.3f} s")


def main(arguments: list[str], say: Callable[[str], None], complain: Callable[[str], None]) -> int:
    """Run the command; return the exit code."""
    match arguments:
        case ["build", source]:
            target = default_target(Path(source))
        case ["build", source, "--out", out]:
            target = Path(out)
        case _:
            complain(USAGE)
            return 2
    try:
        build_map(Path(source), target, say)
    except MapError as error:
        complain(str(error))
        return 1
    return 0
