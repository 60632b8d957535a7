"""A ride by hand with the Python client, against a stack that runs (make up): .venv/bin/python docs/walkthrough.py"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Literal

import httpx

from jitney_client import Client, LiveEvent, Transport, sign_in
from jitney_client.models import LocationPing

REST = os.environ.get("REST", "http://127.0.0.1:8080")
STREAM = os.environ.get("STREAM", "http://127.0.0.1:8081")
SANDBOX = os.environ.get("SANDBOX", "http://127.0.0.1:8090")
RIDER_PHONE = os.environ.get("RIDER_PHONE", "+14155550102")
DRIVER_PHONE = os.environ.get("DRIVER_PHONE", "+14155550103")


def say(text: str) -> None:
    print(f"\n== {text}")


async def signed_in(transport: Transport, phone_number: str, role: Literal["rider", "driver"]) -> Client:
    """Ask for a one-time code, read it from the text message in the sandbox, and sign in."""
    since = datetime.now(UTC).replace(microsecond=0).isoformat()
    await Client(transport).request_otp({"phone_number": phone_number})
    async with httpx.AsyncClient(base_url=SANDBOX) as sandbox:
        messages: list[dict[str, str]] = []
        while not messages:
            await asyncio.sleep(0.2)
            page = await sandbox.get("/_sim/messages", params={"to": phone_number, "since": since})
            messages = [message for message in page.json()["messages"] if message["code"]]
    code = str(messages[0]["code"])
    return await sign_in(
        transport, {"phone_number": phone_number, "code": code, "role": role, "device_id": "walkthrough.py"}
    )


@asynccontextmanager
async def driving(driver: Client, heard: list[LiveEvent], streams: httpx.AsyncClient) -> AsyncGenerator[None]:
    """Listen, go online, and tell every five seconds where the car is."""

    events = driver.live(streams).events()

    async def listen() -> None:
        async for event in events:
            heard.append(event)

    async def tell_where() -> None:
        while True:
            now = datetime.now(UTC).isoformat()
            ping: LocationPing = {
                "latitude": 37.45,
                "longitude": -122.16,
                "measured_at": now,
                "sequence": int(time.time()),
            }
            await driver.report_locations({"locations": [ping]})
            await asyncio.sleep(5)

    await anext(events)  # "hello": what is offered from now on is heard
    await driver.change_availability({"online": True})
    tasks = [asyncio.create_task(listen()), asyncio.create_task(tell_where())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await driver.change_availability({"online": False})


async def offered(heard: list[LiveEvent]) -> str:
    """Wait until an offer is heard; return its id."""
    while True:
        for event in heard:
            if event.type == "offer_created":
                return str(event.data["id"])
        await asyncio.sleep(0.2)


async def main() -> None:
    """Do the steps of README.md in their order."""
    heard: list[LiveEvent] = []
    async with httpx.AsyncClient(base_url=REST) as rest, httpx.AsyncClient(base_url=STREAM) as streams:
        transport = Transport(rest)

        say("Sign in as a rider and as a driver, by the one-time codes that the sandbox received as text messages")
        rider = await signed_in(transport, RIDER_PHONE, "rider")
        driver = await signed_in(transport, DRIVER_PHONE, "driver")
        print(json.dumps(await rider.read_account()))

        say("The rider adds a test card; the driver applies, listens and goes online")
        card = await rider.add_payment_method({"psp_token": "pm_card_visa"})
        await driver.submit_driver_application(
            {
                "display_name": "Ana",
                "vehicle": {
                    "model": "Toyota Prius",
                    "color": "blue",
                    "plate": "7ABC123",
                    "vehicle_class": "economy",
                },
            }
        )
        async with driving(driver, heard, streams):
            say("The rider asks for a price and takes it; dispatch offers the ride to the driver, who accepts")
            asked = await rider.create_quotes(
                {
                    "pickup": {"latitude": 37.452, "longitude": -122.163},
                    "dropoff": {"latitude": 37.4275, "longitude": -122.1697},
                    "product": "economy",
                }
            )
            quote = asked["quotes"][0]
            ride = await rider.request_ride({"quote_id": quote["id"], "payment_method_id": card["id"]})
            print((await driver.accept_offer(await offered(heard)))["state"])

            say("The driver arrives, starts with the PIN that the rider tells, and completes the trip")
            print((await driver.arrive_at_pickup(ride["id"]))["state"])
            pin = (await rider.read_ride(ride["id"]))["start_pin"] or ""
            print((await driver.start_trip(ride["id"], {"pin": pin}))["state"])
            print((await driver.complete_trip(ride["id"]))["state"])

            say(
                "The fare is captured: the ride, the receipt, what the rider was told, what the driver heard and earned"
            )
            while (await rider.read_ride(ride["id"]))["payment_state"] != "captured":
                await asyncio.sleep(0.2)
            print(json.dumps(await rider.read_ride(ride["id"])))
            print(json.dumps(await rider.read_receipt(ride["id"])))
            print([notice["topic"] async for notice in rider.iterate_notifications(limit=2)])
            print([event.type for event in heard])
            print(json.dumps(await driver.read_earnings()))

        say("An operator sees the entry in the ledger, and that the books balance")
        command = [sys.executable, "-m", "jitney", "token", "--role", "operator"]
        operator = Client.with_token(transport, subprocess.check_output(command, text=True).strip())
        print(json.dumps([entry async for entry in operator.iterate_journal_entries(ride["id"])]))
        print(json.dumps(await operator.read_trial_balance()))


if __name__ == "__main__":
    asyncio.run(main())
