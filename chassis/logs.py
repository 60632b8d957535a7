"""Logs: one JSON object a line on stderr, with the trace it belongs to and without anybody's secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

from opentelemetry import trace

_log = logging.getLogger(__name__)
REDACTED = "[redacted]"
_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR"})
_LONGEST_LEVEL = 64

_SECRET_NAMES = re.compile(
    r"(^|_)(phone|phone_number|msisdn|otp|one_time_code|code|pin|cvc|pan|card_number|token|access_token|refresh_token|jwt"
    r"|authorization|password|secret|pepper|api_key|signature|client_secret|signing_key|phone_key)$",
    re.IGNORECASE,
)
_HARMLESS_NAMES = frozenset({"status_code", "grpc_code", "currency_code", "country_code", "exit_code", "product_code"})
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), REDACTED),  # a JWT
    (re.compile(r"(?i)\bbearer\s+[^\s\"',]+"), f"Bearer {REDACTED}"),
    (re.compile(r"\b(?:sk|rk|pk)_(?:test|live)_\w+|\bwhsec_\w+|\b[ps]i_\w+_secret_\w+"), REDACTED),
    (re.compile(r"(?<=://)([^\s:/@]*):[^\s@/]+(?=@)"), rf"\1:{REDACTED}"),  # the password of a URL
    (
        re.compile(
            r"(?i)\b((?:one[-_ ]time[-_ ])?(?:code|otp|pin|token|secret|password|passcode)"
            r"[\"']?(?:\s*[:=]\s*|\s+(?:is\s+)?)[\"']?)"
            r"(?=\S*\d)[^\s\"',;]{4,}"
        ),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"\+\d[\d ().-]{6,18}\d"), REDACTED),  # E.164 and its spaced spellings
    # Card numbers (ISO 7812, industries 2 to 6); numbers that begin with 1 are times in milliseconds.
    (
        re.compile(r"(?<![\w.-])(?:[2-6]\d{12,18}|[2-6]\d{3}(?:[ -]\d{4}){3}|3\d{3}[ -]\d{6}[ -]\d{5})(?![\w-])"),
        REDACTED,
    ),
)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_MAX_TEXT_LENGTH = 8_192


def redact(text: str) -> str:
    """Blank out phone numbers, card numbers, tokens, keys, one-time codes and passwords within a text."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _clean(name: str, value: object) -> object:
    if name not in _HARMLESS_NAMES and _SECRET_NAMES.search(name):
        return REDACTED
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        entries: Mapping[Any, object] = value
        return {str(key): _clean(str(key), item) for key, item in entries.items()}
    if isinstance(value, list | tuple):
        items: list[object] | tuple[object, ...] = value
        return [_clean("", item) for item in items]
    return redact(str(value))[:_MAX_TEXT_LENGTH]


class JsonFormatter(logging.Formatter):
    """Makes the line: time, level, service, logger, message, trace_id, span_id, error, and the extra fields."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": redact(record.getMessage())[:_MAX_TEXT_LENGTH],
        }
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            entry["trace_id"] = trace.format_trace_id(span.trace_id)
            entry["span_id"] = trace.format_span_id(span.span_id)
        for name, value in vars(record).items():
            if name not in _STANDARD and name not in entry:
                entry[name] = _clean(name, value)
        if record.exc_info and record.exc_info[0] is not None:
            # The tail of a long traceback is the part that tells.
            entry["error"] = redact(self.formatException(record.exc_info))[-_MAX_TEXT_LENGTH:]
        return json.dumps(entry, ensure_ascii=False, default=str)


def configure_logging(service: str, level: str, level_file: Path | None = None) -> None:
    """Send every logger of this process to stderr as JSON lines; call it once, first.

    With a `level_file`, the level is what stands in it, for as long as it is there and says one.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("httpx", "httpcore", "asyncio", "alembic.runtime.plugins", "stripe"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    if level_file is not None:
        # A thread and not a signal: the edge's workers wait outside of Python, where no handler would run.
        watch = LevelWatch(level_file, level)
        Thread(target=watch.run, name="log level", daemon=True).start()


class LevelWatch:
    """Keeps the level of the root logger at what a file says."""

    def __init__(self, file: Path, usual: str) -> None:
        """Watch a file; `usual` is the level without one."""
        self._file = file
        self._usual = usual.upper()
        self._seen: str | None = None

    def run(self, period_seconds: float = 2.0) -> None:
        """Look for ever."""
        while True:
            self.look()
            time.sleep(period_seconds)

    def look(self) -> None:
        """Look once; what is no level is told of once, and the usual one holds."""
        try:
            with self._file.open(encoding="utf-8", errors="replace") as file:
                said = file.read(_LONGEST_LEVEL).strip().upper()
        except OSError:
            said = ""
        if said == self._seen:
            return
        first, self._seen = self._seen is None, said
        known = said in _LEVELS
        root = logging.getLogger()
        root.setLevel(said if known else self._usual)
        if said and not known:
            _log.warning("the file of the log level names none", extra={"levels": sorted(_LEVELS)})
        elif said or not first:
            root.log(root.level, "the log level changed", extra={"to": logging.getLevelName(root.level).lower()})
