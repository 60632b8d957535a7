"""Log files: kept within bounds, shown readably."""

from pathlib import Path

import pytest

from jitney.stack.folders import DataFolder
from jitney.stack.logfiles import KEPT_FILES, rotate_if_large, tail
from jitney.stack.logview import Follower, LogLine, log_files, recent
from jitney.stack.problems import StackError


def _line(time: str, message: str) -> str:
    return f'{{"time":"2026-01-01T{time}Z","level":"INFO","service":"s","message":"{message}","attempt":2}}\n'


def test_lines_of_all_processes_are_shown_in_the_order_of_time(tmp_path: Path) -> None:
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    one.write_text(_line("10:00:01", "first") + _line("10:00:03", "third"))
    two.write_text(_line("10:00:02", "second") + "a plain line\n" + _line("10:00:04", "last"))
    shown = recent({"one": one, "two": two}, 4)
    assert [line.message for line in shown] == ["second", "a plain line", "third", "last"]
    assert shown[0].render() == "10:00:02     info     two          second  attempt=2"


@pytest.mark.parametrize("text", ["no json", "[1]", "17", "{"])
def test_a_line_that_is_no_object_is_shown_as_it_stands(text: str) -> None:
    assert LogLine.parse("postgres", text).message == text


def test_following_shows_whole_new_lines_and_goes_on_where_the_file_was_emptied(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    log.write_text("old\n")
    follower = Follower({"one": log})
    log.write_text("old\nnew\nhal")
    assert [line.message for line in follower.news()] == ["new"]
    log.write_text("old\nnew\nhalf\n")
    assert [line.message for line in follower.news()] == ["half"]
    log.write_text("a\n")
    assert [line.message for line in follower.news()] == ["a"]
    assert follower.news() == []


def test_a_log_of_an_unknown_process_names_those_there_are(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.prepare()
    folder.log_of("payment").touch()
    with pytest.raises(StackError, match="There are: payment"):
        log_files(folder, "payments")


def test_a_large_log_moves_aside_and_the_oldest_is_dropped(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    for number in range(KEPT_FILES + 2):
        with log.open("a") as file:
            file.write(f"{number}" * 20)
        assert rotate_if_large(log, max_bytes=10)
        assert log.stat().st_size == 0
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["one.log", *(f"one.log.{number}" for number in range(1, KEPT_FILES + 1))]
    assert (tmp_path / "one.log.1").read_text() == f"{KEPT_FILES + 1}" * 20


def test_a_small_log_stays(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    log.write_text("few")
    assert not rotate_if_large(log, max_bytes=10)
    assert log.read_text() == "few"


def test_the_tail_of_a_file_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "none.log", 3) == []
