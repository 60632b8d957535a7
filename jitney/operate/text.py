"""What the interface answers, as people read it in a terminal or in a pipe."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from shared_kernel.money import Money


def say_json(answer: Any) -> None:
    """Prints an answer for programs."""
    typer.echo(json.dumps(answer, indent=2))


def say_table(columns: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> None:
    """Prints rows below their columns' names, each as wide as it must be; nothing is cut, so that ids can be copied.

    What people typed is printed as well: nothing in it moves the cursor or colors the terminal.
    """
    rows = [[plain(cell) for cell in row] for row in rows]
    if not rows:
        typer.echo(nothing)
        return
    widths = [max(len(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def plain(text: str) -> str:
    """Writes a text without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def money(amount: Mapping[str, Any] | None) -> str:
    """Writes 12.50 USD; nothing for no amount."""
    return str(Money(amount["currency_code"], amount["amount_minor"])) if amount else ""


def moment(text: str | None) -> str:
    """Writes 2026-11-22 18:25:34, in UTC; nothing for no time."""
    return text[:19].replace("T", " ") if text else ""


def place(point: Mapping[str, Any]) -> str:
    """Writes a place by its address, or by where it is."""
    return str(point.get("address") or f"{point['latitude']:.5f}, {point['longitude']:.5f}")
