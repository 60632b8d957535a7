"""The Python client against a service that answers by a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest

from jitney_client import ApiError, Client, FixedToken, LiveStream, Patience, RenewedTokens, Transport, Unreachable
from jitney_client.models import SignIn

Answer = httpx.Response | Exception
_SOON = Patience(seconds=5, first_wait_seconds=0, longest_wait_seconds=0)


class Script:
    """Answers one request after another, and keeps them."""

    def __init__(self, *answers: Answer | Callable[[httpx.Request], Answer]) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        answer = answer if isinstance(answer, (httpx.Response, Exception)) else answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def transport(self, patience: Patience = _SOON) -> Transport:
        http = httpx.AsyncClient(base_url="http://rest", transport=httpx.MockTransport(self))
        return Transport(http, patience)

    def keys(self) -> list[str]:
        return [request.headers.get("Idempotency-Key", "") for request in self.asked]


def problem(status: int, code: str, *, retryable: bool = False, retry_after: str = "") -> httpx.Response:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return httpx.Response(status, json={"code": code, "retryable": retryable, "detail": "…"}, headers=headers)


def sign_in_answer(token: str, lifetime: timedelta) -> SignIn:
    answer: Any = {
        "access_token": token,
        "refresh_token": f"{token}-refresh",
        "access_expires_at": (datetime.now(UTC) + lifetime).isoformat(),
    }
    return cast("SignIn", answer)


@pytest.mark.parametrize(
    ("path", "query", "asked"),
    [
        ("/v1/rides?limit=2&cursor=a%3D%3D", None, "limit=2&cursor=a%3D%3D"),
        (
            "/v1/rides?limit=2",
            {"state": ["completed", "canceled"], "city": None},
            "limit=2&state=completed&state=canceled",
        ),
        ("/v1/rides", {"limit": 2}, "limit=2"),
        ("/v1/rides", None, ""),
    ],
)
async def test_a_query_of_the_path_is_kept_and_the_other_comes_on_top(
    path: str, query: dict[str, Any] | None, asked: str
) -> None:
    script = Script(httpx.Response(200, json={}))
    await script.transport().send("GET", path, query=query)
    assert script.asked[0].url.query.decode() == asked


async def test_a_change_is_tried_again_with_the_same_key_until_it_is_answered() -> None:
    script = Script(
        httpx.ConnectError("gone"),
        problem(503, "service_unavailable", retryable=True, retry_after="0"),
        problem(409, "request_in_flight", retryable=True),
        problem(504, "outcome_unknown", retryable=True),
        httpx.Response(201, json={"id": "ride_1"}),
    )
    ride = await Client.with_token(script.transport(), "token").request_ride({"quote_id": "quote_1"})
    assert ride["id"] == "ride_1"
    assert len(set(script.keys())) == 1
    assert script.keys()[0]


async def test_the_key_of_the_caller_is_kept_and_a_read_has_none() -> None:
    script = Script(httpx.Response(201, json={}), httpx.Response(200, json={}))
    client = Client.with_token(script.transport(), "token")
    await client.request_ride({"quote_id": "quote_1"}, idempotency_key="mine")
    await client.read_ride("ride_1")
    assert script.keys() == ["mine", ""]


async def test_a_refusal_is_raised_at_once_with_its_code() -> None:
    script = Script(problem(402, "payment_declined"))
    with pytest.raises(ApiError) as refused:
        await Client.with_token(script.transport(), "token").request_ride({"quote_id": "quote_1"})
    assert (refused.value.status, refused.value.code) == (402, "payment_declined")
    assert len(script.asked) == 1


async def test_a_wait_that_is_longer_than_the_patience_is_not_waited() -> None:
    script = Script(problem(429, "otp_throttled", retryable=True, retry_after="30"))
    with pytest.raises(ApiError) as refused:
        await Client(script.transport()).request_otp({"phone_number": "+14155550100"})
    assert refused.value.retry_after_seconds == 30
    assert len(script.asked) == 1


async def test_no_answer_at_all_is_told_as_such() -> None:
    script = Script(httpx.ReadTimeout("slow"))
    with pytest.raises(Unreachable):
        await Client(script.transport(Patience(seconds=-1))).read_public_keys()


async def test_many_calls_at_once_renew_an_old_token_once() -> None:
    def renewed(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/auth/token/refresh"
        return httpx.Response(200, json=sign_in_answer("new", timedelta(minutes=10)))

    script = Script(renewed, *(httpx.Response(200, json={}) for _ in range(5)))
    transport = script.transport()
    kept: list[str] = []
    tokens = RenewedTokens(
        transport,
        sign_in_answer("old", timedelta(seconds=30)),
        when_renewed=lambda pair: kept.append(pair["refresh_token"]),
    )
    client = Client(transport, tokens)
    await asyncio.gather(*(client.read_account() for _ in range(5)))
    assert {request.headers["Authorization"] for request in script.asked[1:]} == {"Bearer new"}
    assert kept == ["new-refresh"]


async def test_a_token_that_is_refused_is_renewed_and_the_change_keeps_its_key() -> None:
    script = Script(
        problem(401, "invalid_token"),
        httpx.Response(200, json=sign_in_answer("new", timedelta(minutes=10))),
        httpx.Response(201, json={}),
    )
    transport = script.transport()
    tokens = RenewedTokens(transport, sign_in_answer("revoked", timedelta(minutes=10)))
    await Client(transport, tokens).request_ride({"quote_id": "quote_1"})
    first, _, second = script.keys()
    assert first == second
    assert script.asked[2].headers["Authorization"] == "Bearer new"


async def test_an_open_operation_shows_no_token() -> None:
    script = Script(httpx.Response(202, json={}))
    await Client.with_token(script.transport(), "token").request_otp({"phone_number": "+14155550100"})
    assert "Authorization" not in script.asked[0].headers


async def test_an_iterator_goes_through_all_pages_with_the_same_question() -> None:
    script = Script(
        httpx.Response(200, json={"items": [{"id": "ride_1"}, {"id": "ride_2"}], "next_cursor": "more"}),
        httpx.Response(200, json={"items": [{"id": "ride_3"}], "next_cursor": None}),
    )
    operator = Client.with_token(script.transport(), "token")
    rides = [ride["id"] async for ride in operator.iterate_search_rides(state=["matching", "offered"])]
    assert rides == ["ride_1", "ride_2", "ride_3"]
    assert [str(request.url.query, "ascii") for request in script.asked] == [
        "cursor=&state=matching&state=offered",
        "cursor=more&state=matching&state=offered",
    ]


async def test_a_part_of_a_path_cannot_lead_elsewhere() -> None:
    script = Script(httpx.Response(200, json={}))
    await Client.with_token(script.transport(), "token").read_ride("../me?x=1")
    assert script.asked[0].url.raw_path == b"/v1/rides/..%2Fme%3Fx%3D1"


def stream_of(script: Script) -> LiveStream:
    http = httpx.AsyncClient(base_url="http://stream", transport=httpx.MockTransport(script))
    return LiveStream(http, FixedToken("token"), "/v1/me/stream", first_wait_seconds=0)


async def heard(stream: LiveStream) -> Sequence[tuple[str, str]]:
    return [(event.type, event.id) async for event in stream.events()]


async def test_a_stream_goes_on_after_the_last_whole_event() -> None:
    script = Script(
        httpx.Response(200, text="retry: 2000\nid: 1-0\nevent: hello\ndata: {}\n\n: \n\nid: 2-0\nevent: a\ndata: {"),
        httpx.ConnectError("gone"),
        problem(503, "streams_unavailable", retryable=True, retry_after="0"),
        httpx.Response(200, text='id: 2-0\nevent: a\ndata: {"x":\ndata: 1}\n\nevent: superseded\ndata: {}\n\n'),
    )
    assert await heard(stream_of(script)) == [("hello", "1-0"), ("a", "2-0"), ("superseded", "2-0")]
    assert [request.headers.get("Last-Event-ID") for request in script.asked] == [None, "1-0", "1-0", "1-0"]


async def test_a_stream_that_is_refused_for_good_ends() -> None:
    with pytest.raises(ApiError) as refused:
        await heard(stream_of(Script(problem(403, "role_not_allowed"))))
    assert refused.value.code == "role_not_allowed"
