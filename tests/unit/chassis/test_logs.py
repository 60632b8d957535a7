"""Logs: one JSON object a line, with the trace, without secrets."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.logs import REDACTED, JsonFormatter, LevelWatch, redact
from chassis.telemetry import install_tracing, shutdown_telemetry, span_from


def line(message: str, *arguments: object, **extra: Any) -> dict[str, Any]:
    record = logging.makeLogRecord({"msg": message, "args": arguments, "name": "part", "levelname": "INFO", **extra})
    text = JsonFormatter("matching").format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_line_says_when_where_and_what() -> None:
    entry = line("ride %s ended", "r1", ride_id="r1", fare_minor=1200)

    assert entry["message"] == "ride r1 ended"
    assert (entry["service"], entry["level"], entry["logger"]) == ("matching", "info", "part")
    assert (entry["ride_id"], entry["fare_minor"]) == ("r1", 1200)
    assert entry["time"].endswith("+00:00")


def test_a_line_within_a_span_names_its_trace() -> None:
    install_tracing("test", 1.0, None)
    try:
        with span_from("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "step"):
            entry = line("hello")
    finally:
        shutdown_telemetry()

    assert entry["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert entry["span_id"] != "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("sent to +15551234567", "5551234"),
        ("sent to +49 151 1234 5678 now", "1234 5678"),
        ("header Bearer abc.def-ghi", "abc.def-ghi"),
        ("token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl seen", "eyJzdWIiOiJ4In0"),
        ("your code is 493817", "493817"),
        ("otp=493817", "493817"),
        ('{"code": "493817"}', "493817"),
        ("card 4242 4242 4242 4242", "4242 4242"),
        ("card 4242424242424242.", "42424242"),
        ("key sk_test_abc123", "sk_test_abc123"),
        ("secret whsec_0123456789", "whsec_0123456789"),
        ("pi_123_secret_456", "secret_456"),
        ("postgresql://identity:hunter2@db:5432/identity", "hunter2"),
        ("redis://:s3cr3t@cache:6379/0", "s3cr3t"),
    ],
)
def test_secrets_within_a_text_are_blanked(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "ride 01890a5d-ac96-774b-bcce-b302099a8057 ended after 1234 seconds",
        "listening on 127.0.0.1:50051",
        "grpc status code: UNAVAILABLE",
        "events:matching 1700000000000-0",
        "fare 12.34 USD at 2026-01-01T00:00:00+00:00",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "name",
    ["phone", "rider_phone", "code", "otp", "access_token", "refresh_token", "authorization", "password", "api_key"],
)
def test_fields_that_hold_secrets_are_blanked_whatever_they_hold(name: str) -> None:
    assert line("x", **{name: "anything"})[name] == REDACTED
    assert line("x", payload={name: ["anything"]})["payload"][name] == REDACTED


def test_codes_that_are_no_secret_are_kept() -> None:
    entry = line("x", currency_code="USD", grpc_code="OK")

    assert (entry["currency_code"], entry["grpc_code"]) == ("USD", "OK")


def test_a_traceback_is_kept_and_cleaned() -> None:
    try:
        raise ValueError("cannot send to +15551234567")
    except ValueError:
        entry = line("failed", exc_info=sys.exc_info())

    assert "ValueError" in entry["error"]
    assert "test_logs.py" in entry["error"]
    assert "5551234567" not in entry["error"]


@given(st.text(max_size=300))
def test_no_text_breaks_the_cleaning(text: str) -> None:
    assert redact(redact(text)) is not None
    assert line("%s", text)["service"] == "matching"


def test_a_process_writes_json_lines_on_stderr_and_nothing_on_stdout() -> None:
    code = (
        "import logging, warnings; from chassis.logs import configure_logging;"
        "configure_logging('probe', 'info'); logging.getLogger('a').info('hello'); logging.getLogger('a').debug('no');"
        "warnings.warn('beware')"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert result.stdout == ""
    entries = [json.loads(text) for text in result.stderr.splitlines()]
    assert [entry["level"] for entry in entries] == ["info", "warning"]
    assert "beware" in entries[1]["message"]


@pytest.fixture
def root_level() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    before = root.level
    yield root
    root.setLevel(before)


def test_the_level_follows_its_file_and_comes_back_without_it(tmp_path: Path, root_level: logging.Logger) -> None:
    file = tmp_path / "log_level"
    watch = LevelWatch(file, "warning")
    levels: list[int] = []
    for text in (None, "debug\n", "nonsense", "ERROR", None):
        file.unlink(missing_ok=True) if text is None else file.write_text(text)
        watch.look()
        levels.append(root_level.level)
    assert levels == [logging.WARNING, logging.DEBUG, logging.WARNING, logging.ERROR, logging.WARNING]


def test_a_change_of_the_level_is_told_and_what_is_no_level_once(
    tmp_path: Path, root_level: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "log_level"
    watch = LevelWatch(file, "info")
    watch.look()
    assert caplog.messages == []
    file.write_text("debug")
    watch.look()
    file.write_text("loud")
    watch.look()
    watch.look()
    assert caplog.messages == ["the log level changed", "the file of the log level names none"]
    assert root_level.level == logging.INFO
