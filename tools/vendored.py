"""Compares vendored files with the digests that stand beside them.

python -m tools.vendored             fail on a file that is changed, missing or not listed
python -m tools.vendored --write     write the digests of the files as they are
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (ROOT / "rider_api/pages/vendor", ROOT / "tests/vendor")
LIST = "VENDORED.md"
_LINE = re.compile(r"^\| ([\w./-]+) \| ([0-9a-f]{64}) \|$", re.MULTILINE)


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file in a folder, by its path there."""
    files = (path for path in folder.rglob("*") if path.is_file() and path != folder / LIST)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def differences(folder: Path) -> list[str]:
    """Tell how a folder differs from its list."""
    listed: dict[str, str] = dict(_LINE.findall((folder / LIST).read_text()))
    there = digests(folder)
    told = [f"{folder / name}: is listed and missing" for name in listed.keys() - there.keys()]
    told += [f"{folder / name}: is not listed in {LIST}" for name in there.keys() - listed.keys()]
    changed = sorted(name for name in listed.keys() & there.keys() if listed[name] != there[name])
    return told + [f"{folder / name}: is not the file that was vendored" for name in changed]


def write(folder: Path) -> None:
    """Write the list of a folder anew, below its words."""
    words = _LINE.sub("", (folder / LIST).read_text()).rstrip()
    lines = [f"| {name} | {digest} |" for name, digest in sorted(digests(folder).items())]
    (folder / LIST).write_text("\n".join([words, *lines, ""]))


def main(arguments: list[str]) -> int:
    """Run the tool; return the exit code."""
    if arguments == ["--write"]:
        for folder in FOLDERS:
            write(folder)
        return 0
    told = [line for folder in FOLDERS for line in differences(folder)]
    for line in told:
        print(line)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
