"""`jitney rides`: find rides, look at them, cancel them."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from jitney.operate.client import DATA, Data, Json, Limit, ask, page_size, taken
from jitney.operate.text import moment, money, place, say_json, say_table

if TYPE_CHECKING:
    from jitney_client import Client
    from jitney_client.models import RideHistory, StoryEvent

app = typer.Typer(
    help="Find rides, look at them, cancel them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Ride = Annotated[str, typer.Argument(metavar="RIDE", help="ride_...")]
NO_SUCH_THING = 404


class RideState(StrEnum):
    """The states of a ride, as the interface names them."""

    SCHEDULED = "scheduled"
    REQUESTED = "requested"
    PAYMENT_FAILED = "payment_failed"
    MATCHING = "matching"
    OFFERED = "offered"
    DRIVER_EN_ROUTE = "driver_en_route"
    ARRIVED = "arrived"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    NO_DRIVER_AVAILABLE = "no_driver_available"
    CANCELED_BY_RIDER = "canceled_by_rider"
    CANCELED_BY_PLATFORM = "canceled_by_platform"
    NO_SHOW = "no_show"
    RETURNING = "returning"
    RETURNED = "returned"


@app.command("list")
def list_rides(
    state: Annotated[list[RideState] | None, typer.Option(help="Only in this state; may be given again.")] = None,
    limit: Limit = 20,
    as_json: Json = False,
    data: Data = DATA,
) -> None:
    """List rides, newest first."""
    states: Any = [item.value for item in state or ()] or None

    async def question(client: "Client") -> list[Any]:
        return await taken(client.iterate_search_rides(limit=page_size(limit), state=states), limit)

    rides = ask(data, question)
    if as_json:
        say_json(rides)
        return
    columns = ("RIDE", "REQUESTED", "STATE", "PAYMENT", "PRODUCT", "FARE", "DRIVER")
    rows = [
        (
            ride["id"],
            moment(ride["requested_at"]),
            ride["state"],
            ride["payment_state"] or "",
            ride["product"],
            money(ride["fare"]["total"]),
            ride["driver"]["display_name"] if ride["driver"] else "",
        )
        for ride in rides
    ]
    say_table(columns, rows, "No rides.")


@app.command()
def show(ride: Ride, as_json: Json = False, data: Data = DATA) -> None:
    """Show a ride as it stands."""
    found = ask(data, lambda client: client.read_any_ride(ride))
    if as_json:
        say_json(found)
        return
    driver = found["driver"]
    facts = {
        "ride": found["id"],
        "state": found["state"] + (f" ({found['reason']})" if found["reason"] else ""),
        "payment": f"{found['payment_state'] or 'none'}, by {found['funding']}",
        "product": f"{found['product']}, {found['passengers']} aboard",
        "from": place(found["pickup"]),
        "to": place(found["dropoff"]),
        "fare": money(found["fare"]["total"]),
        "rider": found["rider_id"],
        "driver": f"{driver['display_name']}, {driver['vehicle']['plate']}" if driver else "",
        "requested": moment(found["requested_at"]),
        "assigned": moment(found["assigned_at"]),
        "arrived": moment(found["arrived_at"]),
        "started": moment(found["started_at"]),
        "ended": moment(found["ended_at"]),
        "city": f"{found['city']}, policy {found['policy_version']}" if found["city"] else "",
    }
    for name, value in facts.items():
        if value:
            typer.echo(f"{name:<10} {value}")


@app.command()
def timeline(ride: Ride, as_json: Json = False, data: Data = DATA) -> None:
    """Tell all that happened to a ride, over all services, in the order of time."""

    async def question(client: "Client") -> list[dict[str, Any]]:
        history = await client.read_ride_history(ride)
        return story_of(history, await _payment_events(client, ride))

    lines = ask(data, question)
    if as_json:
        say_json(lines)
        return
    columns = ("AT", "WHERE", "WHAT", "AMOUNT", "MORE")
    rows = [(moment(line["at"]), line["where"], line["what"], money(line["amount"]), line["more"]) for line in lines]
    say_table(columns, rows, "Nothing is known of it.")


async def _payment_events(client: "Client", ride: str) -> "list[StoryEvent]":
    from jitney_client import ApiError

    try:
        return (await client.read_payment_story_of_ride(ride))["events"]
    except ApiError as error:
        # No money was asked for yet.
        if error.status != NO_SUCH_THING:
            raise
        return []


def story_of(history: "RideHistory", events: "list[StoryEvent]") -> list[dict[str, Any]]:
    """Puts what the services tell of a ride into one order: its moves and its money."""
    moves = [
        {
            "at": move["occurred_at"],
            "where": "matching",
            "what": f"{move['from_state'] or 'nothing'} -> {move['to_state']}",
            "amount": None,
            "more": ", ".join(filter(None, (move["driver_id"], move["reason"]))),
        }
        for move in history["transitions"]
    ]
    money_events = [
        {
            "at": event["created_at"],
            "where": "payment",
            "what": f"{event['subject']} {event['kind']} {event['state']}".strip(),
            "amount": event["amount"],
            "more": ", ".join(f"{key}={value}" for key, value in sorted(event["facts"].items())),
        }
        for event in events
    ]
    return sorted([*moves, *money_events], key=lambda line: line["at"])


@app.command()
def cancel(
    ride: Ride,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    as_json: Json = False,
    data: Data = DATA,
) -> None:
    """Cancel a ride for its rider, without a fee."""
    key = str(uuid4())
    ended = ask(data, lambda client: client.force_cancel_ride(ride, {"reason": reason}, idempotency_key=key))
    if as_json:
        say_json(ended)
    else:
        typer.echo(f"{ended['id']} is {ended['state']}.")
