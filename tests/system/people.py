"""Riders and drivers by hand: one step at a time, over the public interfaces."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeVar

import grpc
import httpx

from jitney.simulator.api import Api, ApiError, SignedIn, sign_in
from jitney.simulator.live import AcknowledgedStream, LiveEvent, LiveStream
from jitney.simulator.locations import LocationReporter, open_app_channel
from jitney_client import Patience
from matching_service.use_cases.request_ride import HOLD_SECONDS
from shared_kernel.geo import GeoPoint
from tests.fakes.plain_http import NO_AUTHORITIES
from tests.system.stack import Stack

T = TypeVar("T")

UNION_SQUARE = GeoPoint(37.7880, -122.4075)
FERRY_BUILDING = GeoPoint(37.7955, -122.3937)
HURRIED_PLACE, NEAR_HURRIED_PLACE = GeoPoint(39.0960, -120.0320), GeoPoint(39.1110, -120.0320)
"""In the shared stack's other city, where offers and searches are soon over."""
WAIT_SECONDS = 120.0
"""What hangs is found late; what is slow, on a machine with much else to do, is not taken for it."""
_MOST_DECLINED = 5


async def until(found: Callable[[], Awaitable[T | None]], what: str) -> T:
    """Look again and again until something is there; AssertionError naming it when the time is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    while True:
        result = await found()
        if result is not None and result is not False:
            return result
        assert loop.time() < deadline, f"not within {WAIT_SECONDS:g} s: {what}"
        await asyncio.sleep(0.05)


class Town:
    """The public interfaces of a stack, and new people for each test."""

    _next_number = iter(range(1_000_000))

    def __init__(
        self,
        stack: Stack,
        rest: Api,
        sandbox: Api,
        streams: httpx.AsyncClient,
        matching: grpc.aio.Channel,
        notification: grpc.aio.Channel,
    ):
        self.stack = stack
        self.api = rest
        self.sandbox = sandbox
        self.streams = streams
        self.matching = matching
        self.notification = notification
        self.drivers: list[HandDriver] = []

    async def rider(self, card: str = "pm_card_visa") -> HandRider:
        """Sign a new rider up, with a card."""
        person = await sign_in(self.api, self.sandbox, self.phone_number(), "rider")
        method = await person.do("POST", "/v1/payment-methods", {"psp_token": card})
        return HandRider(person, method["id"])

    async def signed_in(self, role: Literal["rider", "driver"]) -> SignedIn:
        """Sign somebody new up, and no more."""
        return await sign_in(self.api, self.sandbox, self.phone_number(), role)

    async def driver(
        self, place: GeoPoint = UNION_SQUARE, vehicle_class: str = "economy", *, by_grpc: bool = False
    ) -> HandDriver:
        """Sign a new driver up with a vehicle and take them online at a place."""
        person = await sign_in(self.api, self.sandbox, self.phone_number(), "driver")
        vehicle = {"model": "Toyota Prius", "color": "blue", "plate": "7ABC123", "vehicle_class": vehicle_class}
        await person.do("POST", "/v1/driver/application", {"display_name": "Ana", "vehicle": vehicle})
        driver = HandDriver(self, person, place, by_grpc=by_grpc)
        self.drivers.append(driver)
        await driver.go_online()
        return driver

    async def operator(self, method: str, path: str, json: Any = None, **parameters: Any) -> dict[str, Any]:
        """Call the operator's interface."""
        key = f"op-{random.getrandbits(64)}" if method != "GET" else ""
        return await self.api.call(
            method, path, json=json, token=self.stack.operator_token(), key=key, params=parameters or None
        )

    def phone_number(self) -> str:
        """A number that nobody has yet."""
        return f"+1415555{next(self._next_number):04d}"


