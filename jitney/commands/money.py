"""`jitney reconcile`, `payment`, `refund`: what an accountant asks for."""

import os
import sys
from enum import StrEnum
from typing import Annotated

import typer

from jitney.commands.options import DATA, Data


class ReportForm(StrEnum):
    """As what a report is written."""

    CSV = "csv"
    JSON = "json"


def reconcile(
    report: Annotated[ReportForm | None, typer.Option(help="Print the report of the period afterwards.")] = None,
    first: Annotated[
        str, typer.Option("--from", metavar="DAY", help="2026-11-01; this month's first if not set.")
    ] = "",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day; today if left out.")] = "",
    run: Annotated[bool, typer.Option(help="Compare with the PSP's list now.")] = True,
    audit: Annotated[bool, typer.Option(help="Also audit the ledger against itself.")] = False,
    data: Data = DATA,
) -> None:
    """Compare the ledger with the PSP's own list.

    Exit code 1 while something does not agree, another one where that could not be found out.
    """
    from jitney.money import reconcile as commands
    from jitney.money.client import payment_client
    from jitney.operate.client import REFUSED, TRY_AGAIN, Refusal
    from jitney.stack.problems import StackError

    def say(line: str) -> None:
        # The report alone goes to the standard output, so that it can be kept as a file.
        typer.echo(line, err=report is not None)

    try:
        with payment_client(os.environ, data) as client:
            if run:
                commands.run(client, say)
            found = commands.audit(client, say) if audit else 0
            found += commands.say_items(client, say)
            if report is not None:
                sys.stdout.buffer.write(commands.report(client, report.value, first, last))
                sys.stdout.buffer.flush()
    except StackError as error:
        # Whoever is woken by 1 looks for what does not agree.
        raise Refusal(str(error), error.exit_code if error.exit_code != REFUSED else TRY_AGAIN) from None
    raise typer.Exit(REFUSED if found else 0)


def payment(
    name: Annotated[str, typer.Argument(metavar="RIDE_OR_PAYMENT", help="A UUID, ride_... or pay_...")],
    data: Data = DATA,
) -> None:
    """Tell all that happened around a payment and its ride: operations, postings, what the PSP listed."""
    from jitney.money.client import payment_client
    from jitney.money.payment import story

    with payment_client(os.environ, data) as client:
        for line in story(client, name):
            typer.echo(line)


def refund(
    what: Annotated[str, typer.Argument(metavar="RIDE_OR_PAYMENT", help="ride_... or pay_...")],
    reason: Annotated[str, typer.Option(help="Why, for the record and the receipt.")],
    amount: Annotated[str, typer.Option(help='Such as "12.50 USD"; all that is left if not given.')] = "",
    platform_pays: Annotated[bool, typer.Option("--platform-pays", help="The driver keeps the whole share.")] = False,
    key: Annotated[
        str, typer.Option(help="Names this refund: given again, it is not made twice. Made here and told if left out.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="What the interface answered, for programs.")] = False,
    data: Data = DATA,
) -> None:
    """Give money back, all or a part."""
    from jitney.operate.refunds import refund as give_back

    told = give_back(what, amount, reason, platform_pays=platform_pays, key=key, as_json=as_json, data=data)
    if told:
        typer.echo(told)
