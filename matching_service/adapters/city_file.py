"""The files that cities' policies may come from; each fault is told by file, key and reason."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from matching_service.adapters.city_document import read_document
from matching_service.domain.city import CityPolicy
from shared_kernel.errors import InvalidInput


class CityFileError(ValueError):
    """A city file that cannot be used; the text names the file, each key at fault and the reason."""


@dataclass(frozen=True, slots=True)
class CityFile:
    """A file that was read: its text as it stands, and what it says."""

    text: str
    policy: CityPolicy


def load_cities(path: Path | None) -> list[CityFile]:
    """Read a city file, or all `*.toml` of a folder, or the packaged one when `path` is None; in order of their keys.

    Raises CityFileError, also for a folder without a file and for two files of one city.
    """
    if path is None:
        text = files("matching_service").joinpath("cities/default.toml").read_text(encoding="utf-8")
        return [CityFile(text, parse_city(text, "matching_service/cities/default.toml"))]
    if not path.is_dir():
        return [_load(path)]
    found = {file: _load(file) for file in sorted(path.glob("*.toml"))}
    if not found:
        raise CityFileError(f"{path}: there is no city file (*.toml) in this folder")
    by_city: dict[str, Path] = {}
    for file, read in found.items():
        former = by_city.setdefault(read.policy.city, file)
        if former != file:
            raise CityFileError(f"{file}: city: {read.policy.city!r} is the city of {former} already")
    return sorted(found.values(), key=lambda read: read.policy.city)


def load_city(path: Path | None) -> CityPolicy:
    """Read one city file, or the packaged one when `path` is None. Raises CityFileError."""
    return load_cities(path)[0].policy


def parse_city(text: str, source: str) -> CityPolicy:
    """Read the text of a city file; `source` names it in errors. Raises CityFileError."""
    try:
        return read_document(text)
    except InvalidInput as error:
        faults = [f"{source}: {fault.field}: {fault.description}" for fault in error.violations]
        raise CityFileError("\n".join(faults)) from error


def _load(path: Path) -> CityFile:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CityFileError(f"{path}: cannot be read: {error}") from error
    return CityFile(text, parse_city(text, str(path)))
