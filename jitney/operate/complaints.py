"""`jitney complaints`: what riders say was wrong with rides, and what is answered."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jitney.operate.client import DATA, Data, Json, Key, Limit, ask, change, page_size, taken
from jitney.operate.refunds import read_amount
from jitney.operate.text import moment, money, say_json, say_table

if TYPE_CHECKING:
    from jitney_client import Client
    from jitney_client.models import ComplaintRefund, ComplaintRejection

app = typer.Typer(
    help="List what riders complain of; give money back, or say no.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Complaint = Annotated[str, typer.Argument(metavar="COMPLAINT", help="cmpl_...")]
Answer = Annotated[str, typer.Option(help="What the rider is told.")]


class ComplaintState(StrEnum):
    """Where a complaint stands."""

    OPEN = "open"
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"
    REJECTED = "rejected"


@app.command("list")
def list_complaints(
    state: Annotated[ComplaintState | None, typer.Option(help="Only those that stand here.")] = None,
    limit: Limit = 20,
    as_json: Json = False,
    data: Data = DATA,
) -> None:
    """List complaints, newest first."""
    wanted: Any = state.value if state else None

    async def question(client: "Client") -> list[Any]:
        return await taken(client.iterate_search_complaints(limit=page_size(limit), state=wanted), limit)

    complaints = ask(data, question)
    if as_json:
        say_json(complaints)
        return
    rows = [
        (
            complaint["id"],
            moment(complaint["created_at"]),
            complaint["state"],
            complaint["ride_id"],
            complaint["reason"],
            " ".join(complaint["words"].split()),
        )
        for complaint in complaints
    ]
    say_table(("COMPLAINT", "RAISED", "STATE", "RIDE", "REASON", "WORDS"), rows, "No complaints.")


@app.command()
def refund(
    complaint: Complaint,
    amount: Annotated[
        str, typer.Option(help="Such as 12.50 USD; all that is left of the ride's payment without it.")
    ] = "",
    answer: Answer = "",
    platform_pays: Annotated[bool, typer.Option("--platform-pays", help="The driver keeps the share.")] = False,
    key: Key = "",
    as_json: Json = False,
    data: Data = DATA,
) -> None:
    """Give money back, and tell the rider."""
    body: ComplaintRefund = {"borne_by": "platform" if platform_pays else "proportional", "answer": answer}
    if amount:
        body["amount"] = read_amount(amount)
    decided = change(data, key, lambda client, key: client.refund_complaint(complaint, body, idempotency_key=key))
    _tell(decided, as_json)


@app.command()
def reject(complaint: Complaint, answer: Answer, key: Key = "", as_json: Json = False, data: Data = DATA) -> None:
    """Give nothing back, and tell the rider why."""
    body: ComplaintRejection = {"answer": answer}
    decided = change(data, key, lambda client, key: client.reject_complaint(complaint, body, idempotency_key=key))
    _tell(decided, as_json)


def _tell(complaint: Any, as_json: bool) -> None:
    if as_json:
        say_json(complaint)
        return
    given = f", {money(complaint['refund_amount'])}" if complaint["refund_amount"] else ""
    typer.echo(f"{complaint['id']} is {complaint['state']}{given}.")
