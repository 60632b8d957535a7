"""Jitney's client for Python: typed, with keys, retries, tokens renewed, lists as iterators and live streams resumed.

    async with httpx.AsyncClient(base_url="http://127.0.0.1:8080") as http:
        verification = {"phone_number": "+14155550100", "code": code, "role": "rider", "device_id": "phone"}
        rider = await sign_in(Transport(http), verification)
        quotes = await rider.create_quotes({"pickup": …, "dropoff": …, "product": "economy"})
        ride = await rider.request_ride({"quote_id": quotes["quotes"][0]["id"], "funding": "cash"})

`models` and `operations` are written from the OpenAPI document (`python -m tools.clients`).
"""

from jitney_client.client import Client, sign_in
from jitney_client.errors import ApiError, Unreachable
from jitney_client.live import LiveEvent, LiveStream
from jitney_client.operations import Operations
from jitney_client.tokens import FixedToken, RenewedTokens, TokenSource
from jitney_client.transport import Patience, Transport

__all__ = [
    "ApiError",
    "Client",
    "FixedToken",
    "LiveEvent",
    "LiveStream",
    "Operations",
    "Patience",
    "RenewedTokens",
    "TokenSource",
    "Transport",
    "Unreachable",
    "sign_in",
]
