"""A flood of the PSP's events through the edge: new ones, duplicates and badly signed ones among them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

PATH = "/v1/callbacks/payments/stripe"
_AT_ONCE = 24
_TRIES = 100
_SEND_AGAIN = frozenset({429, 502, 503, 504})


@dataclass
class Flood:
    """What was sent, and how it was answered."""

    sent: set[str] = field(default_factory=set[str])
    forged: set[str] = field(default_factory=set[str])
    answers: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])


async def flood(rest: httpx.AsyncClient, secret: str, told: list[dict[str, Any]], events: int, seed: int) -> Flood:
    """Send events again and again as the PSP would: what it told before, under old and new ids, until each is taken.

    Args:
        rest: the edge.
        secret: what the PSP signs with.
        told: events as the PSP told them.
        events: how many to send.
        seed: of the mixture: of ten, three are duplicates and one is badly signed.
    """
    chance, done, gate = random.Random(seed), Flood(), asyncio.Semaphore(_AT_ONCE)

    async def send(kind: str, event: dict[str, Any], signed_with: str) -> None:
        body = json.dumps(event).encode()
        async with gate:
            for _ in range(_TRIES):
                at = int(time.time())
                digest = hmac.new(signed_with.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
                headers = {"Stripe-Signature": f"t={at},v1={digest}", "Content-Type": "application/json"}
                answer = await rest.post(PATH, content=body, headers=headers)
                done.answers[kind, answer.status_code] += 1
                if answer.status_code not in _SEND_AGAIN:
                    return
                await asyncio.sleep(0.1)

    def draw(number: int) -> tuple[str, dict[str, Any], str]:
        event = chance.choice(told)
        if number % 10 == 0:
            forged = event | {"id": f"evt_forged{uuid4().hex}"}
            done.forged.add(forged["id"])
            return "forged", forged, f"{secret}x"
        if number % 10 > 3:
            event = event | {"id": f"evt_flood{uuid4().hex}"}
        done.sent.add(event["id"])
        return "good", event, secret

    await asyncio.gather(*(send(*draw(number)) for number in range(events)))
    return done
