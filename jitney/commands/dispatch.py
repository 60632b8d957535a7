"""`jitney explain`, `export`, `map build`: what dispatch did, and what it drives on."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from jitney.commands.options import DATA, Data


def explain(
    ride: Annotated[str, typer.Argument(metavar="RIDE", help="A UUID or ride_...")],
    data: Data = DATA,
) -> None:
    """Tell why a ride got its driver, or none: each tick of dispatch, the drivers around, what they cost."""
    from jitney.explain import explain as tell

    for line in tell(ride, data):
        typer.echo(line)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="Where the files go.")],
    first: Annotated[str, typer.Option("--from", metavar="HOUR", help="Of the trips: 2030-01-31T18, in UTC.")],
    last: Annotated[str, typer.Option("--to", metavar="HOUR", help="Up to its begin; this hour's if left out.")] = "",
    url: Annotated[
        str,
        typer.Option(
            envvar=["JITNEY_REST_URL", "JITNEY_API"],
            metavar="URL",
            help="Of the API, for a stack that is not a local one.",
        ),
    ] = "",
    data: Data = DATA,
) -> None:
    """Write trips and vehicles for an agency (MDS, docs/mds.md) into files, by the operator's API.

    The operator's token is made with the local stack's keys, or taken from JITNEY_TOKEN.
    """
    from datetime import UTC, datetime

    import httpx

    from jitney import mds_export
    from jitney.operate.client import interface_of
    from jitney.stack.environment import StackSettings
    from jitney.stack.tokens import make_token, signing_keys

    hours = mds_export.hours_between(first, last, datetime.now(UTC))
    settings = StackSettings.read(os.environ, data)
    token = os.environ.get("JITNEY_TOKEN") or make_token(
        signing_keys(os.environ, settings.data.keys), "operator", None, 60
    )
    base_url = interface_of(url, settings)
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        for line in mds_export.export(client, folder, hours):
            typer.echo(line)


def build_map(
    source: Annotated[Path, typer.Argument(metavar="FILE.osm.pbf", help="An extract of OpenStreetMap.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to; beside the extract, as .map, if left out.")
    ] = None,
) -> None:
    """Build the street map of a city, for JITNEY_MATCHING_MAP_FILE."""
    import subprocess

    command = [sys.executable, "-m", "matching_service", "map", "build", str(source)]
    done = subprocess.run([*command, *(() if out is None else ("--out", str(out)))], check=False)
    raise typer.Exit(done.returncode)
