"""Settings: what is wrong is named, and its value is not shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from chassis.settings import Address, ChassisSettings, load_settings, parse_address


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "JWKS_FILE", "LOG_LEVEL", "TRACE_SAMPLE_RATIO", "ENVIRONMENT"):
        monkeypatch.delenv(f"JITNEY_{name}", raising=False)


def test_settings_come_from_the_environment_and_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITNEY_JWKS_FILE", "/keys/jwks.json")
    monkeypatch.setenv("JITNEY_LOG_LEVEL", "debug")

    settings = load_settings(ChassisSettings)

    assert (settings.jwks_file, settings.log_level, settings.environment) == (Path("/keys/jwks.json"), "debug", "local")
    with pytest.raises(ValidationError):
        settings.log_level = "info"


def test_each_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JITNEY_TRACE_SAMPLE_RATIO", "seven-secrets")

    with pytest.raises(SystemExit) as caught:
        load_settings(ChassisSettings)

    told = capsys.readouterr().err
    assert caught.value.code == 2
    assert "JITNEY_JWKS_FILE: " in told
    assert "JITNEY_TRACE_SAMPLE_RATIO: " in told
    assert "seven-secrets" not in told


def test_what_is_wrong_between_settings_is_told_by_their_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JITNEY_JWKS_FILE", "/keys/jwks.json")
    monkeypatch.setenv("JITNEY_TLS_CERT_FILE", "/run/tls/tls.crt")

    with pytest.raises(SystemExit):
        load_settings(ChassisSettings)

    assert capsys.readouterr().err.startswith("JITNEY_TLS_CERT_FILE, JITNEY_TLS_KEY_FILE, JITNEY_TLS_CA_FILE: set all")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:50051", Address("127.0.0.1", 50051)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:80", Address("::1", 80)),
    ],
)
def test_addresses_are_read_and_written(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize("text", ["", "localhost", ":80", "host:", "host:x", "host:65536", "host:-1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        parse_address(text)
