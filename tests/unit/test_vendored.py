"""Vendored files are those that were vendored."""

from pathlib import Path

import pytest

from tools import vendored


def test_what_stands_in_the_repository_is_as_listed() -> None:
    assert [line for folder in vendored.FOLDERS for line in vendored.differences(folder)] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one vendored file."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/a.js").write_text("let a")
    (tmp_path / vendored.LIST).write_text("# Vendored\n\n| file | sha256 |\n| --- | --- |\n")
    vendored.write(tmp_path)
    return tmp_path


def test_a_changed_a_missing_and_a_new_file_are_told(folder: Path) -> None:
    assert vendored.differences(folder) == []
    (folder / "lib/a.js").write_text("let b")
    assert "is not the file" in vendored.differences(folder)[0]
    (folder / "lib/a.js").rename(folder / "lib/b.js")
    assert [line.rpartition(": ")[2] for line in sorted(vendored.differences(folder))] == [
        "is listed and missing",
        "is not listed in VENDORED.md",
    ]