@asynccontextmanager
async def town(stack: Stack) -> AsyncGenerator[Town]:
    """Open the public interfaces of a stack; the drivers made in the meantime go offline at the end."""
    async with (
        httpx.AsyncClient(base_url=stack.rest_url, timeout=15, verify=NO_AUTHORITIES) as rest,
        httpx.AsyncClient(base_url=stack.sandbox_url, timeout=15, verify=NO_AUTHORITIES) as sandbox,
        httpx.AsyncClient(
            base_url=stack.stream_url, timeout=httpx.Timeout(10, read=40), verify=NO_AUTHORITIES
        ) as streams,
        open_app_channel(stack.matching_target) as matching,
        open_app_channel(stack.notification_target) as notification,
    ):
        jitter, patience = random.Random(0), Patience(seconds=WAIT_SECONDS)
        apis = Api(rest, jitter, patience), Api(sandbox, jitter, patience)
        opened = Town(stack, *apis, streams, matching, notification)
        try:
            yield opened
        finally:
            for driver in opened.drivers:
                await driver.go_away()


class HandRider:
    """A rider who does what the test says."""

    def __init__(self, person: SignedIn, payment_method_id: str) -> None:
        self.person = person
        self.payment_method_id = payment_method_id

    async def quote(
        self, pickup: GeoPoint = UNION_SQUARE, dropoff: GeoPoint = FERRY_BUILDING, **more: Any
    ) -> dict[str, Any]:
        """Ask for a price."""
        body = {"pickup": place_of(pickup), "dropoff": place_of(dropoff), "product": "economy", **more}
        return (await self.person.do("POST", "/v1/quotes", body))["quotes"][0]

    async def request(
        self, pickup: GeoPoint = UNION_SQUARE, dropoff: GeoPoint = FERRY_BUILDING, funding: str = "card", note: str = ""
    ) -> str:
        """Ask for a ride; return its id."""
        quote = await self.quote(pickup, dropoff)
        paid_by = {"payment_method_id": self.payment_method_id} if funding == "card" else {"funding": funding}
        body = {"quote_id": quote["id"], "note": note, **paid_by}
        return str((await self.person.do("POST", "/v1/rides", body))["id"])

    async def ask(self, quote: dict[str, Any]) -> str:
        """Ask for the ride of a quote, with the card; return its id."""
        body = {"quote_id": quote["id"], "payment_method_id": self.payment_method_id}
        return str((await self.person.do("POST", "/v1/rides", body))["id"])

    async def ride(self, ride_id: str) -> dict[str, Any]:
        """Read a ride."""
        return await self.person.get(f"/v1/rides/{ride_id}")

    async def ride_in(self, ride_id: str, *states: str) -> dict[str, Any]:
        """Wait until a ride stands in one of some states, and return it."""

        async def there() -> dict[str, Any] | None:
            ride = await self.ride(ride_id)
            return ride if ride["state"] in states else None

        return await until(there, f"ride in {states}")

    async def settled(self, ride_id: str) -> dict[str, Any]:
        """Wait until a ride's payment is at its end, and return the ride."""

        async def there() -> dict[str, Any] | None:
            ride = await self.ride(ride_id)
            return ride if ride["payment_state"] in ("captured", "voided", "hold_declined") else None

        return await until(there, "a settled payment")

    async def cancel(self, ride_id: str) -> dict[str, Any]:
        """Cancel a ride, consenting to its fee; return the preview."""
        preview = await self._preview(ride_id)
        try:
            await self._cancel_as_previewed(ride_id, preview)
        except ApiError as error:
            if error.code != "fee_consent_required":
                raise
            # The free time ended between the two.
            preview = await self._preview(ride_id)
            await self._cancel_as_previewed(ride_id, preview)
        return preview

    async def _preview(self, ride_id: str) -> dict[str, Any]:
        return await self.person.do("POST", f"/v1/rides/{ride_id}/cancellation-preview")

    async def _cancel_as_previewed(self, ride_id: str, preview: dict[str, Any]) -> None:
        body = {"fee_consent_token": preview["fee_consent_token"]} if preview["fee_consent_token"] else {}
        await self.person.do("POST", f"/v1/rides/{ride_id}/cancel", body)


