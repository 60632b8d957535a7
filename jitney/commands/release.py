"""`jitney secrets`, `provision`, `smoke`: what a release on a cluster or in compose needs of this command."""

import asyncio
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

_SECRETS = Path(".jitney-secrets")


class SecretsForm(StrEnum):
    """Who reads the secrets."""

    COMPOSE = "compose"
    KUBERNETES = "kubernetes"


def secrets_command(
    form: Annotated[SecretsForm, typer.Option(help="A file for docker compose, or a manifest for kubectl.")],
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where they are kept; back it up.")
    ] = _SECRETS,
    release: Annotated[str, typer.Option(help="Of Helm; begins the Secrets' names.")] = "jitney",
    namespace: Annotated[str, typer.Option(help="Of the Secrets; the current one if left out.")] = "",
    postgres: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where PostgreSQL is; else the bundled one.")] = "",
    redis: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT|URL", help="Where Redis is, or a URL without a password; else the bundled one."
        ),
    ] = "",
    providers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Of the providers of messages, for a cluster; else the sandbox.",
        ),
    ] = None,
) -> None:
    """Make all keys and passwords of a system in containers, and write them as those want them."""
    from jitney.deploy.secrets import SecretsFolder, Surroundings, for_compose, for_kubernetes
    from jitney.stack.problems import StackError

    if form is SecretsForm.COMPOSE and (providers or namespace):
        raise StackError(
            "--providers and --namespace are a cluster's: a system of compose has the sandbox's providers."
        )
    made = SecretsFolder(folder)
    if form is SecretsForm.COMPOSE:
        around = Surroundings(postgres or "postgres:5432", redis or "redis:6379", "sandbox")
        typer.echo(for_compose(made, around))
        return
    host = f"{release}-{{}}".format
    around = Surroundings(
        postgres or f"{host('postgres')}:5432",
        redis or f"{host('redis')}:6379",
        "" if providers else host("sandbox"),
    )
    typer.echo(for_kubernetes(made, around, release, namespace, providers), nl=False)


def provision(
    patience: Annotated[float, typer.Option(min=0, help="How many seconds to wait for the server.")] = 60,
) -> None:
    """Make the services' roles and databases on the PostgreSQL of JITNEY_POSTGRES_ADMIN_URL, where they are missing."""
    from jitney.deploy.provision import provision_from

    asyncio.run(provision_from(os.environ, patience))


def smoke(
    rest_url: Annotated[str, typer.Option(help="The REST interface.")] = "http://127.0.0.1:8080",
    sandbox_url: Annotated[str, typer.Option(help="The sandbox.")] = "http://127.0.0.1:8090",
    target: Annotated[
        list[str] | None, typer.Option(help="A gRPC service that is asked what it serves; again for more.")
    ] = None,
) -> None:
    """Ask a release with the sandbox for its promises: reflection, one ride a key, nothing held for a declined card.

    Rides that go well are `jitney simulate`'s.
    """
    from jitney.simulator.api import ApiError, Unreachable
    from jitney.simulator.smoke import SmokeError
    from jitney.simulator.smoke import smoke as ask_for_all
    from jitney.stack.problems import StackError

    try:
        asyncio.run(ask_for_all(rest_url, sandbox_url, target or [], typer.echo))
    except (SmokeError, ApiError, Unreachable) as error:
        raise StackError(f"It does not hold: {error}") from error
