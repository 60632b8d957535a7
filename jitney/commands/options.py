"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option("--data", metavar="DIR", envvar="JITNEY_HOME", help="The data folder.")]
DATA = Path(".jitney")
