"""When `jitney up` cannot start, it says why in plain words, answers 1 and leaves nothing running."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from jitney.stack.folders import DataFolder
from tests.integration.embedded import free_addresses

_SECONDS = 60


def _up(data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
    return subprocess.run(
        [sys.executable, "-m", "jitney", "up", "--data", str(data)],
        env=inherited | free_addresses() | environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def test_a_port_that_is_taken_is_named_with_its_holder_and_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        answer = _up(tmp_path / "data", JITNEY_REST_LISTEN=f"127.0.0.1:{port}")
    assert answer.returncode == 1
    assert f"Port {port} is taken by" in answer.stderr
    assert f"(pid {os.getpid()})" in answer.stderr
    assert "JITNEY_REST_LISTEN=127.0.0.1:" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "data" / "stack.json").exists()


def test_a_second_start_on_the_same_data_says_that_it_runs_already(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    with folder.locked():
        answer = _up(folder.path)
    assert (answer.returncode, "running already" in answer.stderr) == (1, True)
    assert "Traceback" not in answer.stderr


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = _up(tmp_path / "file" / "data")
    assert answer.returncode == 1
    assert "The data folder cannot be written" in answer.stderr
    assert str(tmp_path / "file") in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("setting", ["JITNEY_REST_LISTEN", "JITNEY_POSTGRES_LISTEN"])
def test_a_wrong_address_is_named_by_its_setting(tmp_path: Path, setting: str) -> None:
    answer = _up(tmp_path / "data", **{setting: "nowhere"})
    assert answer.returncode == 1
    assert setting in answer.stderr
