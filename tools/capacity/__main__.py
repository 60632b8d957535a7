"""What cities of several sizes need.

python -m tools.capacity [--drivers N]      prints the tables, or one city's, from the figures that were kept
python -m tools.capacity write              writes them into docs/scaling.md
python -m tools.capacity measure            measures anew on this machine (four minutes), keeps the figures and writes
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tools.capacity.model import Figures
from tools.capacity.page import CITIES, draw

ROOT = Path(__file__).resolve().parents[2]
FIGURES = Path(__file__).with_name("figures.json")
PAGE = ROOT / "docs" / "scaling.md"
BEGIN, END = "<!-- python -m tools.capacity write -->\n", "<!-- until here -->\n"


def written(page: str, tables: str) -> str:
    """Return the page with the tables in their place."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{tables}\n{END}{tail}"


def main(arguments: list[str]) -> int:
    """Do as told; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.capacity", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("print", "write", "measure"), default="print")
    parser.add_argument("--drivers", type=int, action="append", metavar="N", help="a city of so many; again for more")
    given = parser.parse_args(arguments)
    if given.what == "measure":
        from tools.capacity.measure import measure  # noqa: PLC0415 (a stack's worth of imports)

        FIGURES.write_text(json.dumps(measure(lambda line: print(line, file=sys.stderr)), indent=2) + "\n")
    figures = Figures.read(json.loads(FIGURES.read_text()))
    if given.what == "print":
        print(draw(figures, tuple(given.drivers or CITIES)), end="")
    else:
        PAGE.write_text(written(PAGE.read_text(), draw(figures)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
