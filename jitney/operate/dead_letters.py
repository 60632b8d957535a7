"""`jitney dead-letters`: events that a service could not take in."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jitney.operate.client import CONFLICT, DATA, Data, Json, Limit, ask, page_size, taken
from jitney.operate.text import moment, say_json, say_table

if TYPE_CHECKING:
    from jitney_client import Client

app = typer.Typer(
    help="Events that a service could not take in: look at them, hand them in again.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_STILL_FAILING = 409


class Consumer(StrEnum):
    """Services that take events in."""

    MATCHING = "matching"
    NOTIFICATION = "notification"


Service = Annotated[Consumer, typer.Argument(help="Which service could not take them in.")]


@app.command("list")
def list_dead_letters(service: Service, limit: Limit = 20, as_json: Json = False, data: Data = DATA) -> None:
    """List them, the oldest first."""
    letters = ask(data, lambda client: _read(client, service, limit))
    if as_json:
        say_json(letters)
        return
    rows = [
        (
            letter["event_id"],
            moment(letter["parked_at"]),
            letter["type"],
            letter["aggregate_id"],
            str(letter["attempt_count"]),
            letter["error"],
        )
        for letter in letters
    ]
    say_table(("EVENT", "PARKED", "TYPE", "ABOUT", "TRIES", "ERROR"), rows, "No dead letters.")


@app.command()
def replay(
    service: Service,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="An event's id; all of them if left out.")] = "",
    limit: Limit = 1_000,
    data: Data = DATA,
) -> None:
    """Hand one in again, or all; what still cannot be taken in stays, and the exit code is 5."""

    async def question(client: "Client") -> list[str]:
        ids = [event] if event else [letter["event_id"] for letter in await _read(client, service, limit)]
        return [await _replay(client, service, event_id) for event_id in ids]

    outcomes = ask(data, question)
    failures = [outcome for outcome in outcomes if outcome]
    for failure in failures:
        typer.echo(failure, err=True)
    typer.echo(f"{len(outcomes) - len(failures)} of {len(outcomes)} taken in." if outcomes else "No dead letters.")
    raise typer.Exit(CONFLICT if failures else 0)


async def _replay(client: "Client", service: Consumer, event_id: str) -> str:
    """Hands an event in again; returns why it was not taken in, nothing where it was."""
    from jitney_client import ApiError

    try:
        await client.replay_dead_letter(service.value, event_id)
    except ApiError as error:
        if error.status != _STILL_FAILING:
            raise
        return f"{event_id}: {error.code}"
    return ""


async def _read(client: "Client", service: Consumer, limit: int) -> list[Any]:
    return await taken(client.iterate_dead_letters(service.value, limit=page_size(limit)), limit)
