"""`jitney rides`: find rides, look at them, cancel them."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from jitney.operate.client import DATA, Data, Json, Limit, ask, page_size, taken
from jitney.operate.text import moment, money, place, plain, say_json, say_table

if TYPE_CHECKING:
    from jitney_client import Client
    from jitney_client.models import RideEvent

app = typer.Typer(
    help="Find rides, look at them, cancel them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Ride = Annotated[str, typer.Argument(metavar="RIDE", help="ride_...")]


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
            typer.echo(f"{name:<10} {plain(str(value))}")


@app.command()
def timeline(ride: Ride, as_json: Json = False, data: Data = DATA) -> None:
    """Tell all that happened to a ride, over all services, in the order of time."""

    told = ask(data, lambda client: client.read_ride_timeline(ride))
    if as_json:
        say_json(told["events"])
        return
    columns = ("AT", "WHERE", "WHAT", "AMOUNT", "WHO", "MORE")
    rows = [
        (
            moment(event["at"]),
            event["service"],
            f"{event['subject']} {event['what']}",
            money(event["amount"]),
            event["account_id"] or "",
            ", ".join(f"{name}={value}" for name, value in sorted(facts_of(event).items())),
        )
        for event in told["events"]
    ]
    say_table(columns, rows, "Nothing is known of it.")


def facts_of(event: "RideEvent") -> dict[str, str]:
    """Return what is told of an event beside its own columns."""
    trace = {"trace": event["trace_id"]} if event["trace_id"] else {}
    return {**event["facts"], **trace}


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
