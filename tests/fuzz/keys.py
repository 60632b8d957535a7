"""Many keys, each sent several times at once: what is done twice is counted in the books."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from uuid import uuid4

import httpx

_AT_ONCE = 60
_TRIES = 40
_CENT = {"currency_code": "USD", "amount_minor": 1}


@dataclass(frozen=True, slots=True)
class KeyReport:
    """What came of a run."""

    keys: int
    requests: int
    statuses: Counter[int]
    replayed: int
    unlike: int
    """Keys whose answers were not all the same, byte for byte."""
    granted_minor: int
    """What the books say was granted; as many cents as keys where nothing was done twice."""

    @property
    def duplicates(self) -> int:
        """What was done more than once, or not at all."""
        return abs(self.granted_minor - self.keys)


async def send_keys(rest_url: str, operator: str, rider_id: str, *, keys: int, times: int) -> KeyReport:
    """Grant a rider a cent under each key, each request sent several times at once and repeated until it is answered.

    Args:
        rest_url: where the edge listens.
        operator: an operator's token.
        rider_id: the rider's public id; nobody else grants them credit meanwhile.
        keys: how many keys.
        times: how often each is sent.
    """
    statuses: Counter[int] = Counter()
    headers = {"Authorization": f"Bearer {operator}"}
    limits = httpx.Limits(max_connections=_AT_ONCE)
    # So many keys that all times of each are under way together; a client with thousands waiting does nothing else.
    gate = asyncio.Semaphore(max(1, _AT_ONCE // times))
    async with httpx.AsyncClient(base_url=rest_url, headers=headers, limits=limits, timeout=60) as client:
        before = await _credit(client, rider_id)

        async def one(key: str) -> tuple[bytes, bool]:
            for _ in range(_TRIES):
                answer = await client.post(
                    f"/v1/operator/riders/{rider_id}/credits",
                    json={"amount": _CENT, "reason": f"key {key}"},
                    headers={"Idempotency-Key": key},
                )
                statuses[answer.status_code] += 1
                if answer.status_code not in (409, 429, 503, 504):
                    return answer.content, "Idempotent-Replayed" in answer.headers
                await asyncio.sleep(0.05)
            raise TimeoutError(f"the key {key} is not answered")

        async def together(key: str) -> list[tuple[bytes, bool]]:
            async with gate:
                return await asyncio.gather(*(one(key) for _ in range(times)))

        by_key = await asyncio.gather(*(together(str(uuid4())) for _ in range(keys)))
        after = await _credit(client, rider_id)
    return KeyReport(
        keys=keys,
        requests=sum(statuses.values()),
        statuses=statuses,
        replayed=sum(replayed for answers in by_key for _, replayed in answers),
        unlike=sum(len({body for body, _ in answers}) > 1 for answers in by_key),
        granted_minor=after - before,
    )


async def _credit(client: httpx.AsyncClient, rider_id: str) -> int:
    wallet = (await client.get(f"/v1/operator/riders/{rider_id}/wallet")).json()
    return sum(balance["credit"]["amount_minor"] for balance in wallet["balances"])
