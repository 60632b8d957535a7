"""The address that opens the console signed in, and what the stack tells the pages."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chassis.auth import Role, TokenVerifier
from jitney.stack.console import console_address
from jitney.stack.credentials import Credentials
from jitney.stack.environment import StackSettings, compose
from jitney.stack.keys import make_signing_keys
from jitney.stack.problems import StackError
from jitney.stack.processes import ProcessFactory


def test_the_token_stands_where_it_is_sent_to_nobody(tmp_path: Path) -> None:
    make_signing_keys(tmp_path)
    parts = urlsplit(console_address("http://127.0.0.1:8080", tmp_path))
    assert (parts.path, parts.query) == ("/console", "")
    actor = TokenVerifier.from_file(tmp_path / "jwks.json").verify(parts.fragment.removeprefix("token="))
    assert actor.role is Role.OPERATOR


def test_without_keys_it_is_told_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="jitney up"):
        console_address("http://127.0.0.1:8080", tmp_path)


def test_the_pages_of_a_stack_may_listen_to_its_streams(tmp_path: Path) -> None:
    settings = StackSettings.read({"JITNEY_REST_LISTEN": "127.0.0.1:9000"}, tmp_path)
    whole = compose(settings, Credentials.load_or_make(tmp_path / "secrets"))
    for spec in ProcessFactory(settings, whole, {}).edge():
        assert spec.environment["JITNEY_REST_PAGES_STREAM_URL"] == "http://127.0.0.1:8081"
        assert spec.environment["JITNEY_STREAM_CORS_ORIGINS"] == "http://127.0.0.1:9000,http://localhost:9000"
