"""People of the simulator are spread over the replicas of the edge."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from jitney.simulator.spread import SpreadTransport, open_client


async def test_each_request_goes_to_the_next_and_past_who_takes_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Counter[str]()

    async def answer(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if request.url.port == 2:
            raise httpx.ConnectError("nobody is there")
        asked[f"{request.url.host}:{request.url.port}{request.url.path}"] += 1
        return httpx.Response(200)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer)
    async with open_client("http://a:1,http://b:2,http://c:3", httpx.Limits(), 5.0) as client:
        for _ in range(6):
            assert (await client.get("/v1/me")).status_code == 200
    assert asked == {"a:1/v1/me": 3, "c:3/v1/me": 3}


async def test_with_nobody_there_the_error_is_that_of_a_connection() -> None:
    transport = SpreadTransport(["http://127.0.0.1:1", "http://127.0.0.1:2"], httpx.Limits())
    async with httpx.AsyncClient(base_url="http://127.0.0.1:1", transport=transport) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("/")
