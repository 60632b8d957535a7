"""Stripe's search language, the part that finds payment intents: exact clauses joined by AND.

    metadata['operation']:'0198…' AND customer:'cus_…' AND status:'requires_capture'

Stripe's own search lags behind writes, usually by less than a minute; this one does not, so nobody may rely on reading
their own writes through it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Annotated

from pydantic import Field

from jitney.sandbox.psp.errors import Json, invalid_parameter
from jitney.sandbox.psp.parameters import Integer, Params

_CLAUSE = re.compile(
    r"""\s*(?:(?P<field>customer|status|currency)|metadata\[(?P<kq>['"])(?P<key>[^'"]{1,40})(?P=kq)\])
    \s*:\s*(?P<vq>['"])(?P<value>[^'"]{0,500})(?P=vq)\s*""",
    re.VERBOSE,
)
_AND = re.compile(r"AND\b", re.IGNORECASE)
_MAX_CLAUSES = 10


class SearchParams(Params):
    """What a search takes."""

    query: Annotated[str, Field(min_length=1, max_length=2000)]
    limit: Annotated[Integer, Field(ge=1, le=100)] = 10
    page: Annotated[str, Field(pattern=r"^[0-9]{1,18}$")] | None = None


def search(connection: sqlite3.Connection, kind: str, url: str, params: SearchParams, account: str = "") -> Json:
    """Find objects, newest first.

    Raises:
        StripeError: the query is not one of this language.
    """
    where, values = ["kind = ?", "account = ?"], [kind, account]
    for column, value in _clauses(params.query):
        if column.startswith("metadata:"):
            where.append("seq IN (SELECT object_seq FROM metadata WHERE key = ? AND value = ?)")
            values += [column.removeprefix("metadata:"), value]
        elif column == "customer":
            where.append("customer = ?")
            values.append(value)
        else:
            where.append("json_extract(body, ?) = ?")
            values += [f"$.{column}", value]
    if params.page:
        where.append("seq < ?")
        values.append(params.page)
    # The clauses are written above; every value is bound.
    statement = f"SELECT seq, body FROM object WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT ?"  # noqa: S608 (see above)
    rows = connection.execute(statement, (*values, params.limit + 1)).fetchall()
    has_more, rows = len(rows) > params.limit, rows[: params.limit]
    return {
        "object": "search_result",
        "url": url,
        "has_more": has_more,
        "next_page": str(rows[-1]["seq"]) if has_more else None,
        "data": [json.loads(row["body"]) for row in rows],
    }


def _clauses(query: str) -> list[tuple[str, str]]:
    clauses: list[tuple[str, str]] = []
    position = 0
    while True:
        match = _CLAUSE.match(query, position)
        if match is None or len(clauses) == _MAX_CLAUSES:
            raise invalid_parameter("We were unable to parse your search query.", "query")
        clauses.append((match["field"] or f"metadata:{match['key']}", match["value"]))
        position = match.end()
        if position == len(query):
            return clauses
        joint = _AND.match(query, position)
        if joint is None:
            raise invalid_parameter("We were unable to parse your search query.", "query")
        position = joint.end()
