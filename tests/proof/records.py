"""What the proof looks at and pulls at from outside of the service: its database, and the sandbox behind its PSP."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
from sqlalchemy import text

from chassis.database import Database

_KEY = {"authorization": "Bearer sk_test_sandbox"}


class Records:
    """The service's database, read past the service, and the sandbox's `/_sim`."""

    def __init__(self, database: Database, sandbox_url: str) -> None:
        self._database = database
        self._last_event = ""
        self._sandbox = httpx.AsyncClient(base_url=sandbox_url, timeout=30)

    async def close(self) -> None:
        await self._sandbox.aclose()

    async def rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        async with self._database.connect() as connection:
            return [dict(row) for row in (await connection.execute(text(statement), values)).mappings()]

    async def execute(self, statement: str) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(text(statement))

    async def open_operations(self) -> int:
        """How many operations have no end yet."""
        [row] = await self.rows("SELECT count(*) AS n FROM psp_operation WHERE finished_at IS NULL")
        return int(row["n"])

    async def truth(self, customers: list[str]) -> list[dict[str, Any]]:
        """The sandbox's own ledger of these customers' payments."""
        found: list[dict[str, Any]] = []
        after = 0
        while after is not None:
            answer = await self._sandbox.get("/_sim/ledger", params={"after": after, "limit": 1000})
            page = answer.raise_for_status().json()
            found += [line for line in page["payment_intents"] if line["customer"] in customers]
            after = page["next_after"]
        return found

    async def events(self) -> list[dict[str, Any]]:
        """The PSP's events since the last time, the oldest first; at most 100, older ones are skipped."""
        newer = {"ending_before": self._last_event} if self._last_event else {}
        try:
            answer = await self._sandbox.get("/psp/v1/events", params={"limit": 100, **newer}, headers=_KEY)
            found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
        except httpx.HTTPError:
            return []  # a fault that was laid for the service has struck us: no event comes now
        if found:
            self._last_event = found[0]["id"]
        return found[::-1]

    async def advance(self, seconds: float) -> None:
        """Let time pass at the PSP."""
        (await self._sandbox.post("/_sim/clock", json={"advance_seconds": seconds})).raise_for_status()

    async def lay(self, operation: str, kind: str, **more: object) -> None:
        """Lay a fault at the PSP."""
        rule = {"operation": operation, "kind": kind, **more}
        (await self._sandbox.post("/_sim/faults", json=rule)).raise_for_status()

    async def clear(self) -> Counter[str]:
        """Take all faults away, and count those that struck, by kind."""
        faults = (await self._sandbox.get("/_sim/faults")).raise_for_status().json()["faults"]
        (await self._sandbox.delete("/_sim/faults")).raise_for_status()
        struck = Counter[str]()
        for fault in faults:
            struck[fault["kind"]] += int(fault["fired"])
        return struck
