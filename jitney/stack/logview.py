"""`jitney logs`: the JSON lines of the processes, readable, in the order of time."""

import json
import os
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from jitney.stack.folders import DataFolder
from jitney.stack.logfiles import tail
from jitney.stack.problems import StackError

_POLL_SECONDS = 0.2
_READ_BYTES = 1_000_000
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
        StackError: there is none, or none of that name, or they may not be read.
    """
    try:
        files = {name: folder.log_of(name) for name in sorted(_names(folder))}
    except PermissionError:
        raise StackError(f"{folder.logs} is another account's. Ask as who started the stack.") from None
    if not files:
        raise StackError(f"There are no logs in {folder.path}. jitney up starts what writes them.")
    if name is None:
        return files
    if name not in files:
        known = ", ".join(files)
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


class Follower:
    """Reads what is written to log files from now on."""

    def __init__(self, files: dict[str, Path], folder: DataFolder | None = None) -> None:
        """Begins at the end of the files; with a folder, those that come into being later on are read as well."""
        self._files = dict(files)
        self._folder = folder
        self._positions = {name: path.stat().st_size if path.exists() else 0 for name, path in files.items()}

    def news(self) -> list[LogLine]:
        """The whole lines that were written since the last call."""
        if self._folder is not None:
            for name in sorted(_names(self._folder) - self._files.keys()):
                self._files[name], self._positions[name] = self._folder.log_of(name), 0
        return [LogLine.parse(name, text) for name in self._files for text in self._read(name)]

    def forever(self) -> Generator[LogLine]:
        """Every line as it comes; never ends by itself."""
        while True:
            yield from self.news()
            time.sleep(_POLL_SECONDS)

    def _read(self, name: str) -> list[str]:
        path, position = self._files[name], self._positions[name]
        try:
            if path.stat().st_size < position:
                position = 0  # emptied, because it had grown too large
            with path.open("rb") as file:
                file.seek(position)
                content = file.read(_READ_BYTES)
        except OSError:
            return []
        whole = content[: content.rfind(b"\n") + 1]
        self._positions[name] = position + len(whole)
        return whole.decode("utf-8", "replace").splitlines()


def _names(folder: DataFolder) -> set[str]:
    """The processes that have written a log. (A glob would tell of none where it may not look.)"""
    try:
        entries = os.listdir(folder.logs)
    except (FileNotFoundError, NotADirectoryError):
        return set()
    return {name.removesuffix(".log") for name in entries if name.endswith(".log")}


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 200 else text[:200] + "…"
