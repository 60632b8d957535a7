"""The processor's objects: stored as their API shows them, found by id, by customer, by parent or by metadata."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from jitney.sandbox.psp.errors import Json, resource_missing
from jitney.sandbox.psp.parameters import CreatedRange, ListParams

NOUNS = {
    "cus": "customer",
    "pm": "payment_method",
    "pi": "payment_intent",
    "ch": "charge",
    "re": "refund",
    "txn": "balance_transaction",
    "evt": "event",
    "seti": "setup_intent",
    "du": "dispute",
    "acct": "account",
    "ba": "bank_account",
    "tr": "transfer",
    "trr": "transfer_reversal",
    "po": "payout",
    "py": "charge",
    "pyr": "refund",
}
"""What the prefix of an id says it is."""


class Objects:
    """The objects of one account (empty: the platform's own), seen from within one transaction."""

    def __init__(self, connection: sqlite3.Connection, account: str = "") -> None:
        self._connection = connection
        self._account = account

    def insert(
        self,
        body: Json,
        *,
        customer: str | None = None,
        parent: str | None = None,
        event_type: str | None = None,
        private: str | None = None,
    ) -> None:
        """Store a new object; `parent` is what it is listed by (a charge's intent, a refund's charge)."""
        cursor = self._connection.execute(
            """
            INSERT INTO object (id, kind, account, created, customer, parent, type, private, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                body["id"],
                body["object"],
                self._account,
                body["created"],
                customer,
                parent,
                event_type,
                private,
                json.dumps(body),
            ),
        )
        self._write_metadata(int(cursor.lastrowid or 0), body)

    def save(self, body: Json) -> None:
        """Store a changed object."""
        row = self._connection.execute(
            "UPDATE object SET body = ?, customer = ? WHERE id = ? RETURNING seq",
            (json.dumps(body), _reference(body.get("customer")), body["id"]),
        ).fetchone()
        self._write_metadata(int(row["seq"]), body)

    def find(self, kind: str, identifier: str) -> Json | None:
        """Find one."""
        row = self._connection.execute(
            "SELECT body FROM object WHERE id = ? AND kind = ? AND account = ?", (identifier, kind, self._account)
        ).fetchone()
        return json.loads(row["body"]) if row else None

    def remove(self, identifier: str) -> None:
        """Forget one."""
        self._connection.execute("DELETE FROM object WHERE id = ?", (identifier,))

    def get(self, kind: str, identifier: str, param: str = "id") -> Json:
        """Find one that must be there.

        Raises:
            StripeError: `resource_missing`, naming the parameter that asked for it.
        """
        body = self.find(kind, identifier)
        if body is None:
            raise resource_missing(kind, identifier, param)
        return body

    def private(self, identifier: str) -> str:
        """Read what the API never shows of an object."""
        row = self._connection.execute("SELECT private FROM object WHERE id = ?", (identifier,)).fetchone()
        return str(row["private"] or "") if row else ""

    def set_private(self, identifier: str, private: str) -> None:
        """Change what the API never shows of an object."""
        self._connection.execute("UPDATE object SET private = ? WHERE id = ?", (private, identifier))

    def page(
        self, kind: str, url: str, params: ListParams, types: list[str] | None = None, **columns: str | None
    ) -> Json:
        """List objects in Stripe's shape, newest first, narrowed by those of `columns` that are not None.

        Raises:
            StripeError: `resource_missing`, when the cursor is no such object.
        """
        where, values = ["kind = ?", "account = ?"], [kind, self._account]
        for column, value in columns.items():
            if value is not None:
                where.append("json_extract(body, '$.status') = ?" if column == "status" else f"{column} = ?")
                values.append(value)
        if types:
            where.append(f"type IN ({', '.join('?' * len(types))})")
            values += types
        created = params.created
        bounds = CreatedRange(gte=created, lte=created) if isinstance(created, int) else created or CreatedRange()
        for name, sign in (("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<=")):
            if (bound := getattr(bounds, name)) is not None:
                where.append(f"created {sign} ?")
                values.append(bound)
        if params.starting_after:
            where.append("seq < ?")
            values.append(self._seq(kind, params.starting_after, "starting_after"))
        if params.ending_before:
            where.append("seq > ?")
            values.append(self._seq(kind, params.ending_before, "ending_before"))
        backwards = params.ending_before is not None and params.starting_after is None
        order = "ASC" if backwards else "DESC"
        # Only names of columns and signs written here are put into the statement; every value is bound.
        statement = f"SELECT body FROM object WHERE {' AND '.join(where)} ORDER BY seq {order} LIMIT ?"  # noqa: S608 (see above)
        rows = self._connection.execute(statement, (*values, params.limit + 1)).fetchall()
        data = [json.loads(row["body"]) for row in rows[: params.limit]]
        return {
            "object": "list",
            "url": url,
            "has_more": len(rows) > params.limit,
            "data": data[::-1] if backwards else data,
        }

    def expand(self, body: Json, paths: list[str]) -> Json:
        """Replace ids by the objects they stand for, along paths such as `latest_charge.balance_transaction`."""
        for path in paths:
            self._expand(body, path.split(".")[:5])
        return body

    def _expand(self, node: Any, path: list[str]) -> None:
        if isinstance(node, list):
            for item in node:
                self._expand(item, path)
        elif isinstance(node, dict) and path and path[0] in node:
            value = node[path[0]]
            if isinstance(value, str) and (kind := NOUNS.get(value.partition("_")[0])):
                node[path[0]] = value = self.find(kind, value) or value
            self._expand(value, path[1:])

    def _seq(self, kind: str, identifier: str, param: str) -> Any:
        row = self._connection.execute(
            "SELECT seq FROM object WHERE id = ? AND kind = ? AND account = ?", (identifier, kind, self._account)
        ).fetchone()
        if row is None:
            raise resource_missing(kind, identifier, param)
        return row["seq"]

    def _write_metadata(self, seq: int, body: Json) -> None:
        if "metadata" in body:
            self._connection.execute("DELETE FROM metadata WHERE object_seq = ?", (seq,))
            self._connection.executemany(
                "INSERT INTO metadata VALUES (?, ?, ?)", [(seq, key, value) for key, value in body["metadata"].items()]
            )


def _reference(value: Any) -> str | None:
    return value if isinstance(value, str) else None
