"""What the proof looks at and pulls at from outside of the service: its database, and the sandbox behind its PSP."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
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
        self._sandbox = httpx.AsyncClient(base_url=sandbox_url, timeout=60)

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
        # A payout that the PSP has no money for yet is put off, for days if need be.
        [row] = await self.rows(
            "SELECT count(*) AS n FROM psp_operation LEFT JOIN payout ON payout.id = subject_id "
            "WHERE finished_at IS NULL AND coalesce(waiting_reason, '') = ''"
        )
        return int(row["n"])

    async def under_way(self, now: datetime) -> int:
        """How many of these are being sent or are due by the service's clock: it will not be long."""
        [row] = await self.rows(
            "SELECT count(*) AS n FROM psp_operation LEFT JOIN payout ON payout.id = subject_id "
            "WHERE finished_at IS NULL AND coalesce(waiting_reason, '') = '' AND (state = 'sending' OR due_at <= :now)",
            now=now,
        )
        return int(row["n"])

    async def truth(self, customers: Sequence[str]) -> list[dict[str, Any]]:
        """The sandbox's own ledger of these customers' payments."""
        return [line for line in await self._lines("", "payment_intents") if line["customer"] in customers]

    async def sent_out(self, kind: str, payouts: Sequence[str]) -> list[dict[str, Any]]:
        """The sandbox's own ledger of transfers, or of payouts, for payouts of these ids."""
        return [line for line in await self._lines(f"/{kind}", kind) if line["metadata"].get("payout_id") in payouts]

    async def _lines(self, path: str, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = 0
        while after is not None:
            answer = await self._sandbox.get(f"/_sim/ledger{path}", params={"after": after, "limit": 1000})
            page = answer.raise_for_status().json()
            found += page[name]
            after = page["next_after"]
        return found

    async def fund(self) -> None:
        """Give the platform a balance at the PSP that payouts can be sent from at once, until its own payout takes it.

        A fault that was laid for the service may strike here as well: then payouts wait.
        """
        form = {
            "amount": "99999999",
            "currency": "usd",
            "payment_method": "pm_card_bypassPending",
            "payment_method_types[]": "card",
            "capture_method": "automatic",
            "confirm": "true",
        }
        with contextlib.suppress(httpx.HTTPError):
            await self._sandbox.post("/psp/v1/payment_intents", data=form, headers=_KEY)

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

    async def end_delays(self) -> None:
        """Let the PSP begin at once, and by its clock of now, with what it was to begin late."""
        for fault in await self._faults():
            if fault["kind"] == "delay" and fault["fired"]:
                (await self._sandbox.delete(f"/_sim/faults/{fault['id']}")).raise_for_status()

    async def clear(self) -> Counter[str]:
        """Take all faults away, and count those that struck, by kind."""
        faults = await self._faults()
        (await self._sandbox.delete("/_sim/faults")).raise_for_status()
        struck = Counter[str]()
        for fault in faults:
            struck[fault["kind"]] += int(fault["fired"])
        return struck

    async def _faults(self) -> list[dict[str, Any]]:
        return (await self._sandbox.get("/_sim/faults")).raise_for_status().json()["faults"]
