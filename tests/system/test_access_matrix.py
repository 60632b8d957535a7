"""Who reaches what: every address with an id, by everybody, with the ids of real objects.

The addresses come from the served OpenAPI document, so a new one is in the matrix by itself. A stranger must be told
the same as of an object that does not exist; only the owner and, where it is theirs to see, operators get further.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from jitney.stack.tokens import make_token
from shared_kernel.ids import to_public_id
from tests.integration.edge.openapi import Document
from tests.system.objects import Objects, one_of_everything
from tests.system.people import Town

pytestmark = pytest.mark.system

# Without an object of their own: nothing of the sort can be made by asking, or only with a provider of identities.
NO_OBJECT = {"event_id", "item_id", "identity_id"}
# Names of kinds and not of objects.
NO_ID = {"city", "version", "service"}
# What the ride under way ends with comes last; its driver gives it back before its rider and operators end it.
_ENDS = (
    "/complete",
    "/no-show",
    "/fail-delivery",
    "/return",
    "/decline",
    "/driver/rides/{ride_id}/cancel",
    "/cancel",
    "/{session_id}",
)


@dataclass(frozen=True, slots=True)
class Address:
    """One operation with ids in its path."""

    method: str
    path: str
    roles: frozenset[str]

    @property
    def names(self) -> set[str]:
        return set(re.findall(r"{(\w+)}", self.path))


def addresses(document: Document) -> list[Address]:
    found = [
        Address(method.upper(), path, frozenset(operation["x-roles"]))
        for path, item in document.spec["paths"].items()
        for method, operation in item.items()
    ]
    # What anybody may see is named by a secret, not by an id.
    with_ids = [address for address in found if address.names - NO_ID and "anonymous" not in address.roles]

    def rank(address: Address) -> int:
        return next((number for number, end in enumerate(_ENDS, 1) if address.path.endswith(end)), 0)

    def order(address: Address) -> tuple[bool, int, bool, str]:
        return address.method != "GET", rank(address), address.method == "DELETE", address.path

    return sorted(with_ids, key=order)


class Matrix:
    """Calls addresses as different people."""

    def __init__(
        self, client: httpx.AsyncClient, document: Document, objects: Objects, staff: Mapping[str, str]
    ) -> None:
        self._client = client
        self._document = document
        self._objects = objects
        self._staff = staff

    def _ids(self, address: Address) -> dict[str, str]:
        if address.path.startswith("/v1/operator/"):
            return self._objects.of_platform
        return self._objects.of_driver if address.path.startswith("/v1/driver/") else self._objects.of_rider

    async def told(self, address: Address, token: str, *, real: bool) -> tuple[int, str, Any]:
        """Send a well-formed request with real ids, or with ids of nothing; return status, code and body."""
        path = self._document.example_address(address.method, address.path)
        bare, _, query = path.partition("?")
        parts = bare.split("/")
        for index, part in enumerate(address.path.split("/")):
            name = part.strip("{}")
            if part.startswith("{") and name in self._ids(address) and real:
                parts[index] = self._ids(address)[name]
            elif part.startswith("{") and name not in NO_ID:
                parts[index] = _of_nothing(parts[index])
        body = self._document.example_body(address.method, address.path)
        headers = {"Idempotency-Key": str(uuid4())} | ({"Authorization": f"Bearer {token}"} if token else {})
        answer = await self._client.request(
            address.method, "/".join(parts) + (f"?{query}" if query else ""), json=body, headers=headers
        )
        found = answer.json() if answer.content else None
        return answer.status_code, str(found.get("code", "")) if isinstance(found, dict) else "", found

    async def token(self, who: str) -> str:
        """Return the token of somebody."""
        people = {
            "rider": self._objects.rider.person,
            "driver": self._objects.driver.person,
            "other rider": self._objects.other_rider,
            "other driver": self._objects.other_driver,
        }
        if who == "anonymous":
            return ""
        return self._staff.get(who) or await people[who].token()


def _of_nothing(example: str) -> str:
    prefix, underscore, _ = example.rpartition("_")
    if not underscore or prefix == "evt":
        return f"{prefix}{underscore}nothing" if underscore else str(uuid4())
    return to_public_id(prefix, UUID(int=uuid4().int & (2**121 - 1)))


def is_empty(body: Any) -> bool:
    """Tell whether an answer says nothing of anybody: an empty page."""
    return isinstance(body, dict) and body.get("items") == []


async def test_strangers_reach_nothing_and_are_told_nothing(people: Town) -> None:
    async with httpx.AsyncClient(base_url=people.stack.rest_url, timeout=15) as client:
        document = Document((await client.get("/openapi.json")).json())
        objects = await one_of_everything(people)
        keys = people.stack.data / "keys"
        staff = {role: make_token(keys, role, None, 10) for role in ("operator", "support")}
        matrix = Matrix(client, document, objects, staff)
        leaks: list[str] = []
        unreached: list[str] = []
        cells: Counter[str] = Counter()
        for address in addresses(document):
            owner = "driver" if "driver" in address.roles and address.path.startswith("/v1/driver") else "rider"
            strangers = ("anonymous", "other rider", "other driver", "rider", "driver", "operator", "support")
            for who in strangers:
                role = who.removeprefix("other ")
                allowed = role in address.roles
                if who == owner or (who in ("rider", "driver") and allowed) or (who in staff and allowed):
                    continue
                cells[who] += 1
                token = await matrix.token(who)
                status, code, body = await matrix.told(address, token, real=True)
                if who == "anonymous":
                    good = (status, code) == (401, "token_required")
                elif not allowed:
                    good = (status, code) in ((403, "role_not_allowed"), (403, "scope_not_allowed"))
                else:
                    of_nothing = await matrix.told(address, token, real=False)
                    good = (status, code) == of_nothing[:2] and (status == 404 or is_empty(body))
                if not good:
                    leaks.append(f"{who}: {address.method} {address.path}: {status} {code}")
            if owner in address.roles or "operator" in address.roles:
                who = owner if owner in address.roles else "operator"
                cells[f"owner ({who})"] += 1
                status, code, _ = await matrix.told(address, await matrix.token(who), real=True)
                if status in (401, 403, 404) and not address.names & NO_OBJECT:
                    unreached.append(f"{who}: {address.method} {address.path}: {status} {code}")
        print(f"\naccess matrix: {len(addresses(document))} addresses with ids, {sum(cells.values())} cells", end=" ")
        print(f"{dict(cells)}, leaks {len(leaks)}, objects that their owner did not reach {len(unreached)}")
        print(*leaks, *unreached, sep="\n")
        assert leaks == [], "\n".join(leaks)
        assert unreached == [], "\n".join(unreached)


async def test_what_is_somebody_elses_cannot_be_paid_with(people: Town) -> None:
    owner, stranger = await people.rider(), await people.rider()
    quote, own_quote = await owner.quote(), await stranger.quote()
    amount = {"currency_code": "USD", "amount_minor": 1000}
    tries = [
        ("/v1/rides", {"quote_id": quote["id"], "payment_method_id": stranger.payment_method_id}),
        ("/v1/rides", {"quote_id": own_quote["id"], "payment_method_id": owner.payment_method_id}),
        ("/v1/wallet/top-ups", {"amount": amount, "payment_method_id": owner.payment_method_id}),
    ]
    async with httpx.AsyncClient(base_url=people.stack.rest_url, timeout=15) as client:
        headers = {"Authorization": f"Bearer {await stranger.person.token()}"}
        for path, body in tries:
            answer = await client.post(path, json=body, headers={**headers, "Idempotency-Key": str(uuid4())})
            assert answer.status_code == 404, (path, answer.text)
