"""`jitney drivers`: who drives, and who may."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from jitney.operate.client import DATA, Data, Json, Limit, ask, page_size, taken
from jitney.operate.text import plain, say_json, say_table

if TYPE_CHECKING:
    from jitney_client import Client
    from jitney_client.models import DriverStatusChange

app = typer.Typer(
    help="List drivers; approve, reject, suspend them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Driver = Annotated[str, typer.Argument(metavar="DRIVER", help="acct_...")]
_Decision = Literal["approved", "rejected", "suspended"]
Reason = Annotated[str, typer.Option(help="Why, for the record and for the driver.")]


class DriverStatus(StrEnum):
    """Where drivers stand."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"


@app.command("list")
def list_drivers(
    status: Annotated[DriverStatus | None, typer.Option(help="Only of this status.")] = None,
    limit: Limit = 20,
    as_json: Json = False,
    data: Data = DATA,
) -> None:
    """List drivers, the newest first."""
    wanted: Any = status.value if status else None

    async def question(client: "Client") -> list[Any]:
        return await taken(client.iterate_drivers(limit=page_size(limit), status=wanted), limit)

    drivers = ask(data, question)
    if as_json:
        say_json(drivers)
        return
    rows = [
        (
            driver["id"],
            driver["status"],
            driver["display_name"],
            driver["vehicle"]["vehicle_class"],
            driver["vehicle"]["plate"],
        )
        for driver in drivers
    ]
    say_table(("DRIVER", "STATUS", "NAME", "CLASS", "PLATE"), rows, "No drivers.")


@app.command()
def approve(driver: Driver, reason: Reason = "", as_json: Json = False, data: Data = DATA) -> None:
    """Let somebody drive; also ends a suspension."""
    _set(driver, "approved", reason, as_json, data)


@app.command()
def reject(driver: Driver, reason: Reason, as_json: Json = False, data: Data = DATA) -> None:
    """Turn an application down."""
    _set(driver, "rejected", reason, as_json, data)


@app.command()
def suspend(driver: Driver, reason: Reason, as_json: Json = False, data: Data = DATA) -> None:
    """Keep a driver from driving, until approved again."""
    _set(driver, "suspended", reason, as_json, data)


def _set(
    driver: str, status: Literal["approved", "rejected", "suspended"], reason: str, as_json: bool, data: Path
) -> None:
    body: DriverStatusChange = {"status": status}
    if reason:
        body["reason"] = reason
    changed = ask(data, lambda client: client.set_driver_status(driver, body))
    if as_json:
        say_json(changed)
    else:
        typer.echo(f"{plain(changed['display_name'])} ({changed['id']}) is {changed['status']}.")
