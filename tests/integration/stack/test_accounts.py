"""Processes that run under another account than ours."""

import ctypes
import os
from pathlib import Path

import pytest

from jitney.stack.account import Account, unprivileged_account
from jitney.stack.launch import Launcher
from jitney.stack.specs import ProcessSpec

_forks: list[int] = []


@ctypes.CFUNCTYPE(None)
def _count_fork() -> None:
    _forks.append(os.getpid())


def _account() -> Account:
    account = unprivileged_account()
    if account is None:
        pytest.skip("only root can become another account")
    return account


def _run(command: tuple[str, ...], account: Account, log_file: Path) -> int:
    spec = ProcessSpec(name="whoami", argv=command, environment={"LC_ALL": "C"}, account=account, folder=Path("/"))
    with Launcher() as launcher:
        process = launcher.start(spec, log_file)
        try:
            return process.wait(30)
        finally:
            launcher.stop(process, spec)


def test_it_has_the_account_its_group_and_no_other_group(tmp_path: Path) -> None:
    account = _account()
    assert _run(("/usr/bin/id",), account, tmp_path / "log") == 0
    identity = (tmp_path / "log").read_text()
    assert identity.startswith(f"uid={account.uid}({account.name}) gid={account.gid}(")
    assert identity.count("(") == 3, "one user, one group, and that group alone in the list of groups"


def test_no_fork_handler_of_ours_runs_for_it(tmp_path: Path) -> None:
    """A handler of gRPC's once started threads in the child, which then never became its program."""
    libc = ctypes.CDLL(None)
    assert libc.__register_atfork(_count_fork, None, None, None) == 0
    _forks.clear()
    assert _run(("/usr/bin/id",), _account(), tmp_path / "log") == 0
    assert _forks == []
    os.waitpid(os.posix_spawn("/bin/true", ["/bin/true"], {}), 0)
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    assert _forks == [os.getpid()], "the handler counts forks, and forks alone"


def test_a_program_that_is_not_there_is_named_in_the_log(tmp_path: Path) -> None:
    assert _run(("/no/such/program",), _account(), tmp_path / "log") != 0
    assert "/no/such/program cannot be started" in (tmp_path / "log").read_text()
