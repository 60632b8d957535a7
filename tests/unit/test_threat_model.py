"""The threat model names tests: each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_NAMED = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (_ROOT / "docs" / "threat_model.md").read_text())


@pytest.mark.parametrize(("file", "test"), sorted(set(_NAMED)))
def test_an_attack_that_is_named_is_made(file: str, test: str) -> None:
    path = _ROOT / file

    assert path.is_file()
    assert not test or re.search(rf"^(async )?def {test}\(", path.read_text(), re.MULTILINE)


def test_every_row_of_threats_names_its_attack() -> None:
    rows = [
        line
        for line in (_ROOT / "docs" / "threat_model.md").read_text().splitlines()
        if re.match(r"\| [STRIDE] \|", line)
    ]

    assert len(rows) >= 30
    assert [row for row in rows if "`tests/" not in row] == []
