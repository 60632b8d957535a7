"""What people can put right is said in plain words."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from jitney.stack.account import Account, can_reach
from jitney.stack.folders import DataFolder
from jitney.stack.problems import StackError, plain_file_errors


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "permission is denied"), (errno.EROFS, "read-only")],
)
def test_a_folder_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path, number: int, words: str) -> None:
    with (
        pytest.raises(StackError, match=f"The data folder cannot be written: .*{words}.*{tmp_path}"),
        plain_file_errors(tmp_path, purpose="The data folder"),
    ):
        raise OSError(number, os.strerror(number))


def test_an_error_that_nobody_can_put_right_keeps_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Bad file"), plain_file_errors(tmp_path, purpose="The data folder"):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def test_an_account_reaches_a_folder_only_through_folders_it_may_enter() -> None:
    stranger = Account("stranger", os.geteuid() + 40_000, os.getegid() + 40_000)
    with tempfile.TemporaryDirectory() as place:
        gate, inside = Path(place), Path(place) / "inside"
        inside.mkdir(mode=0o755)
        gate.chmod(0o711)
        assert can_reach(inside, stranger)
        gate.chmod(0o700)
        assert not can_reach(inside, stranger)
        assert can_reach(inside, Account("ourselves", os.geteuid(), os.getegid()))


def test_nobody_else_reads_the_data_folder(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    assert folder.path.stat().st_mode & 0o777 == 0o711
    assert {path.stat().st_mode & 0o777 for path in folder.path.iterdir()} == {0o700}