class HandDriver:
    """A driver who does what the test says; their position and live stream run by themselves."""

    def __init__(self, town_: Town, person: SignedIn, place: GeoPoint, *, by_grpc: bool = False) -> None:
        self.person = person
        self.place = place
        self.heard: list[LiveEvent] = []
        self._reporter = LocationReporter(town_.matching, person, lambda: self.place)
        self._stream: LiveStream | AcknowledgedStream = LiveStream(town_.streams, person)
        if by_grpc:
            self._stream = AcknowledgedStream(town_.notification, person, lambda: None)
        self._tasks: list[asyncio.Task[None]] = []

    async def go_online(self) -> None:
        """Start a shift and tell where the vehicle is.

        The live stream is opened before: it begins where it is opened, so an offer that came earlier is not on it.
        """
        self._tasks = [asyncio.create_task(self._listen())]
        await until(self._listens, "the live stream")
        await self.person.do("PUT", "/v1/driver/availability", {"online": True})
        self._tasks.append(asyncio.create_task(self._reporter.run()))

    async def go_away(self) -> None:
        """End the shift and fall silent."""
        await asyncio.gather(
            self.person.do("PUT", "/v1/driver/availability", {"online": False}), return_exceptions=True
        )
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def offer(self, ride_id: str) -> dict[str, Any]:
        """Wait for the offer of a ride, as it comes on the live stream."""

        async def there() -> dict[str, Any] | None:
            offers = [event.data for event in self.heard if event.type == "offer_created"]
            return next((offer for offer in reversed(offers) if offer["ride_id"] == ride_id), None)

        return await until(there, "an offer on the live stream")

    async def accept(self, ride_id: str) -> dict[str, Any]:
        """Wait for the offer of a ride and take it."""
        offer = await self.offer(ride_id)
        return await self.person.do("POST", f"/v1/driver/offers/{offer['id']}/accept")

    async def plan(self) -> dict[str, Any]:
        """Read the stops that are left; none without a ride."""
        try:
            return await self.person.get("/v1/driver/plan")
        except ApiError as error:
            if error.status != 404:
                raise
            return {"stops": []}

    async def step(self, ride_id: str, step: str, body: Any = None) -> dict[str, Any]:
        """Do a step of a ride: arrive, start, complete, cancel, no-show."""
        return await self.person.do("POST", f"/v1/driver/rides/{ride_id}/{step}", body)

    async def _listen(self) -> None:
        async for event in self._stream.events():
            self.heard.append(event)

    async def _listens(self) -> bool:
        return any(event.type == "resync" for event in self.heard)


async def declined(rider: HandRider, funding: str = "card") -> ApiError:
    """Ask for a ride whose payment must be declined; return the refusal that says so.

    Whoever asks waits HOLD_SECONDS for that. Where it took longer the ride is answered first and fails soon: then
    another is asked for.
    """
    loop = asyncio.get_running_loop()
    for _ in range(_MOST_DECLINED):
        begun = loop.time()
        try:
            ride_id = await rider.request(funding=funding)
        except ApiError as error:
            return error
        assert loop.time() - begun >= HOLD_SECONDS, "this should have been refused"
        await rider.ride_in(ride_id, "payment_failed")
    raise AssertionError(f"{_MOST_DECLINED} times no outcome within {HOLD_SECONDS:g} s")


async def refusal(call: Awaitable[Any]) -> ApiError:
    """Return the refusal that a call must meet."""
    try:
        await call
    except ApiError as error:
        return error
    raise AssertionError("this should have been refused")


def place_of(point: GeoPoint) -> dict[str, float]:
    """Write a place as the interface takes it."""
    return {"latitude": point.latitude, "longitude": point.longitude}
