"""`jitney logs`: the JSON lines of the processes, readable, in the order of time."""

import json
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from jitney.stack.folders import DataFolder
from jitney.stack.logfiles import tail
from jitney.stack.problems import StackError

_POLL_SECONDS = 0.2
_KNOWN = ("time", "level", "service", "logger", "message", "trace_id", "span_id")


@dataclass(frozen=True)
class LogLine:
    """One line of a log; `time` is RFC 3339, or empty where the process writes no JSON."""

    name: str
    time: str
    level: str
    message: str
    extra: str

    @classmethod
    def parse(cls, name: str, text: str) -> "LogLine":
        """Reads a JSON line; anything else is a message as it stands."""
        try:
            values: object = json.loads(text)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            return cls(name, "", "", text.rstrip(), "")
        fields = cast("dict[str, object]", values)
        extra = " ".join(f"{key}={_short(value)}" for key, value in fields.items() if key not in _KNOWN)
        first, *further = str(fields.get("message", "")).splitlines() or [""]
        message = "\n".join([first, *(f"    {line}" for line in further)])
        return cls(name, str(fields.get("time", "")), str(fields.get("level", "")).lower(), message, extra)

    def render(self) -> str:
        """`12:00:01.234 warning matching  message  key=value`."""
        clock = self.time[11:23].rstrip("Z")
        return f"{clock:<12} {self.level:<8} {self.name:<12} {self.message}  {self.extra}".rstrip()


def log_files(folder: DataFolder, name: str | None) -> dict[str, Path]:
    """The log files by process.

    Raises:
        StackError: there is none of that name.
    """
    files = {path.stem: path for path in sorted(folder.logs.glob("*.log"))}
    if name is None:
        return files
    if name not in files:
        known = ", ".join(files) or "none yet"
        raise StackError(f"There is no log of {name}. There are: {known}.")
    return {name: files[name]}


def recent(files: dict[str, Path], count: int) -> list[LogLine]:
    """The last `count` lines over all files, oldest first."""
    merged: list[tuple[str, LogLine]] = []
    for name, path in files.items():
        last = ""
        for text in tail(path, count):
            line = LogLine.parse(name, text)
            last = line.time or last  # a line without a time belongs to the one before it
            merged.append((last, line))
    merged.sort(key=lambda item: item[0])
    return [line for _, line in merged[-count:]]


def follow(files: dict[str, Path]) -> Generator[LogLine]:
    """Every line that is written from now on; never ends by itself."""
    positions = {name: path.stat().st_size if path.exists() else 0 for name, path in files.items()}
    while True:
        for name, path in files.items():
            yield from (LogLine.parse(name, text) for text in _news(name, path, positions))
        time.sleep(_POLL_SECONDS)


def _news(name: str, path: Path, positions: dict[str, int]) -> Iterable[str]:
    try:
        size = path.stat().st_size
    except OSError:
        return []
    if size < positions[name]:
        positions[name] = 0  # emptied, because it had grown too large
    if size == positions[name]:
        return []
    with path.open("rb") as file:
        file.seek(positions[name])
        content = file.read(1_000_000)
    whole = content[: content.rfind(b"\n") + 1]
    positions[name] += len(whole)
    return whole.decode("utf-8", "replace").splitlines()


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 200 else text[:200] + "…"
