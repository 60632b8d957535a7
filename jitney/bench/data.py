"""Where the real data lies that some benchmarks read: it is not part of the repository."""

import os
from pathlib import Path

from jitney.stack.problems import StackError


def data_file(name: str) -> Path:
    """A file of the data folder: JITNEY_DATA, or ../shared/data beside the repository.

    Raises:
        StackError: it is not there.
    """
    root = Path(os.environ.get("JITNEY_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
    path = root / name
    if not path.is_file():
        raise StackError(f"{path} is not there. JITNEY_DATA names the folder with the data that this measures with.")
    return path
