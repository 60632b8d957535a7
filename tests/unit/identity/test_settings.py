"""Settings that are wrong are refused without being repeated."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from identity_service.domain.drivers import ApprovalPolicy
from identity_service.settings import IdentitySettings

GOOD = {
    "JITNEY_JWKS_FILE": "jwks.json",
    "JITNEY_IDENTITY_DATABASE_URL": "postgresql://identity:s3cret@127.0.0.1:5432/identity",
    "JITNEY_IDENTITY_OTP_PEPPER": "ab" * 32,
    "JITNEY_IDENTITY_PHONE_KEY": "cd" * 32,
}


def load(monkeypatch: pytest.MonkeyPatch, **others: str) -> IdentitySettings:
    for name, value in (GOOD | others).items():
        monkeypatch.setenv(name, value)
    # The environment gives what the signature asks for.
    return IdentitySettings()  # pyright: ignore[reportCallIssue]


def test_the_environment_is_read_and_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, JITNEY_IDENTITY_LISTEN="127.0.0.1:0", JITNEY_IDENTITY_DRIVER_APPROVAL="automatic")
    assert settings.jwks_file == Path("jwks.json")
    assert settings.listen_address == ("127.0.0.1", 0)
    assert settings.identity_driver_approval is ApprovalPolicy.AUTOMATIC
    assert (settings.otp_pepper, settings.phone_key) == (b"\xab" * 32, b"\xcd" * 32)
    assert not any(secret in repr(settings) for secret in ("s3cret", "ab" * 32, "cd" * 32))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JITNEY_IDENTITY_OTP_PEPPER", "abcd"),
        ("JITNEY_IDENTITY_PHONE_KEY", "zz" * 32),
        ("JITNEY_IDENTITY_LISTEN", "nowhere"),
        ("JITNEY_IDENTITY_DRIVER_APPROVAL", "sometimes"),
        ("JITNEY_IDENTITY_OTP_INTERVAL_SECONDS", "-1"),
        ("JITNEY_ENVIRONMENT", "staging"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        load(monkeypatch, **{name: value})
    [error] = caught.value.errors()
    assert f"JITNEY_{error['loc'][0]}".upper() == name or str(error["loc"][0]) == name.lower()
