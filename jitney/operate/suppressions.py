"""`jitney suppressions`: numbers and mailboxes that are not written to any more."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jitney.operate.client import DATA, Data, Json, Key, Limit, ask, change, page_size, taken
from jitney.operate.text import moment, say_json, say_table

if TYPE_CHECKING:
    from jitney_client import Client

app = typer.Typer(
    help="Numbers and mailboxes that are not written to any more: list them, lift them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Channel(StrEnum):
    """Channels whose addresses can be dead."""

    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"


Account = Annotated[str, typer.Option(metavar="ACCOUNT", help="Only of this account, acct_...")]


@app.command("list")
def list_suppressions(account: Account = "", limit: Limit = 20, as_json: Json = False, data: Data = DATA) -> None:
    """List what is suppressed, the latest first."""

    async def question(client: "Client") -> list[Any]:
        pages = client.iterate_suppressions(limit=page_size(limit), account_id=account or None)
        return await taken(pages, limit)

    found = ask(data, question)
    if as_json:
        say_json(found)
        return
    rows = [(item["account_id"], item["channel"], moment(item["suppressed_at"]), *_said(item)) for item in found]
    say_table(("ACCOUNT", "CHANNEL", "SINCE", "PROVIDER", "REASON"), rows, "Nothing is suppressed.")


@app.command()
def lift(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="acct_...")],
    channel: Annotated[Channel, typer.Argument(help="Of which channel.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    key: Key = "",
    as_json: Json = False,
    data: Data = DATA,
) -> None:
    """Write to an address again, from the next message on; where it is dead indeed, it is suppressed again."""
    lifted = change(
        data,
        key,
        lambda client, key: client.lift_suppression(
            {"account_id": account, "channel": channel.value, "reason": reason}, idempotency_key=key
        ),
    )
    if as_json:
        say_json(lifted)
    else:
        typer.echo(f"{account} is written to by {channel} again.")


@app.command()
def lifted(account: Account = "", limit: Limit = 20, as_json: Json = False, data: Data = DATA) -> None:
    """List what was lifted, by whom and why, the latest first."""

    async def question(client: "Client") -> list[Any]:
        pages = client.iterate_lifted_suppressions(limit=page_size(limit), account_id=account or None)
        return await taken(pages, limit)

    found = ask(data, question)
    if as_json:
        say_json(found)
        return
    rows = [
        (was["account_id"], was["channel"], *_said(was), moment(item["lifted_at"]), item["operator_id"], item["reason"])
        for item in found
        for was in (item["suppression"],)
    ]
    columns = ("ACCOUNT", "CHANNEL", "PROVIDER", "REASON", "LIFTED", "BY", "WHY")
    say_table(columns, rows, "Nothing was lifted.")


def _said(suppression: Any) -> tuple[str, str]:
    return suppression["provider"], suppression["reason"]
