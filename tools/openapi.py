"""The committed OpenAPI document: what clients are made from.

python -m tools.openapi             write rider_api/openapi.json anew
python -m tools.openapi --check     fail if it is stale, or if it breaks clients of what has landed on main
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from rider_api.rest.app import ROUTES
from rider_api.rest.openapi import openapi_document
from tools.openapi_breaks import breaks
from tools.stubs import landed_revision

ROOT = Path(__file__).resolve().parent.parent
PATH = "rider_api/openapi.json"


def current() -> str:
    """Return the document of the routes as they are."""
    return json.dumps(json.loads(openapi_document(ROUTES)), indent=1, ensure_ascii=False) + "\n"


def landed() -> dict[str, Any] | None:
    """Return the document on main; None where there is none yet, or no main."""
    revision = landed_revision()
    if revision is None:
        return None
    shown = subprocess.run(["git", "show", f"{revision}:{PATH}"], cwd=ROOT, check=False, capture_output=True)
    return json.loads(shown.stdout) if shown.returncode == 0 else None


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    text = current()
    if not parser.parse_args().check:
        (ROOT / PATH).write_text(text, encoding="utf-8")
        return 0
    if not (ROOT / PATH).exists() or (ROOT / PATH).read_text(encoding="utf-8") != text:
        print(f"{PATH} is not what the routes say; run `python -m tools.openapi`.", file=sys.stderr)
        return 1
    before = landed()
    broken = breaks(before, json.loads(text)) if before is not None else []
    if broken:
        print("This breaks clients that keep to the document on main:", *broken, sep="\n  ", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
