"""Riders by REST and drivers by gRPC, for Locust; tests/load/README.md tells how to run it against a stack.

Each user is a person of their own, signed in by a one-time code that is read at the sandbox.
"""

from __future__ import annotations

import os
import queue
import random
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

import grpc
import grpc.experimental.gevent
from locust import HttpUser, User, between, constant, task
from locust.clients import HttpSession
from locust.exception import StopUser

from ridesharing.matching.v1 import driver_service_pb2, rides_pb2
from ridesharing.matching.v1.driver_service_pb2_grpc import DriverServiceStub

SANDBOX = os.environ.get("SANDBOX", "http://127.0.0.1:8090")
MATCHING = os.environ.get("MATCHING", "127.0.0.1:50051")
_CENTER = (37.7880, -122.4075)
_numbers = count(random.randrange(10_000))  # another range in each run, so that no code of a run before is read

grpc.experimental.gevent.init_gevent()


def place() -> dict[str, float]:
    """Draw a place within about a kilometer of Union Square."""
    return {"latitude": _CENTER[0] + random.gauss(0, 0.006), "longitude": _CENTER[1] + random.gauss(0, 0.006)}


class SignedIn:
    """A person with a phone of their own, signed up by a one-time code.

    An access token is good for ten minutes: it is traded for the next one a minute before.
    """

    def __init__(self, client: HttpSession, role: str) -> None:
        self._client = client
        self._keep(_sign_up(client, role))

    def token(self) -> str:
        """An access token that is good for a while."""
        if datetime.now(UTC) >= self._renew_at:
            body = {"refresh_token": self._refresh_token}
            self._keep(self._client.post("/v1/auth/token/refresh", json=body).json())
        return self._access_token

    def reading(self) -> dict[str, str]:
        """The headers of a request that changes nothing."""
        return {"Authorization": f"Bearer {self.token()}"}

    def writing(self) -> dict[str, str]:
        """The headers of a request that changes something: a key of its own."""
        return {**self.reading(), "Idempotency-Key": str(uuid4())}

    def _keep(self, tokens: dict[str, str]) -> None:
        self._access_token, self._refresh_token = tokens["access_token"], tokens["refresh_token"]
        self._renew_at = datetime.fromisoformat(tokens["access_expires_at"]) - timedelta(minutes=1)


def _sign_up(client: HttpSession, role: str) -> dict[str, str]:
    number = next(_numbers)
    phone, since = f"+1707555{number % 10_000:04d}", datetime.now(UTC) - timedelta(seconds=1)
    client.post("/v1/auth/otp", json={"phone_number": phone}).raise_for_status()
    for _ in range(100):
        asked = {"to": phone, "since": since.isoformat(), "limit": "1"}
        messages = client.get(f"{SANDBOX}/_sim/messages", params=asked, name="sandbox: messages").json()["messages"]
        if messages and messages[0]["code"]:
            body = {"phone_number": phone, "code": messages[0]["code"], "role": role, "device_id": "locust"}
            tokens: dict[str, str] = client.post("/v1/auth/otp/verify", json=body).json()
            return tokens
        time.sleep(0.1)
    raise StopUser(f"no code came to {phone}")


class Rider(HttpUser):
    """Looks at prices and at past rides, and now and then asks for a ride and thinks better of it."""

    weight = 3
    wait_time = between(0.5, 1.5)

    def on_start(self) -> None:
        self.rider = SignedIn(self.client, "rider")
        body = {"psp_token": "pm_card_visa"}
        card = self.client.post("/v1/payment-methods", json=body, headers=self.rider.writing()).json()
        self.card = card["id"]

    @task(6)
    def price(self) -> None:
        self.quote()

    @task(6)
    def rides(self) -> None:
        self.client.get("/v1/rides", headers=self.rider.reading())

    @task(1)
    def ask_and_cancel(self) -> None:
        quote = self.quote()
        body = {"quote_id": quote["id"], "payment_method_id": self.card}
        if quote["surge_consent_token"]:
            body["surge_consent_token"] = quote["surge_consent_token"]
        ride = self.client.post("/v1/rides", json=body, headers=self.rider.writing()).json()
        if "id" in ride:
            path, name = f"/v1/rides/{ride['id']}/cancel", "/v1/rides/{id}/cancel"
            self.client.post(path, json={}, headers=self.rider.writing(), name=name)

    def quote(self) -> dict[str, str]:
        """Ask for the price of a ride in economy."""
        pickup = place()
        dropoff = {**pickup, "latitude": pickup["latitude"] - 0.015}
        asked = {"pickup": pickup, "dropoff": dropoff, "product": "economy"}
        return self.client.post("/v1/quotes", json=asked, headers=self.rider.reading()).json()["quotes"][0]


class Driver(User):
    """Tells once a second over a gRPC stream where the car is; answers no offers.

    A stream ends with the token that it was opened with: another is opened with the next.
    """

    weight = 1
    wait_time = constant(1)

    def on_start(self) -> None:
        http = HttpSession(self.host or "", self.environment.events.request, self)
        self.driver = SignedIn(http, "driver")
        vehicle = {"model": "Toyota Prius", "color": "blue", "plate": "LOAD1", "vehicle_class": "economy"}
        application = {"display_name": "Ana", "vehicle": vehicle}
        http.post("/v1/driver/application", json=application, headers=self.driver.writing())
        http.put("/v1/driver/availability", json={"online": True}, headers=self.driver.writing())
        self.channel = grpc.insecure_channel(MATCHING)
        self._open(self.driver.token())

    def on_stop(self) -> None:
        self.batches.put(None)
        self.channel.close()

    def _open(self, token: str) -> None:
        self.opened_with = token
        self.batches: queue.Queue[driver_service_pb2.StreamLocationsRequest | None] = queue.Queue()
        self.answers = DriverServiceStub(self.channel).StreamLocations(
            iter(self.batches.get, None), metadata=(("authorization", f"Bearer {token}"),)
        )

    @task
    def ping(self) -> None:
        token = self.driver.token()
        if token != self.opened_with:
            self.batches.put(None)
            self._open(token)
        now, spot, began = time.time_ns(), place(), time.perf_counter()
        ping = rides_pb2.LocationPing(sequence=now // 1_000_000, accuracy_meters=8)
        ping.point.latitude, ping.point.longitude = spot["latitude"], spot["longitude"]
        ping.measure_time.FromNanoseconds(now)
        error: Exception | None = None
        try:
            self.batches.put(driver_service_pb2.StreamLocationsRequest(pings=[ping]))
            next(self.answers)
        except (grpc.RpcError, StopIteration) as raised:
            error = raised
        self.environment.events.request.fire(
            request_type="gRPC",
            name="DriverService/StreamLocations",
            response_time=(time.perf_counter() - began) * 1000,
            response_length=0,
            exception=error,
            context={},
        )
        if error is not None:
            raise StopUser(str(error))
