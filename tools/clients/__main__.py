"""Writes the generated parts of the clients from the OpenAPI document of the code as it stands.

python -m tools.clients            write them
python -m tools.clients --check    fail when what stands committed differs from what would be written
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.clients import python, typescript
from tools.clients.contract import read_contract
from tools.clients.document import openapi_document

ROOT = Path(__file__).resolve().parents[2]


def generated() -> Mapping[Path, str]:
    """Return the generated files and what they must say."""
    contract = read_contract(openapi_document())
    package, sources = ROOT / "clients/python/jitney_client", ROOT / "clients/typescript/src"
    return {
        package / "models.py": _formatted(python.models_module(contract)),
        package / "operations.py": _formatted(python.operations_module(contract)),
        sources / "models.ts": typescript.models_module(contract),
        sources / "operations.ts": typescript.operations_module(contract),
    }


def main(arguments: Sequence[str]) -> int:
    """Write or check; return the exit code."""
    wanted = generated()
    wrong = [path for path in wanted if not path.exists() or path.read_text(encoding="utf-8") != wanted[path]]
    if "--check" in arguments:
        for path in wrong:
            print(f"{path.relative_to(ROOT)} is not what the routes say: run python -m tools.clients", file=sys.stderr)
        return 1 if wrong else 0
    for path in wrong:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


def _formatted(module: str) -> str:
    """Lay a module out as the repository does."""
    ruff, end = str(Path(sys.executable).parent / "ruff"), ("--stdin-filename", "generated.py", "-")
    for command in (("check", "--quiet", "--fix-only", "--select", "F401,I"), ("format", "--quiet")):
        done = subprocess.run(
            [ruff, *command, *end], input=module, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT
        )
        module = done.stdout
    return module


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
