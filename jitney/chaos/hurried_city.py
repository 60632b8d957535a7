"""The packaged city's policy with short times, so that minutes of a run see every timer fire."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

HURRIED = {
    "quote_seconds = 300": "quote_seconds = 60",
    "offer_seconds = 15": "offer_seconds = 3",
    "late_accept_seconds = 10": "late_accept_seconds = 2",
    "search_window_seconds = 300": "search_window_seconds = 20",
    "free_cancel_seconds = 120": "free_cancel_seconds = 2",
    "no_show_wait_seconds = 300": "no_show_wait_seconds = 3",
    "tick_seconds = 2.0": "tick_seconds = 0.5",
}


def write_hurried_city(folder: Path, hurried: Mapping[str, str] = HURRIED) -> Path:
    """Write the policy into a folder, with lines in place of others.

    Raises:
        ValueError: the packaged one no longer says what is to be hurried.
    """
    policy = files("matching_service").joinpath("cities", "default.toml").read_text()
    for usual, instead in hurried.items():
        if usual not in policy:
            raise ValueError(f"the packaged city says nothing like {usual!r}")
        policy = policy.replace(usual, instead)
    path = folder / "city.toml"
    path.write_text(policy)
    return path
