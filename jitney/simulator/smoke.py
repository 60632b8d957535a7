"""What a release must do before people are let in: asked once, by the public interfaces, with people made up for it.

Whole rides are the simulator's; here are the promises that a ride which goes well does not show.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import grpc
import httpx
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from jitney.simulator.api import Api, ApiError, SignedIn, sign_in
from jitney.simulator.demand import DOWNTOWN
from jitney.simulator.locations import open_app_channel
from jitney_client.models import PlaceRequest, QuoteRequest, RiderRide
from shared_kernel.geo import GeoPoint
from shared_kernel.ids import from_public_id

_TIMEOUT_SECONDS = 15.0
_REFLECTION_SECONDS = 10.0
_OUTCOME_SECONDS = 120.0
_LOOK_SECONDS = 0.5


class SmokeError(Exception):
    """What a release promises does not hold; the message tells which and how."""


async def reflects(target: str) -> Sequence[str]:
    """Ask a service what it serves, as grpcurl does; returns the names of Jitney's own.

    Raises:
        SmokeError: it does not tell, or tells of nothing.
    """
    async with open_app_channel(target) as channel:
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        try:
            call: Any = ServerReflectionStub(cast("Any", channel))
            answers = call.ServerReflectionInfo(iter((asked,)), timeout=_REFLECTION_SECONDS, wait_for_ready=True)
            names = [each.name async for answer in answers for each in answer.list_services_response.service]
        except grpc.aio.AioRpcError as error:
            raise SmokeError(f"{target} does not tell what it serves: {error.code().name}") from None
    own = [name for name in names if name.startswith("ridesharing.")]
    if not own:
        raise SmokeError(f"{target} serves nothing of Jitney: {', '.join(names)}")
    return own


async def answers_again(api: Api, person: SignedIn) -> str:
    """Ask for one ride twice with one key, and cancel it; returns the ride's id.

    Raises:
        SmokeError: the second answer is of another ride.
        ApiError: the ride was refused.
    """
    card = await person.client.add_payment_method({"psp_token": "pm_card_visa"})
    body = {"quote_id": await _quote(person), "payment_method_id": card["id"]}
    token, key = await person.token(), secrets.token_hex(16)
    first, again = [await api.call("POST", "/v1/rides", json=body, token=token, key=key) for _ in range(2)]
    if first["id"] != again["id"]:
        raise SmokeError(f"one key asked for two rides: {first['id']} and {again['id']}")
    preview = await person.client.preview_cancellation(first["id"])
    await person.client.cancel_ride(first["id"], {"fee_consent_token": preview["fee_consent_token"]})
    return str(first["id"])


async def declines_and_holds_nothing(sandbox: Api, person: SignedIn) -> str:
    """Ask for a ride with a card that is declined; returns the ride's id.

    A provider that takes longer than the answer waits for declines the ride that was made; it has two minutes for that.

    Raises:
        SmokeError: the ride goes on, or the provider holds money for it.
    """
    card = await person.client.add_payment_method({"psp_token": "pm_card_chargeCustomerFail"})
    try:
        ride = await person.client.request_ride({"quote_id": await _quote(person), "payment_method_id": card["id"]})
    except ApiError as error:
        if error.code != "payment_declined":
            raise
        [ended] = (await person.client.list_rides(limit=1))["items"]
    else:
        ended = await _decided(person, ride)
        if ended["payment_state"] != "hold_declined":
            raise SmokeError(f"a declined card got the ride {ride['id']}")
    if (ended["state"], ended["payment_state"]) != ("payment_failed", "hold_declined"):
        raise SmokeError(f"{ended['id']} is {ended['state']}, its payment {ended['payment_state']}")
    plain_id = str(from_public_id("ride", ended["id"]))
    page = await sandbox.call("GET", "/_sim/ledger", params={"metadata[ride_id]": plain_id})
    held = [intent["payment_intent"] for intent in page["payment_intents"] if _held_minor(intent)]
    if held:
        raise SmokeError(f"the provider holds money for {ended['id']}: {', '.join(held)}")
    return str(ended["id"])


async def _decided(person: SignedIn, ride: RiderRide) -> RiderRide:
    """Follow a ride until its hold has an outcome."""
    ends_at = time.monotonic() + _OUTCOME_SECONDS
    while ride["payment_state"] == "hold_pending" and time.monotonic() < ends_at:
        await asyncio.sleep(_LOOK_SECONDS)
        ride = await person.client.read_ride(ride["id"])
    return ride


def _held_minor(intent: Mapping[str, Any]) -> int:
    return int(intent["authorized_minor"] - intent["captured_minor"] - intent["released_minor"])


async def _quote(person: SignedIn) -> str:
    pickup, dropoff = _place(DOWNTOWN[0].point), _place(DOWNTOWN[-1].point)
    asked: QuoteRequest = {"pickup": pickup, "dropoff": dropoff, "product": "economy"}
    return str((await person.client.create_quotes(asked))["quotes"][0]["id"])


def _place(point: GeoPoint) -> PlaceRequest:
    return {"latitude": point.latitude, "longitude": point.longitude}


async def smoke(rest_url: str, sandbox_url: str, targets: Sequence[str], say: Callable[[str], None]) -> None:
    """Ask for all of it, and tell each thing that holds.

    Args:
        rest_url: the REST interface.
        sandbox_url: the sandbox, where the one-time codes are read and the provider's ledger is.
        targets: gRPC services that are asked what they serve.
        say: tells one plain line.

    Raises:
        SmokeError: something does not hold.
        ApiError, Unreachable: the interface refused, or did not answer.
    """
    for target in targets:
        say(f"{target} serves {len(await reflects(target))} services, as it tells by reflection")
    jitter = random.Random()  # noqa: S311 (jitter is no secret)
    async with (
        httpx.AsyncClient(base_url=rest_url, timeout=_TIMEOUT_SECONDS) as rest,
        httpx.AsyncClient(base_url=sandbox_url, timeout=_TIMEOUT_SECONDS) as outside,
    ):
        api, sandbox = Api(rest, jitter), Api(outside, jitter)
        person = await sign_in(api, sandbox, _nobodys_number(), "rider")
        say(f"one key asked twice is one ride: {await answers_again(api, person)}")
        person = await sign_in(api, sandbox, _nobodys_number(), "rider")
        say(f"a declined card gets no ride, and nothing is held: {await declines_and_holds_nothing(sandbox, person)}")


def _nobodys_number() -> str:
    """Draw a telephone number that belongs to nobody (555), other than those of simulated people."""
    return f"+1213555{secrets.randbelow(10_000):04d}"
