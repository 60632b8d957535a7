"""`jitney promotions`: what codes take off fares."""

from datetime import datetime
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jitney.operate.client import DATA, Data, Json, Key, Limit, ask, change, page_size, taken
from jitney.operate.refunds import read_amount
from jitney.operate.text import moment, money, say_json, say_table
from jitney.stack.problems import StackError

if TYPE_CHECKING:
    from jitney_client import Client
    from jitney_client.models import PromotionRequest

_WHOLE = 10_000
"""Basis points."""
app = typer.Typer(
    help="Make promotions, see what they came to, end them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command("list")
def list_promotions(limit: Limit = 20, as_json: Json = False, data: Data = DATA) -> None:
    """List promotions, newest first."""

    async def question(client: "Client") -> list[Any]:
        return await taken(client.iterate_promotions(limit=page_size(limit)), limit)

    promotions = ask(data, question)
    if as_json:
        say_json(promotions)
        return
    rows = [
        (
            promotion["id"],
            promotion["code"],
            promotion["state"],
            _off(promotion),
            moment(promotion["stopped_at"] or promotion["ends_at"]),
            _redeemed(promotion),
            str(promotion["use_count"]),
            money(promotion["taken_off"]),
        )
        for promotion in promotions
    ]
    columns = ("PROMOTION", "CODE", "STATE", "TAKES OFF", "UNTIL", "REDEEMED", "RIDES", "TAKEN OFF")
    say_table(columns, rows, "No promotions.")


@app.command()
def create(
    code: Annotated[str, typer.Argument(metavar="CODE", help="What riders type, 4 to 24 letters and digits.")],
    off: Annotated[str, typer.Option(help="What it takes off a fare: 20% or 5.00 USD.")],
    until: Annotated[datetime, typer.Option(help="When it ends, in UTC.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])],
    most: Annotated[
        str, typer.Option(help="At most off a ride, such as 10.00 USD; of a part it names the currency.")
    ] = "",
    uses: Annotated[int, typer.Option(min=1, max=100, help="For how many rides each rider has it.")] = 1,
    riders: Annotated[int, typer.Option(min=0, help="How many may redeem it; 0 for all.")] = 0,
    city: Annotated[str, typer.Option(help="Only there.")] = "",
    product: Annotated[list[str] | None, typer.Option(help="Only of this product; may be given again.")] = None,
    first_ride: Annotated[bool, typer.Option("--first-ride", help="Only for who has not ridden yet.")] = False,
    note: Annotated[str, typer.Option(help="For the record.")] = "",
    key: Key = "",
    as_json: Json = False,
    data: Data = DATA,
) -> None:
    """Make a promotion; its terms never change afterwards."""
    cap = read_amount(most) if most else None
    body: PromotionRequest = {
        "code": code,
        "currency_code": cap["currency_code"] if cap else "",
        "ends_at": f"{until:%Y-%m-%dT%H:%M:%S}Z",
        "most_off_minor": cap["amount_minor"] if cap else 0,
        "uses_per_rider": uses,
        "redemption_limit": riders,
        "city": city,
        "products": product or [],
        "first_ride_only": first_ride,
        "note": note,
    }
    if off.endswith("%"):
        if cap is None:
            raise StackError("Of a part, --most tells how much at most, and in which currency.")
        body["percent_off_basis_points"] = _basis_points(off)
    else:
        amount = read_amount(off)
        if cap is not None and cap["currency_code"] != amount["currency_code"]:
            raise StackError(f"{off} and {most} are of two currencies.")
        body["currency_code"] = amount["currency_code"]
        body["amount_off_minor"] = amount["amount_minor"]
    made = change(data, key, lambda client, key: client.create_promotion(body, idempotency_key=key))
    if as_json:
        say_json(made)
    else:
        typer.echo(f"{made['code']} ({made['id']}) takes {_off(made)} off until {moment(made['ends_at'])}.")


@app.command()
def end(
    promotion: Annotated[str, typer.Argument(metavar="PROMOTION", help="promo_...")],
    note: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    key: Key = "",
    as_json: Json = False,
    data: Data = DATA,
) -> None:
    """End a promotion: nobody redeems it or is quoted by it any more; quotes and rides that have it keep it."""
    ended = change(data, key, lambda client, key: client.end_promotion(promotion, {"note": note}, idempotency_key=key))
    if as_json:
        say_json(ended)
    else:
        typer.echo(f"{ended['code']} ({ended['id']}) is {ended['state']}.")


def _basis_points(text: str) -> int:
    try:
        points = Decimal(text.removesuffix("%").strip()) * 100
        if not 0 < points <= _WHOLE or points != points.to_integral_value():
            raise ValueError
    except (ValueError, DecimalException):
        raise StackError(f"{text} is no part such as 20% or 12.5%.") from None
    return int(points)


def _off(promotion: Any) -> str:
    points = promotion["percent_off_basis_points"]
    part = money(promotion["amount_off"]) if points is None else f"{points / 100:g}%"
    return f"{part}, at most {money(promotion['most_off'])}" if promotion["most_off"] else part


def _redeemed(promotion: Any) -> str:
    limit = promotion["redemption_limit"]
    return str(promotion["redemption_count"]) + ("" if limit is None else f"/{limit}")
