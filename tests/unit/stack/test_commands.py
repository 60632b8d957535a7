"""What commands say to wrong arguments, missing files and silent services: a plain word and a true exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from typer.testing import CliRunner

from jitney import cli
from jitney.money import reconcile
from jitney.operate import client, text
from jitney.operate.client import NOT_ALLOWED, NOT_FOUND, NOT_UNDERSTOOD, TRY_AGAIN
from jitney.operate.refunds import read_amount
from jitney.stack.folders import DataFolder
from jitney.stack.keys import make_signing_keys
from jitney.stack.logview import Follower, log_files
from jitney.stack.problems import StackError
from jitney.stack.state import StackRecord
from jitney.stack.tokens import make_token

RIDE = "ride_01j00000000000000000000001"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with keys, and nothing that is set from outside."""
    for name in [name for name in os.environ if name.startswith("JITNEY_")]:
        monkeypatch.delenv(name)
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    make_signing_keys(folder.keys)
    return folder.path


def jitney(*arguments: str) -> tuple[int, str]:
    """Run a command as `jitney` does; return its exit code and all that it said."""
    done = CliRunner().invoke(cli.app, list(arguments))
    if isinstance(done.exception, StackError):
        return done.exception.exit_code, str(done.exception)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def silent(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Let the interface answer nobody; returns the keys of what was asked."""
    keys: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers.get("Idempotency-Key"))
        return httpx.Response(503, headers={"Retry-After": "3600"}, json={"code": "overloaded", "detail": "later"})

    real = httpx.AsyncClient

    def make(**given: Any) -> httpx.AsyncClient:
        return real(transport=httpx.MockTransport(answer), **given)

    monkeypatch.setattr(httpx, "AsyncClient", make)
    return keys


@pytest.mark.parametrize(
    "command",
    [
        ("refund", RIDE, "--reason", "late"),
        ("complaints", "refund", "cmpl_1"),
        ("complaints", "reject", "cmpl_1", "--answer", "no"),
        ("promotions", "create", "ABCD", "--off", "1.00 USD", "--until", "2099-01-01"),
        ("promotions", "end", "promo_1"),
    ],
    ids=" ".join,
)
def test_a_change_that_nobody_answered_tells_the_key_to_ask_again_with(
    data: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    asked = silent(monkeypatch)
    code, said = jitney(*command, "--data", str(data))
    assert (code, f"--key {asked[0]}" in said) == (TRY_AGAIN, True), said
    jitney(*command, "--data", str(data), "--key", str(asked[0]))
    assert asked[0] == asked[-1]


@pytest.mark.parametrize("url", ["localhost:8080", "http://", "http://[", "ftp://example.org", "http://a:99999"])
def test_what_is_no_address_of_the_interface_is_not_asked(
    data: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("JITNEY_REST_URL", url)
    for command in (
        ("rides", "list"),
        ("export", str(data / "out"), "--from", "2026-01-01T00", "--to", "2026-01-01T01"),
    ):
        code, said = jitney(*command, "--data", str(data))
        assert (code, "is no address of the interface" in said) == (1, True), said


@pytest.mark.parametrize(
    "amount", ["12,5 USD", "12.555 USD", "1.5 JPY", "NaN USD", "1e999999 USD", "9e18 USD", "5 XYZ"]
)
def test_what_is_no_amount_is_said_to_be_none(amount: str) -> None:
    with pytest.raises(StackError, match="is no amount such as"):
        read_amount(amount)


@pytest.mark.parametrize("off", ["Infinity%", "NaN%", "0%", "-5%", "101%", "1e9999999%", "12.345%"])
def test_what_is_no_part_is_said_to_be_none(data: Path, off: str) -> None:
    command = ("promotions", "create", "ABCD", f"--off={off}", "--until", "2099-01-01", "--most", "1.00 USD")
    assert jitney(*command, "--data", str(data)) == (1, f"{off} is no part such as 20% or 12.5%.")


class _Refused(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return "so it is"

    def trailing_metadata(self) -> tuple[()]:
        return ()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (grpc.StatusCode.UNAVAILABLE, TRY_AGAIN),
        (grpc.StatusCode.DEADLINE_EXCEEDED, TRY_AGAIN),
        (grpc.StatusCode.INVALID_ARGUMENT, NOT_UNDERSTOOD),
        (grpc.StatusCode.NOT_FOUND, NOT_FOUND),
        (grpc.StatusCode.PERMISSION_DENIED, NOT_ALLOWED),
    ],
)
def test_a_services_refusal_has_the_exit_code_of_its_kind(status: grpc.StatusCode, code: int) -> None:
    assert client.refusal_of(_Refused(status), "payment").exit_code == code


def test_books_that_could_not_be_compared_are_not_told_to_disagree(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert jitney("reconcile", "--data", str(tmp_path / "nothing"))[0] == TRY_AGAIN

    def fail(*_: Any) -> None:
        raise StackError("Reconciliation 1 failed: the PSP does not answer.")

    monkeypatch.setattr(reconcile, "run", fail)
    assert jitney("reconcile", "--data", str(data)) == (TRY_AGAIN, "Reconciliation 1 failed: the PSP does not answer.")

    def run(*_: Any) -> None:
        pass

    def say_items(*_: Any) -> int:
        return 2

    monkeypatch.setattr(reconcile, "run", run)
    monkeypatch.setattr(reconcile, "say_items", say_items)
    assert jitney("reconcile", "--data", str(data))[0] == 1


def test_what_people_typed_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    text.say_table(("WORDS",), [["\x1b[2Jgone\r\nZoë"]], "")
    assert (
        capsys.readouterr().out
        == "WORDS\n\N{REPLACEMENT CHARACTER}[2Jgone\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}Zoë\n"
    )


def test_a_damaged_signing_key_is_named(data: Path) -> None:
    key = DataFolder(data).keys / "cli.pem"
    key.write_text("junk")
    with pytest.raises(StackError, match=f"{key} is damaged"):
        make_token(key.parent, "operator", None, 5)


def test_what_belongs_to_another_account_is_not_told_to_be_stopped(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def barred(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", barred)
    with pytest.raises(StackError, match="another account's"):
        StackRecord.read(data / "stack.json")
    monkeypatch.setattr(Path, "read_bytes", barred)
    with pytest.raises(StackError, match="cannot be read: permission denied"):
        make_token(DataFolder(data).keys, "operator", None, 5)
    monkeypatch.setattr(os, "listdir", barred)
    with pytest.raises(StackError, match="another account's"):
        log_files(DataFolder(data), None)


def test_logs_that_are_not_there_yet_are_said_not_to_be(data: Path, tmp_path: Path) -> None:
    for folder in (data, tmp_path / "nothing"):
        assert jitney("logs", "--data", str(folder)) == (
            1,
            f"There are no logs in {folder}. jitney up starts what writes them.",
        )


def test_following_goes_on_with_processes_that_come_later(data: Path) -> None:
    folder = DataFolder(data)
    folder.log_of("rest").write_text("before\n")
    follower = Follower(log_files(folder, None), folder)
    folder.log_of("city").write_text("first\n")
    assert [(line.name, line.message) for line in follower.news()] == [("city", "first")]
    assert follower.news() == []


@pytest.mark.parametrize(
    "command",
    [
        ("up", "--map", "nothing.map"),
        ("secrets", "--form", "kubernetes", "--providers", "nothing.json"),
    ],
    ids=" ".join,
)
def test_a_file_that_is_not_there_is_named_before_anything_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = jitney(*command)
    assert (code, "does not exist" in said) == (NOT_UNDERSTOOD, True), said
    assert list(tmp_path.iterdir()) == []


def test_what_compose_would_leave_out_is_refused(tmp_path: Path) -> None:
    providers = tmp_path / "providers.json"
    providers.write_text("{}")
    code, said = jitney("secrets", "--form", "compose", "--folder", str(tmp_path / "s"), "--providers", str(providers))
    assert (code, "a cluster's" in said) == (1, True), said
    assert not (tmp_path / "s").exists()


@pytest.mark.skipif(
    sys.platform != "linux", reason="there is no /proc, in which nobody can make a folder, whoever they are"
)
def test_secrets_that_cannot_be_kept_there_say_so() -> None:
    code, said = jitney("secrets", "--form", "compose", "--folder", "/proc/nothing")
    assert (code, "cannot be written" in said) == (1, True), said
