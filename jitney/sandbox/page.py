"""The page at `/`: what was sent to whom, and what became of the money. Made here, shown without any other server."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from jitney.sandbox.messages import Call, Message, read_calls, read_messages
from jitney.sandbox.page_effects import coming, recent_effects
from jitney.sandbox.page_words import age, money
from jitney.sandbox.posts import read_posts
from jitney.sandbox.psp import oracle
from jitney.sandbox.reference import reference
from jitney.sandbox.world import World

_SHOWN = 50
_POSTS_SHOWN = 20
_ASSETS = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_STATUS_WORDS = {
    "requires_payment_method": ("Declined", "bad"),
    "requires_confirmation": ("Unconfirmed", "quiet"),
    "requires_action": ("Needs cardholder", "warn"),
    "requires_capture": ("Held", "held"),
    "processing": ("Processing", "warn"),
    "succeeded": ("Captured", "good"),
    "canceled": ("Released", "quiet"),
}


@dataclass(frozen=True, slots=True)
class Payment:
    """One line of the table of payments."""

    identifier: str
    amount: str
    captured: str
    refunded: str
    status: str
    tone: str
    card: str
    note: str
    created_at: datetime


class Page:
    """Serves the page and its two assets."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Make the routes."""
        return [
            Route("/", self._show, methods=["GET"]),
            Route("/reference", self._show_reference, methods=["GET"]),
            Route("/assets/{name}", _asset, methods=["GET"]),
        ]

    @cached_property
    def _templates(self) -> Environment:
        environment = Environment(
            loader=PackageLoader("jitney.sandbox"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals["money"] = money  # pyright: ignore[reportArgumentType] # typed by Jinja's own globals
        return environment

    async def _show(self, request: Request) -> Response:
        recipient = request.query_params.get("to", "").strip()[:20]
        if recipient and recipient.isdecimal():
            recipient = f"+{recipient}"
        content = await self._world.store.run(lambda connection: self._content(connection, recipient))
        name = "live.html" if "live" in request.query_params else "page.html"
        return HTMLResponse(self._templates.get_template(name).render(content), headers=_HEADERS)

    async def _show_reference(self, request: Request) -> Response:
        del request
        return HTMLResponse(self._templates.get_template("reference.html").render(reference()), headers=_HEADERS)

    def _content(self, connection: sqlite3.Connection, recipient: str) -> dict[str, Any]:
        now = self._world.clock.now()
        messages = _texts_and_calls(connection, recipient or None)
        faults = [
            rule
            for rule in self._world.faults.listing(connection)
            if rule["count"] is None or rule["fired"] < rule["count"]
        ]
        return {
            "now": now,
            "offset_seconds": round(self._world.clock.offset_seconds),
            "recipient": recipient,
            "messages": messages,
            "posts": read_posts(connection, limit=_POSTS_SHOWN),
            "payments": recent_payments(connection),
            "totals": oracle.totals(connection),
            "effects": recent_effects(connection),
            "coming": coming(connection),
            "faults": faults,
            "age": partial(age, now),
        }


def _texts_and_calls(connection: sqlite3.Connection, recipient: str | None) -> list[Message | Call]:
    """Read what a phone, or all of them, were sent and told, the newest first."""
    texts = read_messages(connection, recipient=recipient, limit=_SHOWN)
    calls = read_calls(connection, recipient=recipient, limit=_SHOWN)
    return sorted([*texts, *calls], key=lambda each: each.created_at, reverse=True)[:_SHOWN]


def recent_payments(connection: sqlite3.Connection) -> list[Payment]:
    """Read the newest payments, with the card of their last or coming attempt."""
    rows = connection.execute(
        """
        SELECT intent.body AS intent, charge.body AS charge, method.body AS method
        FROM object intent LEFT JOIN object charge ON charge.id = json_extract(intent.body, '$.latest_charge')
        LEFT JOIN object method ON method.id = json_extract(intent.body, '$.payment_method')
        WHERE intent.kind = 'payment_intent' AND intent.account = '' ORDER BY intent.seq DESC LIMIT ?
        """,
        (_SHOWN,),
    )
    bodies = [tuple(json.loads(row[name] or "null") for name in ("intent", "charge", "method")) for row in rows]
    return [_payment(intent, charge, method) for intent, charge, method in bodies]


def _payment(intent: dict[str, Any], charge: dict[str, Any] | None, method: dict[str, Any] | None) -> Payment:
    currency, status = intent["currency"], intent["status"]
    word, tone = _STATUS_WORDS[status]
    if status == "requires_payment_method" and charge is None:
        word, tone = "New", "quiet"
    refunded = charge["amount_refunded"] if charge else 0
    if refunded:
        word, tone = ("Refunded" if charge and charge["refunded"] else "Partly refunded"), "quiet"
    if charge and charge["disputed"]:
        word, tone = "Disputed", "warn"
    card = charge["payment_method_details"]["card"] if charge else method["card"] if method else None
    error = intent["last_payment_error"] or {}
    named = [f"{key.replace('_', ' ')} {value}" for key, value in intent["metadata"].items()]
    reference = next((text for text in named if text.startswith("ride")), named[0] if named else "")
    return Payment(
        identifier=intent["id"],
        amount=money(intent["amount"], currency),
        captured=money(intent["amount_received"], currency) if intent["amount_received"] else "",
        refunded=money(refunded, currency) if refunded else "",
        status=word,
        tone=tone,
        card=f"{card['brand'].title()} ···· {card['last4']}" if card else "",
        note=(error.get("decline_code") or error.get("code") or "").replace("_", " ") or reference,
        created_at=datetime.fromtimestamp(intent["created"], UTC),
    )


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _ASSETS:
        return Response(status_code=404)
    text = resources.files("jitney.sandbox").joinpath("assets", name).read_text("utf-8")
    return Response(text, headers={**_HEADERS, "content-type": _ASSETS[name]})
