"""What README.md shows is what docs/walkthrough.sh does, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SECTION = "## A ride by hand"
# The script's own: its preamble, and a title before each step.
PREAMBLE_END = "# From here on, all but `say` is README.md; tests/unit/docs compares them."
DOCUMENTS = ["README.md", "CONTRIBUTING.md", *(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md"))]


def commands(text: str) -> list[str]:
    """Return the lines that do something."""
    return [line for line in text.splitlines() if line.strip() and not line.startswith("say ")]


def test_the_readme_and_the_walkthrough_hold_the_same_commands() -> None:
    section = (ROOT / "README.md").read_text().split(SECTION, 1)[1].split("\n## ", 1)[0]
    shown = "".join(re.findall(r"```bash\n(.*?)```", section, re.DOTALL))
    done = (ROOT / "docs" / "walkthrough.sh").read_text().split(PREAMBLE_END, 1)[1]
    assert commands(shown) == commands(done)
    assert len(commands(shown)) > 20


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_to_a_file_leads_somewhere(document: str) -> None:
    path = ROOT / document
    targets = re.findall(r"\]\(([^)#\s]+)", path.read_text())
    missing = [name for name in targets if "://" not in name and not (path.parent / name).exists()]
    assert missing == []
